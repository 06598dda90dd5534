package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// coder writes or reads a record, field after field. One function names the fields in their order for both ways, so
// that what is written is what is read: a record is its version, and then its fields without names or types.
//
// A record's fields never change their order or meaning. A field that is added goes to the end, with a new version of
// the record, and is read only where the record's version has it.
type coder struct {
	// out grows while writing.
	out []byte
	// in is what is left to read. Strings that are read share its memory.
	in      string
	reading bool
	err     error
}

var errShort = errors.New("a record ends too early")

// encode writes a record of that version.
func encode(version byte, fields func(*coder)) []byte {
	c := coder{out: make([]byte, 0, 512)}
	c.out = append(c.out, version)
	fields(&c)
	return c.out
}

// decode reads a record, which it copies, and returns its version. It is an error where the version is newer than
// newest, or where there is less or more than fields asks for.
func decode(record []byte, newest byte, fields func(*coder)) error {
	if len(record) == 0 {
		return errShort
	}
	if v := record[0]; v == 0 || v > newest {
		return fmt.Errorf("a record of version %d, and this program knows up to %d", v, newest)
	}
	c := coder{in: string(record[1:]), reading: true}
	fields(&c)
	if c.err == nil && c.in != "" {
		c.err = fmt.Errorf("a record has %d bytes too many", len(c.in))
	}
	return c.err
}

func (c *coder) uint(v *uint64) {
	if !c.reading {
		c.out = binary.AppendUvarint(c.out, *v)
		return
	}
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		if c.in == "" {
			break
		}
		b := c.in[0]
		c.in = c.in[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			*v = n
			return
		}
	}
	c.fail(errShort)
}

func (c *coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.in = ""
}

func (c *coder) int(v *int64) {
	u := uint64(*v)<<1 ^ uint64(*v>>63)
	c.uint(&u)
	*v = int64(u>>1) ^ -int64(u&1)
}

func (c *coder) float(v *float64) {
	u := math.Float64bits(*v)
	c.uint(&u)
	*v = math.Float64frombits(u)
}

// time is exact to the nanosecond, and in UTC.
func (c *coder) time(v *time.Time) {
	if v.IsZero() && !c.reading {
		c.out = append(c.out, 0)
		return
	}
	set, sec, nano := uint64(1), v.Unix(), int64(v.Nanosecond())
	c.uint(&set)
	if set == 0 {
		*v = time.Time{}
		return
	}
	c.int(&sec)
	c.int(&nano)
	*v = time.Unix(sec, nano).UTC()
}

// text writes or reads a string.
func text[S ~string](c *coder, v *S) {
	n := uint64(len(*v))
	c.uint(&n)
	if !c.reading {
		c.out = append(c.out, *v...)
		return
	}
	if n > uint64(len(c.in)) {
		c.fail(errShort)
		return
	}
	*v, c.in = S(c.in[:n]), c.in[n:]
}

// list writes or reads a slice; one without elements is read as nil.
func list[E any](c *coder, v *[]E, element func(*E)) {
	n := uint64(len(*v))
	c.uint(&n)
	if !c.reading {
		for i := range *v {
			element(&(*v)[i])
		}
		return
	}
	*v = nil
	for range n {
		if c.err != nil {
			return
		}
		var e E
		element(&e)
		*v = append(*v, e)
	}
}

// texts writes or reads a list of strings.
func texts[S ~string](c *coder, v *[]S) { list(c, v, func(s *S) { text(c, s) }) }
