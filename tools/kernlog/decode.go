package kernlog

import "bytes"

// escaped tells whether a message can have escapes that decode undoes.
func escaped(msg []byte, syslog bool) bool {
	return bytes.IndexByte(msg, '\\') >= 0 || syslog && bytes.Contains(msg, []byte("#0"))
}

// decode appends to dst the text of a message with its escapes undone: \xNN, which /dev/kmsg and dmesg write
// for bytes that are not printable, and in syslog files #ooo for control characters.
func decode(dst, msg []byte, hashed bool) []byte {
	for {
		i := bytes.IndexByte(msg, '\\')
		if hashed {
			if h := bytes.IndexByte(msg, '#'); h >= 0 && (i < 0 || h < i) {
				i = h
			}
		}
		if i < 0 || i+3 >= len(msg) {
			return append(dst, msg...)
		}
		dst = append(dst, msg[:i]...)
		msg = msg[i:]
		c, n := unescaped(msg)
		dst = append(dst, c)
		msg = msg[n:]
	}
}

// unescaped returns the byte that b begins with, and in how many bytes it is written; b has at least four.
func unescaped(b []byte) (c byte, n int) {
	if b[0] == '\\' && b[1] == 'x' {
		high, ok1 := hexDigit(b[2])
		low, ok2 := hexDigit(b[3])
		if ok1 && ok2 {
			return high<<4 | low, 4
		}
	}
	if b[0] == '#' && b[1] == '0' && octal(b[2]) && octal(b[3]) {
		if v := (b[2]-'0')<<3 | (b[3] - '0'); v < ' ' {
			return v, 4
		}
	}
	return b[0], 1
}

func octal(c byte) bool { return c-'0' <= 7 }

func hexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c-'a' <= 5:
		return c - 'a' + 10, true
	case c-'A' <= 5:
		return c - 'A' + 10, true
	}
	return 0, false
}
