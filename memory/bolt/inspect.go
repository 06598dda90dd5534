package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// How bbolt lays out a file: two meta pages, of which the newer valid one counts, and pages that begin with a header.
// Numbers are in the order of the machine's bytes.
const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	pageHeader     = 16
	metaLen        = 64
	flagBranch     = 0x01
	flagLeaf       = 0x02
	flagFreelist   = 0x10
	noFreelist     = ^uint64(0)
	maxPageSize    = 64 << 10
	manyFree       = 0xFFFF
	smallestPage   = 1 << 10
	largestPageTry = 14
)

// boltMeta is a meta page.
type boltMeta struct {
	pageSize, root, freelist, pages, txid uint64
}

// inspect looks at a file before it is mapped: whoever reads a page beyond a file's end gets a signal, and bbolt trusts
// its meta page and its list of free pages. An empty file is a new one, where it may be written.
func inspect(file *os.File, writable bool) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := uint64(info.Size())
	if size == 0 {
		if writable {
			return nil
		}
		return fmt.Errorf("%w: it is empty", ErrForeign)
	}
	m, err := newestMeta(file, size)
	if err != nil {
		return err
	}
	if m.pages > size/m.pageSize {
		return fmt.Errorf("%w: it has %d bytes of %d; restore a backup, or move it away to start anew", ErrTruncated, size, m.pages*m.pageSize)
	}
	if m.freelist == noFreelist {
		return fmt.Errorf("%w: another program's database; name another file", ErrForeign)
	}
	if err := checkRoot(file, m); err != nil {
		return err
	}
	return checkFreelist(file, m)
}

// newestMeta finds the meta page that counts.
func newestMeta(file *os.File, size uint64) (boltMeta, error) {
	var newest *boltMeta
	ours := false
	// The first meta page tells where the second is; without it bbolt tries all sizes that a page can have.
	offsets := []int64{0}
	for i := range largestPageTry + 1 {
		offsets = append(offsets, smallestPage<<i)
	}
	for _, offset := range offsets {
		if offset > 0 && newest != nil && offset != int64(newest.pageSize) {
			continue
		}
		page := make([]byte, pageHeader+metaLen)
		n, err := file.ReadAt(page, offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return boltMeta{}, err
		}
		page = page[:n]
		if len(page) >= pageHeader+4 && binary.NativeEndian.Uint32(page[pageHeader:]) == boltMagic {
			ours = true
		}
		if m := parseMeta(page); m != nil && (newest == nil || m.txid > newest.txid) {
			newest = m
		}
	}
	switch {
	case newest != nil:
		return *newest, nil
	case ours && size < 4*smallestPage:
		return boltMeta{}, fmt.Errorf("%w: it has %d bytes; restore a backup, or move it away to start anew", ErrTruncated, size)
	case ours:
		return boltMeta{}, fmt.Errorf("%w: neither of its first pages is valid; restore a backup, or move it away to start anew", ErrDamaged)
	}
	return boltMeta{}, fmt.Errorf("%w; name another file", ErrForeign)
}

// parseMeta reads a meta page; nil where it is none.
func parseMeta(page []byte) *boltMeta {
	if len(page) < pageHeader+metaLen {
		return nil
	}
	b := page[pageHeader:]
	u32, u64 := binary.NativeEndian.Uint32, binary.NativeEndian.Uint64
	sum := fnv.New64a()
	sum.Write(b[:metaLen-8])
	if u32(b) != boltMagic || u32(b[4:]) != boltVersion || u64(b[56:]) != sum.Sum64() {
		return nil
	}
	m := &boltMeta{pageSize: uint64(u32(b[8:])), root: u64(b[16:]), freelist: u64(b[32:]), pages: u64(b[40:]), txid: u64(b[48:])}
	if m.pageSize < smallestPage || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return nil
	}
	return m
}

func damagedAt(what string, page uint64) error {
	return fmt.Errorf("%w: %s, page %d, is not what it should be; restore a backup, or move it away to start anew", ErrDamaged, what, page)
}

// pageAt reads the header of a page and checks that it lies within the file.
func pageAt(file *os.File, m boltMeta, id uint64) (flags, count uint16, length uint64, ok bool) {
	head := make([]byte, pageHeader)
	if id < 2 || id >= m.pages {
		return 0, 0, 0, false
	}
	if _, err := file.ReadAt(head, int64(id*m.pageSize)); err != nil || binary.NativeEndian.Uint64(head) != id {
		return 0, 0, 0, false
	}
	length = uint64(binary.NativeEndian.Uint32(head[12:])) + 1
	return binary.NativeEndian.Uint16(head[8:]), binary.NativeEndian.Uint16(head[10:]), length, length <= m.pages-id
}

func checkRoot(file *os.File, m boltMeta) error {
	flags, _, _, ok := pageAt(file, m, m.root)
	if !ok || flags != flagBranch && flags != flagLeaf {
		return damagedAt("the root of its tree", m.root)
	}
	return nil
}

// checkFreelist checks that the free pages are pages, each once: a page that is in use and free would be overwritten.
func checkFreelist(file *os.File, m boltMeta) error {
	broken := damagedAt("the list of its free pages", m.freelist)
	flags, short, length, ok := pageAt(file, m, m.freelist)
	if !ok || flags != flagFreelist {
		return broken
	}
	list := make([]byte, length*m.pageSize-pageHeader)
	if _, err := file.ReadAt(list, int64(m.freelist*m.pageSize+pageHeader)); err != nil {
		return fmt.Errorf("%w: %w", broken, err)
	}
	count := uint64(short)
	if count == manyFree { // the number did not fit into the header
		count, list = binary.NativeEndian.Uint64(list), list[8:]
	}
	if count > uint64(len(list))/8 {
		return broken
	}
	last := uint64(1)
	for i := range count {
		id := binary.NativeEndian.Uint64(list[i*8:])
		if id <= last || id >= m.pages || id == m.root || id >= m.freelist && id < m.freelist+length {
			return broken
		}
		last = id
	}
	return nil
}
