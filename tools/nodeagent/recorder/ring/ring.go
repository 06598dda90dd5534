// Package ring keeps series of whole numbers, one value a tick, in little memory: what stays as it is costs nothing,
// and a change one to four bytes. It owns the encoding and the memory of all series; it knows neither clocks nor what the
// values are.
//
// # The encoding
//
// A Column is a chain of blocks of 128 bytes out of an Arena, the oldest first, and the newest run of equal values, which
// is in no block yet. A block starts anew, without knowledge of the one before, so that the oldest can be dropped. Its
// data is a sequence of unsigned varints; the two lowest bits say what follows in the others:
//
//	0  the next value: the last one of this block (0 at its start) plus a zigzag number of pages of 4 KiB
//	1  the next value: the last one plus a zigzag number; where that is 0, the value itself, in eight bytes after it
//	2  what came last, as often again as the number and once more
//	3  Missing, as often as the number and once more
//
// Memory is counted in pages nearly everywhere, which is why a change of up to 60 KiB in a second takes one byte.
//
// Nothing here is safe for concurrent use.
package ring

import (
	"encoding/binary"
	"math"
)

// Missing stands for a value that is not known.
const Missing int64 = math.MinInt64

const (
	pageShift = 12
	tagPages  = 0
	tagBytes  = 1
	tagAgain  = 2
	tagGap    = 3
	// roomOf is the most that one run takes: a value in nine bytes and how often it comes again, in five or six.
	roomOf = 16
)

// Column is one series. The zero Column is empty. It belongs to the Arena that it was first appended to.
type Column struct {
	// head and tail are the oldest and the newest block, 0 where there is none.
	head, tail int32
	// run is how often value came last, up to the tick before next; 0 in an empty column.
	run, next uint32
	value     int64
	// last is the last known value in the tail's data, from which the next one there counts.
	last int64
}

// Empty tells whether nothing is kept.
func (c *Column) Empty() bool { return c.run == 0 }

// Last returns the newest value and its tick. The column must not be empty.
func (c *Column) Last() (tick int64, value int64) { return int64(c.next) - 1, c.value }

// Append sets the value of a tick. The ticks since the last one that was appended become Missing; a tick that is not
// after that one is ignored, since it has its value already. Ticks are from 0 to 1<<32-2. It returns false where the arena
// is full, and the value or some old ones had to go.
func (a *Arena) Append(c *Column, tick, value int64) bool {
	if tick < 0 || tick >= math.MaxUint32 {
		return true
	}
	at := uint32(tick)
	if c.run == 0 {
		if value != Missing { // the first known value begins the column
			c.value, c.run, c.next = value, 1, at+1
		}
		return true
	}
	if at < c.next {
		return true
	}
	whole := true
	if gap := at - c.next; gap > 0 {
		whole = a.extend(c, Missing, gap)
	}
	return a.extend(c, value, 1) && whole
}

// extend appends a value n times.
func (a *Arena) extend(c *Column, value int64, n uint32) bool {
	whole := true
	if value != c.value {
		whole = a.flush(c)
		c.value, c.run = value, 0
	}
	c.run += n
	c.next += n
	return whole
}

// flush writes the newest run into the tail.
func (a *Arena) flush(c *Column) bool {
	whole := true
	if c.tail == 0 || len(a.at(c.tail).data)-int(a.at(c.tail).used) < roomOf {
		if whole = a.grow(c); c.tail == 0 {
			return false
		}
	}
	b := a.at(c.tail)
	data := b.data[:b.used]
	if c.value == Missing {
		data = binary.AppendUvarint(data, uint64(c.run-1)<<2|tagGap)
	} else {
		data = appendValue(data, c.last, c.value)
		c.last = c.value
		if c.run > 1 {
			data = binary.AppendUvarint(data, uint64(c.run-2)<<2|tagAgain)
		}
	}
	b.used = uint8(len(data))
	return whole
}

