//go:build !linux

package recorder

import "errors"

// There are cgroups on Linux alone; New says so, and none of these is called.
var (
	errGone   = errors.New("gone")
	errAbsent = errors.New("absent")
	errNoTask = errors.New("no such process")
	errFiles  = errors.New("too many open files")
	errTable  = errors.New("file table overflow")
)

type statBuf struct{}

type dirReader struct{}

func openDir(string) (int, error)                 { return -1, errors.ErrUnsupported }
func openFileAt(int, []byte) (int, error)         { return -1, errors.ErrUnsupported }
func openDirAt(int, []byte) (int, error)          { return -1, errors.ErrUnsupported }
func pread(int, []byte, int64) (int, error)       { return 0, errors.ErrUnsupported }
func closeFile(int)                               {}
func links(int, *statBuf) (uint64, error)         { return 0, errors.ErrUnsupported }
func newDirReader(int, []byte) (dirReader, error) { return dirReader{}, errors.ErrUnsupported }
func (d *dirReader) next() ([]byte, error)        { return nil, errors.ErrUnsupported }
func openFiles() int                              { return 0 }
