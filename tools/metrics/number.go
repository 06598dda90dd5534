package metrics

import (
	"math"
	"strconv"
)

// validNumber tells whether b is a number as JSON writes it.
func validNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	n := digits(b)
	if n == 0 || n > 1 && b[0] == '0' {
		return false
	}
	b = b[n:]
	if len(b) > 0 && b[0] == '.' {
		n = digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n = digits(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n
}

// millis reads a timestamp in seconds as unix milliseconds. It reports false for what is none.
func millis(tok []byte) (int64, bool) {
	if ms, ok := plainMillis(tok); ok {
		return ms, true
	}
	f, err := strconv.ParseFloat(string(tok), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e12 {
		return 0, false
	}
	return int64(math.Round(f * 1000)), true
}

// plainMillis reads a timestamp of digits, with at most three behind the point. It reports false for others.
func plainMillis(tok []byte) (int64, bool) {
	n := digits(tok)
	if n == 0 || n > 12 {
		return 0, false
	}
	ms, rest := decimal(tok[:n])*1000, tok[n:]
	if len(rest) == 0 {
		return ms, true
	}
	places := len(rest) - 1
	if rest[0] != '.' || places == 0 || places > 3 || digits(rest[1:]) != places {
		return 0, false
	}
	fraction := decimal(rest[1:])
	for ; places < 3; places++ {
		fraction *= 10
	}
	return ms + fraction, true
}

func decimal(b []byte) int64 {
	var n int64
	for _, c := range b {
		n = n*10 + int64(c-'0')
	}
	return n
}