// grow gives the column a new tail that begins with the newest run. Where the arena is full, the column's own oldest
// block becomes it.
func (a *Arena) grow(c *Column) bool {
	i, whole := a.take(), true
	if i == 0 {
		if whole = false; c.head == 0 {
			return false
		}
		a.dropHead(c)
		i = a.take()
	}
	b := a.at(i)
	b.start, b.used, b.next = c.next-c.run, 0, 0
	if c.tail == 0 {
		c.head = i
	} else {
		a.at(c.tail).next = i
	}
	c.tail, c.last = i, 0
	return whole
}

// dropHead frees the oldest block.
func (a *Arena) dropHead(c *Column) {
	next := a.at(c.head).next
	a.give(c.head)
	if c.head = next; next == 0 {
		c.tail = 0
	}
}

// Trim forgets blocks all of whose ticks are before tick; the column is empty when nothing else is left. Some older
// values may stay, since blocks go as a whole.
func (a *Arena) Trim(c *Column, tick int64) {
	if int64(c.next) <= tick {
		a.Free(c)
		return
	}
	for c.head != 0 {
		end := c.next - c.run
		if next := a.at(c.head).next; next != 0 {
			end = a.at(next).start
		}
		if int64(end) > tick {
			return
		}
		a.dropHead(c)
	}
}

// Free forgets all of a column.
func (a *Arena) Free(c *Column) {
	for c.head != 0 {
		a.dropHead(c)
	}
	*c = Column{}
}

// First returns the tick of the oldest value. The column must not be empty.
func (a *Arena) First(c *Column) int64 {
	if c.head != 0 {
		return int64(a.at(c.head).start)
	}
	return int64(c.next - c.run)
}

// Read sets out to the values of as many ticks from from on, Missing where there is none.
func (a *Arena) Read(c *Column, from int64, out []int64) {
	for i := range out {
		out[i] = Missing
	}
	if c.run == 0 {
		return
	}
	w := window{from: from, out: out}
	for i := c.head; i != 0; i = a.at(i).next {
		b := a.at(i)
		w.tick = int64(b.start)
		w.decode(b.data[:b.used])
	}
	w.tick = int64(c.next - c.run)
	w.put(c.value, uint64(c.run))
}

// appendValue writes value after last.
func appendValue(data []byte, last, value int64) []byte {
	// The difference may overflow, and does so again, the other way, when it is read.
	d := value - last
	if d&(1<<pageShift-1) == 0 {
		return binary.AppendUvarint(data, zigzag(d>>pageShift)<<2|tagPages)
	}
	if z := zigzag(d); z < 1<<62 {
		return binary.AppendUvarint(data, z<<2|tagBytes)
	}
	data = binary.AppendUvarint(data, tagBytes)
	return binary.LittleEndian.AppendUint64(data, uint64(value))
}

func zigzag(d int64) uint64   { return uint64(d)<<1 ^ uint64(d>>63) }
func unzigzag(z uint64) int64 { return int64(z>>1) ^ -int64(z&1) }

// window is what Read asks for: out is for the ticks from from on; tick is that of the next value.
type window struct {
	from, tick int64
	out        []int64
}

// put sets n ticks to value.
func (w *window) put(value int64, n uint64) {
	n = min(n, math.MaxUint32) // there are no more ticks than that
	lo := max(w.tick-w.from, 0)
	hi := min(w.tick-w.from+int64(n), int64(len(w.out)))
	for i := lo; i < hi; i++ {
		w.out[i] = value
	}
	w.tick += int64(n)
}

// decode puts what data holds. Of data that no Append has written it takes what it can.
func (w *window) decode(data []byte) {
	var last int64
	newest := Missing
	for len(data) > 0 {
		u, n := binary.Uvarint(data)
		if n <= 0 {
			return
		}
		data = data[n:]
		switch z := u >> 2; u & 3 {
		case tagGap:
			newest = Missing
			w.put(Missing, z+1)
		case tagAgain:
			w.put(newest, z+1)
		case tagPages:
			last += unzigzag(z) << pageShift
			newest = last
			w.put(last, 1)
		default:
			if z != 0 {
				last += unzigzag(z)
			} else {
				if len(data) < 8 {
					return
				}
				last, data = int64(binary.LittleEndian.Uint64(data)), data[8:]
			}
			newest = last
			w.put(last, 1)
		}
	}
}
