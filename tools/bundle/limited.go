package bundle

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// limitedFile is a file that may have grown since its size was looked at, and whose JSON may be nested deep.
// It passes on nothing of os.File but fs.File, so that no other method reads past the limits.
type limitedFile struct {
	file  *os.File
	name  string
	left  int64
	depth *depthMeter // nil for what is no JSON
	err   error       // once over a limit
}

func newLimitedFile(f *os.File, name string) fs.File {
	l := &limitedFile{file: f, name: name, left: sizeLimit(name)}
	if strings.HasSuffix(name, ".json") {
		l.depth = &depthMeter{}
	}
	return l
}

func (l *limitedFile) Stat() (fs.FileInfo, error) { return l.file.Stat() }

func (l *limitedFile) Close() error { return l.file.Close() }

// Read reads on; beyond a limit its error wraps investigations.ErrTooLarge.
func (l *limitedFile) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.file.Read(p[:min(int64(len(p)), l.left+1)])
	if int64(n) > l.left {
		n = int(l.left)
		l.err = tooLarge("read", l.name, fmt.Sprintf("over the limit of %d bytes", sizeLimit(l.name)))
		err = l.err
	}
	l.left -= int64(n)
	if l.depth != nil {
		if at := l.depth.over(p[:n]); at >= 0 {
			l.err = tooLarge("read", l.name, fmt.Sprintf("nested deeper than %d", JSONDepth))
			return at, l.err
		}
	}
	return n, err
}

// depthMeter follows how deep JSON is nested, byte by byte, without judging anything else about it. Its zero
// value stands at the beginning of a document.
type depthMeter struct {
	depth           int
	inText, escaped bool
}

// over takes the next bytes and returns the offset at which they go deeper than JSONDepth, or -1.
func (d *depthMeter) over(p []byte) int {
	for i, c := range p {
		switch {
		case d.escaped:
			d.escaped = false
		case d.inText:
			d.escaped = c == '\\'
			d.inText = c != '"'
		case c == '"':
			d.inText = true
		case c == '{' || c == '[':
			if d.depth++; d.depth > JSONDepth {
				return i
			}
		case c == '}' || c == ']':
			d.depth = max(0, d.depth-1)
		}
	}
	return -1
}
