package recorder

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The errors of files of cgroups and processes that are handled apart.
const (
	errGone   = unix.ENODEV // a read of a cgroup that was removed
	errAbsent = unix.ENOENT
	errNoTask = unix.ESRCH // a read of a process that has ended
	errFiles  = unix.EMFILE
	errTable  = unix.ENFILE
)

// openDir opens a directory by its path.
func openDir(path string) (int, error) {
	return unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// openAt opens what lies below an open directory. The name ends in a zero byte: unix.Openat would copy it to add one, which
// is the only allocation that a second of sampling would make.
func openAt(dir int, name []byte, flags int) (int, error) {
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])), uintptr(flags|unix.O_CLOEXEC), 0, 0, 0)
		if errno == 0 {
			return int(fd), nil
		}
		if errno != unix.EINTR {
			return -1, errno
		}
	}
}

func openFileAt(dir int, name []byte) (int, error) {
	return openAt(dir, name, unix.O_RDONLY|unix.O_NONBLOCK)
}

func openDirAt(dir int, name []byte) (int, error) {
	return openAt(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
}

// pread reads at an offset as much as fits.
func pread(fd int, buf []byte, at int64) (int, error) {
	for {
		n, err := unix.Pread(fd, buf, at)
		if err != unix.EINTR {
			return n, err
		}
	}
}

func closeFile(fd int) { _ = unix.Close(fd) }

// statBuf is what links and isDir need, kept by their caller.
type statBuf unix.Stat_t

// links returns the number of links of an open directory: two and one for each directory in it, on cgroup file systems and
// most others; 0 or 1 where the file system doesn't count them.
func links(fd int, buf *statBuf) (uint64, error) {
	if err := unix.Fstat(fd, (*unix.Stat_t)(buf)); err != nil {
		return 0, err
	}
	return uint64(buf.Nlink), nil //nolint:unconvert // 32 bits on some architectures
}

// dirReader goes over the directories in an open directory, from its start.
type dirReader struct {
	fd    int
	buf   []byte
	n, at int
}

// newDirReader begins to read fd; buf is the caller's.
func newDirReader(fd int, buf []byte) (dirReader, error) {
	_, err := unix.Seek(fd, 0, 0)
	return dirReader{fd: fd, buf: buf}, err
}

// next returns the name of the next directory, with a zero byte at its end, valid until the next call; nil after the last.
func (d *dirReader) next() ([]byte, error) {
	const header = 19 // of linux_dirent64: inode, offset, length, type
	for {
		if d.at >= d.n {
			n, err := unix.Getdents(d.fd, d.buf)
			if n <= 0 || err != nil {
				return nil, err
			}
			d.n, d.at = n, 0
		}
		entry := d.buf[d.at:d.n]
		if len(entry) < header+1 {
			return nil, unix.EIO
		}
		length := int(*(*uint16)(unsafe.Pointer(&entry[16])))
		if length <= header || length > len(entry) {
			return nil, unix.EIO
		}
		d.at += length
		kind, name := entry[18], entry[header:length]
		for i, b := range name {
			if b == 0 {
				name = name[:i+1]
				break
			}
		}
		if kind != unix.DT_DIR || len(name) < 2 || name[0] == '.' && (len(name) == 2 || name[1] == '.' && len(name) == 3) {
			continue
		}
		return name, nil
	}
}

// openFiles returns how many files the process may have open. The runtime has raised it to the hard limit at its start.
func openFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return int(min(limit.Cur, 1<<20)) //nolint:gosec // bounded
}
