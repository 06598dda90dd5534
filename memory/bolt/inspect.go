package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// How bbolt lays out a file: two meta pages, of which the newer valid one counts, and pages that begin with a header.
// Numbers are in the order of the machine's bytes.
const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	pageHeader     = 16
	metaLen        = 64
	noFreelist     = ^uint64(0)
	smallestPage   = 1 << 10
	largestPage    = 64 << 10
	largestPageTry = 14
)

// boltMeta is a meta page.
type boltMeta struct {
	pageSize, root, freelist, pages, txid uint64
}

// inspect looks at a file before it is mapped: whoever reads a page beyond a file's end gets a signal, and bbolt trusts
// its meta page, its list of free pages and the pages that branch. An empty file is a new one, where it may be written.
func inspect(file io.ReaderAt, length int64, writable bool) error {
	size := uint64(length)
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
	w := walk{file: file, m: m, used: make([]uint64, m.pages/64+1)}
	if err := w.freelist(); err != nil {
		return err
	}
	return w.tree(m.root, true)
}

// newestMeta finds the meta page that counts.
func newestMeta(file io.ReaderAt, size uint64) (boltMeta, error) {
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
	if m.pageSize < smallestPage || m.pageSize > largestPage || m.pageSize&(m.pageSize-1) != 0 {
		return nil
	}
	return m
}
