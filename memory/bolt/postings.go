package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"go.etcd.io/bbolt"
)

// termHash stands for a term in keys. Two terms that share one are found by each other, which costs a candidate too many.
type termHash [8]byte

func hashTerm(term string) termHash {
	sum := sha256.Sum256([]byte(term))
	return termHash(sum[:8])
}

func hashTerms(terms []string) []termHash {
	out := make([]termHash, 0, len(terms))
	for _, t := range terms {
		if h := hashTerm(t); !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

const (
	// chunkMax is how many slots a chunk has at most: 1 KiB of them.
	chunkMax = 128
	slotLen  = 8
)

// postings are the lists of which traces have a term: under the term's hash with a slot the chunk of ascending slots that
// begins with it, and behind the last one how many slots there are. Most changes are at the end of a list, and so on one
// page.
type postings struct{ b *bbolt.Bucket }

// endSlot is beyond all slots.
const endSlot = ^slot(0)

func chunkKey(h termHash, s slot) []byte {
	return binary.BigEndian.AppendUint64(slices.Clip(h[:]), uint64(s))
}

// isChunk says whether a key is that of a chunk of the term.
func isChunk(key []byte, h termHash) bool {
	return len(key) == len(h)+slotLen && bytes.HasPrefix(key, h[:]) && slotOf(key[len(h):]) != endSlot
}

func countKey(h termHash) []byte { return chunkKey(h, endSlot) }

// count is how many traces have the term.
func (p postings) count(h termHash) uint64 { return number(p.b, countKey(h)) }

// find returns the chunk that has s, or would have it: the last one that begins at or before s. key is nil where
// there is none.
func find(c *bbolt.Cursor, h termHash, s slot) (key, chunk []byte) {
	key, chunk = c.Seek(chunkKey(h, s))
	if isChunk(key, h) && slotOf(key[len(h):]) == s {
		return key, chunk
	}
	if key == nil {
		key, chunk = c.Last()
	} else {
		key, chunk = c.Prev()
	}
	if !isChunk(key, h) {
		return nil, nil
	}
	return key, chunk
}

func chunkLen(chunk []byte) int { return len(chunk) / slotLen }

func chunkAt(chunk []byte, i int) slot { return slotOf(chunk[i*slotLen:]) }

// search returns where s is in a chunk, or where it belongs.
func search(chunk []byte, s slot) (int, bool) {
	i, j := 0, chunkLen(chunk)
	for i < j {
		if m := (i + j) / 2; chunkAt(chunk, m) < s {
			i = m + 1
		} else {
			j = m
		}
	}
	return i, i < chunkLen(chunk) && chunkAt(chunk, i) == s
}

// has says whether the trace has the term.
func (p postings) has(c *bbolt.Cursor, h termHash, s slot) bool {
	key, chunk := find(c, h, s)
	if key == nil {
		return false
	}
	_, ok := search(chunk, s)
	return ok
}

// add enters a trace under a term; where it is already nothing changes.
func (p postings) add(h termHash, s slot) error {
	c := p.b.Cursor()
	key, chunk := find(c, h, s)
	if key == nil { // it becomes the first of all: of the chunk that is the first now, if that has room
		if next, first := c.Seek(chunkKey(h, s)); isChunk(next, h) && chunkLen(first) < chunkMax {
			key, chunk = next, first
		}
	}
	at, there := search(chunk, s)
	if there {
		return nil
	}
	if err := putNumber(p.b, countKey(h), p.count(h)+1); err != nil {
		return err
	}
	if key == nil || chunkLen(chunk) >= chunkMax && at == chunkLen(chunk) {
		return p.b.Put(chunkKey(h, s), s.key()) // traces mostly come in the order of their kills: full chunks stay full
	}
	key, grown := slices.Clone(key), make([]byte, 0, len(chunk)+slotLen)
	grown = append(append(append(grown, chunk[:at*slotLen]...), s.key()...), chunk[at*slotLen:]...)
	if chunkLen(grown) > chunkMax {
		half := chunkLen(grown) / 2 * slotLen
		if err := p.put(h, nil, grown[half:]); err != nil {
			return err
		}
		grown = grown[:half:half]
	}
	return p.put(h, key, grown)
}

// put writes a chunk that was under the key before; nil where it is new.
func (p postings) put(h termHash, before, chunk []byte) error {
	key := chunkKey(h, chunkAt(chunk, 0))
	if before != nil && !bytes.Equal(before, key) {
		if err := p.b.Delete(before); err != nil {
			return err
		}
	}
	return p.b.Put(key, chunk)
}

// remove takes a trace out of a term's list; where it is not there nothing changes.
func (p postings) remove(h termHash, s slot) error {
	key, chunk := find(p.b.Cursor(), h, s)
	at, there := search(chunk, s)
	if key == nil || !there {
		return nil
	}
	key, rest := slices.Clone(key), slices.Concat(chunk[:at*slotLen], chunk[(at+1)*slotLen:])
	n := p.count(h)
	if n <= 1 {
		if err := p.b.Delete(countKey(h)); err != nil {
			return err
		}
	} else if err := putNumber(p.b, countKey(h), n-1); err != nil {
		return err
	}
	if len(rest) == 0 {
		return p.b.Delete(key)
	}
	return p.put(h, key, rest)
}

// newest appends the newest traces that have the term to list, at most n, the newest first.
func (p postings) newest(c *bbolt.Cursor, h termHash, n int, list []slot) []slot {
	for key, chunk := find(c, h, endSlot-1); n > 0 && isChunk(key, h); key, chunk = c.Prev() {
		for i := chunkLen(chunk) - 1; i >= 0 && n > 0; i-- {
			list = append(list, chunkAt(chunk, i))
			n--
		}
	}
	return list
}

// replace makes the terms of a trace what they are now.
func (p postings) replace(s slot, before, now []termHash) error {
	for _, h := range before {
		if !slices.Contains(now, h) {
			if err := p.remove(h, s); err != nil {
				return err
			}
		}
	}
	for _, h := range now {
		if !slices.Contains(before, h) {
			if err := p.add(h, s); err != nil {
				return err
			}
		}
	}
	return nil
}
