package bolt

import (
	"encoding/binary"
	"fmt"
	"io"
)

// What a page of bbolt is, and where its elements have what: each of them has 16 bytes, after the page's header.
const (
	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10
	// manyFree is the count of a list of free pages that has its real count in front of it.
	manyFree = 0xFFFF

	elementLen = 16
	// elementBucket marks an element of a leaf that is a bucket: its value begins with the bucket's root page, 0 where
	// the bucket is small and stands there itself.
	elementBucket = 0x01

	maxDepth = 40
)

// walk goes through the pages of a file that lead to others, and checks that each page is led to once: bbolt would
// follow a circle until the program dies, and overwrite a page that is in use and free as well. Of the leaves it reads
// those that name the buckets, and one header where a branch leads to leaves.
type walk struct {
	file io.ReaderAt
	m    boltMeta
	// used has a bit for each page that something leads to.
	used  []uint64
	depth int
}

func damagedAt(what string, page uint64) error {
	return fmt.Errorf("%w: %s, page %d, is not what it should be; restore a backup, or move it away to start anew", ErrDamaged, what, page)
}

// take notes that something leads to a page; false where something did before, or there is no such page.
func (w *walk) take(id uint64) bool {
	if id < 2 || id >= w.m.pages || w.used[id/64]&(1<<(id%64)) != 0 {
		return false
	}
	w.used[id/64] |= 1 << (id % 64)
	return true
}

// page is a page of the file.
type page struct {
	flags, count uint16
	// length is how many pages it takes.
	length uint64
	// body is what comes after the header, of all its pages.
	body []byte
}

// header reads a page without its body.
func (w *walk) header(id uint64) (page, bool) {
	head := make([]byte, pageHeader)
	if _, err := w.file.ReadAt(head, int64(id*w.m.pageSize)); err != nil || binary.NativeEndian.Uint64(head) != id {
		return page{}, false
	}
	p := page{
		flags: binary.NativeEndian.Uint16(head[8:]), count: binary.NativeEndian.Uint16(head[10:]),
		length: uint64(binary.NativeEndian.Uint32(head[12:])) + 1,
	}
	return p, p.length <= w.m.pages-id
}

// read reads a page that something leads to.
func (w *walk) read(id uint64) (page, bool) {
	if !w.take(id) {
		return page{}, false
	}
	p, ok := w.header(id)
	if !ok {
		return page{}, false
	}
	for i := range p.length - 1 {
		if !w.take(id + 1 + i) {
			return page{}, false
		}
	}
	p.body = make([]byte, p.length*w.m.pageSize-pageHeader)
	_, err := w.file.ReadAt(p.body, int64(id*w.m.pageSize+pageHeader))
	return p, err == nil
}

// freelist takes the pages that are free.
func (w *walk) freelist() error {
	broken := damagedAt("the list of its free pages", w.m.freelist)
	p, ok := w.read(w.m.freelist)
	if !ok || p.flags != flagFreelist {
		return broken
	}
	count, list := uint64(p.count), p.body
	if count == manyFree {
		count, list = binary.NativeEndian.Uint64(list), list[8:]
	}
	if count > uint64(len(list))/8 {
		return broken
	}
	last := uint64(0)
	for i := range count {
		id := binary.NativeEndian.Uint64(list[i*8:])
		if id <= last || !w.take(id) {
			return broken
		}
		last = id
	}
	return nil
}

// tree takes the pages of a tree; named says that it is the one that names the buckets, whose trees it takes too.
func (w *walk) tree(root uint64, named bool) error {
	if w.depth++; w.depth > maxDepth {
		return damagedAt("a page", root)
	}
	defer func() { w.depth-- }()
	p, ok := w.read(root)
	switch {
	case ok && p.flags == flagLeaf && named:
		return w.buckets(root, p)
	case ok && p.flags == flagLeaf:
		return nil
	case ok && p.flags == flagBranch:
		return w.branch(root, p, named)
	}
	return damagedAt("a page of its tree", root)
}

// branch takes what a branch leads to. All of that is of one kind.
func (w *walk) branch(id uint64, p page, named bool) error {
	if p.count == 0 || int(p.count)*elementLen > len(p.body) {
		return damagedAt("a branch of its tree", id)
	}
	var leaves bool
	for i := range int(p.count) {
		e := p.body[i*elementLen:]
		child := binary.NativeEndian.Uint64(e[8:])
		if end := uint64(i*elementLen) + uint64(binary.NativeEndian.Uint32(e)) + uint64(binary.NativeEndian.Uint32(e[4:])); end > uint64(len(p.body)) {
			return damagedAt("a branch of its tree", id)
		}
		if i == 0 {
			first, ok := w.header(child)
			leaves = ok && first.flags == flagLeaf
		}
		if leaves && !named {
			if !w.take(child) {
				return damagedAt("a branch of its tree", id)
			}
			continue
		}
		if err := w.tree(child, named); err != nil {
			return err
		}
	}
	return nil
}

// buckets takes the trees of the buckets that a leaf names.
func (w *walk) buckets(id uint64, p page) error {
	broken := damagedAt("the list of its buckets", id)
	if int(p.count)*elementLen > len(p.body) {
		return broken
	}
	for i := range int(p.count) {
		e := p.body[i*elementLen:]
		flags, pos, ksize, vsize := binary.NativeEndian.Uint32(e), binary.NativeEndian.Uint32(e[4:]), binary.NativeEndian.Uint32(e[8:]), binary.NativeEndian.Uint32(e[12:])
		start := uint64(i*elementLen) + uint64(pos) + uint64(ksize)
		switch {
		case start+uint64(vsize) > uint64(len(p.body)):
			return broken
		case flags&elementBucket == 0:
			continue
		case vsize < elementLen:
			return broken
		}
		root := binary.NativeEndian.Uint64(p.body[start:])
		if root == 0 {
			continue
		}
		if err := w.tree(root, false); err != nil {
			return err
		}
	}
	return nil
}
