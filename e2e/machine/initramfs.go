package machine

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
)

// The modes of what stands in an archive.
const (
	folder  = 0o040755
	program = 0o100755
	device  = 0o020666
)

// writeInitramfs writes the archive that the kernel unpacks as its first file system: the files, the folders that they
// are in, and the two devices that a program expects before it has mounted any.
func writeInitramfs(name string, files map[string][]byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	entries := []cpioEntry{
		{name: "bin", mode: folder},
		{name: "dev", mode: folder},
		{name: "dev/console", mode: device, major: 5, minor: 1},
		{name: "dev/null", mode: device, major: 1, minor: 3},
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if dir := path.Dir(file); dir != "." && dir != "bin" {
			entries = append(entries, cpioEntry{name: dir, mode: folder})
		}
		entries = append(entries, cpioEntry{name: file, mode: program, data: files[file]})
	}
	entries = append(entries, cpioEntry{name: "TRAILER!!!"})
	w := bufio.NewWriter(f)
	for i, e := range entries {
		if err := e.write(w, i+1); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// cpioEntry is a file in an archive of the "newc" form (cpio(5)), which is what the kernel unpacks.
type cpioEntry struct {
	name         string
	mode         int
	major, minor int
	data         []byte
}

func (e cpioEntry) write(w io.Writer, inode int) error {
	head := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		inode, e.mode, 0, 0, 1, 0, len(e.data), 0, 0, e.major, e.minor, len(e.name)+1, 0, e.name)
	for _, part := range [][]byte{[]byte(head), e.data} {
		if _, err := w.Write(part); err != nil {
			return err
		}
		if _, err := w.Write(make([]byte, (4-len(part)%4)%4)); err != nil {
			return err
		}
	}
	return nil
}
