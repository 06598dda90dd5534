package follow

import "encoding/binary"

// topic is the list of the entries that have one value: the first one is named by the object of the value, the others by a
// chain of arrays, of which the writer fills the last one.
type topic struct {
	// name is that of topicNames.
	name int
	// data is the object of the value.
	data uint64
	// taken is how many entries were taken, total how many there are.
	taken, total uint64
	// first is the first entry, array the array that is read, which begins at entry number base of the chain and has room
	// for room ones.
	first, array uint64
	base, room   uint64

	// window are entries that were read ahead, of them those from at on are to come.
	window [64]uint64
	at, n  int
}

// refreshTopic reads how many entries there are by now.
func (f *journalFile) refreshTopic(t *topic) error {
	if _, _, _, err := f.object(t.data, objectData, f.buf[:dataHeader], dataHeader); err != nil {
		return err
	}
	total := binary.LittleEndian.Uint64(f.buf[56:])
	if total < t.total {
		return damaged("%d entries where there were %d", total, t.total)
	}
	t.total = total
	if t.array == 0 {
		t.first = binary.LittleEndian.Uint64(f.buf[40:])
		t.array, t.base, t.room = binary.LittleEndian.Uint64(f.buf[48:]), 0, 0
	}
	return nil
}

// peek returns the next entry of a topic, 0 where there is none at present.
func (f *journalFile) peek(t *topic) (uint64, error) {
	if t.at < t.n {
		return t.window[t.at], nil
	}
	if t.taken >= t.total {
		return 0, nil
	}
	if t.taken == 0 {
		t.window[0], t.at, t.n = t.first, 0, 1
		return t.first, nil
	}
	return f.fill(t)
}

// next takes the entry that peek returned.
func (t *topic) next() {
	t.at++
	t.taken++
}

// fill reads ahead in the arrays.
func (f *journalFile) fill(t *topic) (uint64, error) {
	item := uint64(8)
	if f.compact {
		item = 4
	}
	number := t.taken - 1 // in the chain, which the first entry is not in
	for t.room == 0 || number >= t.base+t.room {
		_, size, _, err := f.object(t.array, objectEntryArray, f.buf[:arrayHeader], arrayHeader)
		if err != nil {
			return 0, err
		}
		if t.room > 0 {
			following := binary.LittleEndian.Uint64(f.buf[16:])
			if following <= t.array {
				return 0, damaged("the entries of a value are in a circle at %d", following)
			}
			t.base, t.array, t.room = t.base+t.room, following, 0
			continue
		}
		if t.room = (size - arrayHeader) / item; t.room == 0 {
			return 0, damaged("an array without room at %d", t.array)
		}
	}
	want := min(t.total-t.taken, t.base+t.room-number, uint64(len(t.window)))
	b := f.buf[:want*item]
	at := t.array + arrayHeader + (number-t.base)*item
	if n, err := f.r.ReadAt(b, int64(at)); n < len(b) {
		return 0, cmpErr(err, damaged("the file ends in an array"))
	}
	for i := range want {
		t.window[i] = uint64(binary.LittleEndian.Uint32(b[i*item:]))
		if item == 8 {
			t.window[i] = binary.LittleEndian.Uint64(b[i*item:])
		}
		if t.window[i] == 0 {
			return 0, damaged("entry %d of a value is not there", t.taken+i)
		}
	}
	t.at, t.n = 0, int(want)
	return t.window[0], nil
}

// following returns the next entry of all topics, in the order in which they were written, 0 where there is none.
func (f *journalFile) following() (at uint64, err error) {
	for i := range f.topics {
		next, err := f.peek(&f.topics[i])
		if err != nil {
			return 0, err
		}
		if next != 0 && (at == 0 || next < at) {
			at = next
		}
	}
	return at, nil
}

// take is done with an entry that following returned. One that has two of the values is in two topics.
func (f *journalFile) take(at uint64) {
	for i := range f.topics {
		if t := &f.topics[i]; t.at < t.n && t.window[t.at] == at {
			t.next()
		}
	}
}
