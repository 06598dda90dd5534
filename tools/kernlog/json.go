package kernlog

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// member splits `"key": value,` into key and value.
func member(line []byte) (key, value []byte, ok bool) {
	if len(line) < 4 || line[0] != '"' {
		return nil, nil, false
	}
	end := bytes.IndexByte(line[1:], '"')
	if end < 0 {
		return nil, nil, false
	}
	key = line[1 : 1+end]
	rest := trimSpaces(line[end+2:])
	if len(rest) == 0 || rest[0] != ':' {
		return nil, nil, false
	}
	return key, bytes.TrimSuffix(trimSpaces(rest[1:]), []byte(",")), true
}

// unquoted returns the bytes of a string that has no escapes in it.
func unquoted(v []byte) []byte {
	if len(v) >= 2 && v[0] == '"' {
		return v[1 : len(v)-1]
	}
	return v
}

// pair reads one `"key": value` and returns what follows it; key is nil at the end of the object, and where
// the object breaks off.
func pair(b []byte) (key, value, rest []byte) {
	b = bytes.TrimLeft(b, " \t,")
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, nil
	}
	end := stringEnd(b)
	if end < 0 {
		return nil, nil, nil
	}
	key = b[1:end]
	b = bytes.TrimLeft(b[end+1:], " \t")
	if len(b) < 2 || b[0] != ':' {
		return nil, nil, nil
	}
	b = bytes.TrimLeft(b[1:], " \t")
	if len(b) == 0 {
		return nil, nil, nil
	}
	switch b[0] {
	case '"':
		end = stringEnd(b)
		if end < 0 {
			return nil, nil, nil
		}
		return key, b[:end+1], b[end+1:]
	case '[', '{':
		end = nestedEnd(b)
	default:
		end = bytes.IndexAny(b, ",}")
	}
	if end < 0 {
		return nil, nil, nil
	}
	return key, b[:end], b[end:]
}

// stringEnd returns the index of the quote that ends the string that b begins with, or −1.
func stringEnd(b []byte) int {
	i := 1
	for {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return -1
		}
		i += j
		slashes := 0
		for k := i - 1; k > 0 && b[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		i++
	}
}

// nestedEnd returns the index behind the array or object that b begins with, or −1.
func nestedEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			end := stringEnd(b[i:])
			if end < 0 {
				return -1
			}
			i += end
		case '[', '{':
			depth++
		case ']', '}':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// text returns what a JSON value says: a string, or an array of byte values, which is how journalctl writes
// text that is no printable UTF-8. Of an array of strings (a field that was given twice) the first counts.
func (p *Parser) text(v []byte) []byte {
	if len(v) == 0 {
		return nil
	}
	if v[0] == '[' {
		if first := bytes.TrimLeft(v[1:], " "); len(first) > 0 && first[0] == '"' {
			end := stringEnd(first)
			if end < 0 {
				return nil
			}
			return p.text(first[:end+1])
		}
		out := p.scratch[:0]
		for b := v[1:]; len(b) > 0; {
			n, digits := leadingInt(b)
			if digits > 0 && n < 256 {
				out = append(out, byte(n))
			}
			b = b[max(digits, 1):]
		}
		p.scratch = out
		return out
	}
	if v[0] != '"' || len(v) < 2 {
		return nil
	}
	v = v[1 : len(v)-1]
	if bytes.IndexByte(v, '\\') < 0 {
		return v
	}
	p.scratch = unescape(p.scratch[:0], v)
	return p.scratch
}

// unescape appends to dst what the inside of a JSON string says.
func unescape(dst, v []byte) []byte {
	for i := 0; i < len(v); i++ {
		if v[i] != '\\' || i+1 == len(v) {
			dst = append(dst, v[i])
			continue
		}
		i++
		switch v[i] {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			c, n := utf16Escape(v[i+1:])
			if n == 0 {
				dst = append(dst, '\\', 'u')
				continue
			}
			i += n
			dst = utf8.AppendRune(dst, c)
		default:
			dst = append(dst, v[i])
		}
	}
	return dst
}

// utf16Escape reads the digits behind \u, and a second escape where the two are a surrogate pair.
func utf16Escape(b []byte) (rune, int) {
	c, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(c) && len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if low, ok := hex4(b[6:]); ok {
			if full := utf16.DecodeRune(c, low); full != utf8.RuneError {
				return full, 10
			}
		}
	}
	return c, 4
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var c rune
	for _, d := range b[:4] {
		v, ok := hexDigit(d)
		if !ok {
			return 0, false
		}
		c = c<<4 | rune(v)
	}
	return c, true
}
