package kernlog

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Eight bytes at once, for isHeader: lows has the lowest bit of each byte set, highs the highest.
const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// zeros sets the highest bit of each byte of v that is zero, and perhaps of bytes above it.
func zeros(v uint64) uint64 { return (v - lows) &^ v & highs }

// isHeader looks for the header's words behind a command name, whose bytes may be escaped. It runs for nearly
// every line of a log: it looks for a space and an i in the sixteen bytes in which a name can end, all at once.
func isHeader(msg []byte) bool {
	if len(msg) < maxComm+1+len(invoked) {
		return bytes.Contains(msg, []byte(invoked))
	}
	x, y := binary.LittleEndian.Uint64(msg), binary.LittleEndian.Uint64(msg[8:])
	if (x|y)&highs != 0 || zeros(x^lows*'\\')|zeros(y^lows*'\\')|zeros(x^lows*'#')|zeros(y^lows*'#') != 0 {
		return bytes.Contains(msg[:min(len(msg), 4*maxComm+len(invoked))], []byte(invoked))
	}
	ends := zeros(x^lows*' ') & (zeros(x^lows*'i') >> 8)
	if headerAt(msg, ends) || msg[7] == ' ' && bytes.HasPrefix(msg[7:], []byte(invoked)) {
		return true
	}
	ends = zeros(y^lows*' ') & (zeros(y^lows*'i') >> 8)
	return headerAt(msg[8:], ends) || msg[15] == ' ' && bytes.HasPrefix(msg[15:], []byte(invoked))
}

// headerAt tells whether the header's words stand at one of the bytes whose highest bit is set in marks.
func headerAt(msg []byte, marks uint64) bool {
	for ; marks != 0; marks &= marks - 1 {
		if bytes.HasPrefix(msg[bits.TrailingZeros64(marks)/8:], []byte(invoked)) {
			return true
		}
	}
	return false
}
