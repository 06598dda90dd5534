package kernlog

import "bytes"

// decode returns the text of a message with its escapes undone: \xNN, which /dev/kmsg and dmesg write for
// bytes that are not printable, and in syslog files #ooo for control characters. dst is used as memory for
// the result where something changes.
func decode(dst, msg []byte, syslog bool) []byte {
	escaped := bytes.IndexByte(msg, '\\') >= 0
	hashed := syslog && bytes.Contains(msg, []byte("#0"))
	if !escaped && !hashed {
		return msg
	}
	for i := 0; i < len(msg); i++ {
		c := msg[i]
		switch {
		case c == '\\' && i+3 < len(msg) && msg[i+1] == 'x':
			high, ok1 := hexDigit(msg[i+2])
			low, ok2 := hexDigit(msg[i+3])
			if ok1 && ok2 {
				c = high<<4 | low
				i += 3
			}
		case c == '#' && hashed && i+3 < len(msg) && msg[i+1] == '0' && octal(msg[i+2]) && octal(msg[i+3]):
			if v := (msg[i+2]-'0')<<3 | (msg[i+3] - '0'); v < ' ' {
				c = v
				i += 3
			}
		}
		dst = append(dst, c)
	}
	return dst
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
