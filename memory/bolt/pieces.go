package bolt

import (
	"bytes"
	"encoding/binary"

	"go.etcd.io/bbolt"
)

// pieceMax is how long a piece of a record is at most, in bytes: four of them, with their keys and what bbolt adds, fill
// a page of 4 KiB. bbolt puts two values at least on a page, and gives a page more to two that don't fit; whole records
// would leave a third of the file empty.
const pieceMax = 994

// pieces keeps records that are longer than what goes well on a page, each in pieces by the record's slot and their
// number.
type pieces struct{ b *bbolt.Bucket }

func pieceKey(s slot, n int) []byte {
	return binary.BigEndian.AppendUint16(s.key(), uint16(n))
}

// get returns a copy of a record; nil where there is none.
func (p pieces) get(s slot) []byte {
	var record []byte
	prefix := s.key()
	c := p.b.Cursor()
	for key, piece := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, piece = c.Next() {
		record = append(record, piece...)
	}
	return record
}

// put writes a record of at least one byte in place of the one that is there.
func (p pieces) put(s slot, record []byte) error {
	n := 0
	for ; len(record) > 0; n++ {
		piece := record[:min(len(record), pieceMax)]
		record = record[len(piece):]
		if err := p.b.Put(pieceKey(s, n), piece); err != nil {
			return err
		}
	}
	return p.cut(s, n)
}

// cut removes the pieces of a record from the n-th on.
func (p pieces) cut(s slot, n int) error {
	for ; p.b.Get(pieceKey(s, n)) != nil; n++ {
		if err := p.b.Delete(pieceKey(s, n)); err != nil {
			return err
		}
	}
	return nil
}
