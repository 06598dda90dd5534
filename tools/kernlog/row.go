package kernlog

import (
	"bytes"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// taskRow is a row as it is read.
type taskRow struct {
	values [colAdj + 1]int64
	// has is a bit for each column that the table has.
	has  uint16
	pid  int64
	name []byte
}

// parse reads the numbers from the left and takes one space and the rest as the name.
func (row *taskRow) parse(text []byte, cols *columns) bool {
	i := bytes.IndexByte(text, ']')
	if i < 0 || cols.n == 0 {
		return false
	}
	row.pid, _ = leadingInt(trimSpaces(text[1:i]))
	row.has = 0
	row.values[colPagePages] = 0
	rest := text[i+1:]
	for _, c := range cols.list[:cols.n] {
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
		v, n := signed(rest)
		if n == 0 {
			return false
		}
		if c == colPagePages {
			v += row.values[c]
		}
		row.values[c] = v
		row.has |= 1 << c
		rest = rest[n:]
	}
	if len(rest) == 0 || rest[0] != ' ' {
		return false
	}
	row.name = rest[1:]
	return true
}

// value returns a column's value, 0 where the table does not have it.
func (row *taskRow) value(c column) int64 {
	if row.has&(1<<c) == 0 {
		return 0
	}
	return row.values[c]
}

// guessColumns tells the columns of a row without a header from how many numbers it begins with.
func guessColumns(text []byte) columns {
	i := bytes.IndexByte(text, ']')
	n := 0
	for word := range bytes.FieldsSeq(text[i+1:]) {
		if _, digits := signed(word); digits != len(word) {
			break
		}
		n++
	}
	switch {
	case n >= 10:
		return cols10
	case n == 9:
		return cols9
	case n == 8:
		return cols8
	}
	return cols7
}

// addRow keeps a row.
func (b *builder) addRow(row *taskRow) {
	if b.r.Tasks == nil {
		b.r.Tasks = b.rowMemory
	}
	b.r.Tasks = append(b.r.Tasks, investigations.KernelTask{})
	t := &b.r.Tasks[len(b.r.Tasks)-1]
	t.PID, t.TGID, t.UID, t.Comm = row.pid, row.value(colTGID), row.value(colUID), b.nameOf(row.name[:min(len(row.name), 64)])
	t.TotalVMPages, t.RSSPages = row.value(colTotalVM), row.value(colRSS)
	t.SwapentsPages, t.OOMScoreAdj = row.value(colSwapents), row.value(colAdj)
	if row.has&(1<<colRSSAnon) != 0 {
		t.RSSAnonPages, t.RSSFilePages, t.RSSShmemPages = b.ptr(row.value(colRSSAnon)), b.ptr(row.value(colRSSFile)), b.ptr(row.value(colRSSShmem))
	}
	if row.has&(1<<colPgtables) != 0 {
		t.PgtablesBytes = b.ptr(row.value(colPgtables))
	}
	if row.has&(1<<colPagePages) != 0 {
		b.old = true
		// Pages until the end of the report, when the page size is known; no row has both columns.
		t.Badness = b.ptr(row.value(colPagePages))
	}
}

// nameOf returns a name as a string. Many share one piece of memory.
func (b *builder) nameOf(name []byte) string {
	from := b.names.Len()
	if from == 0 {
		b.names.Grow(512)
	}
	b.names.Write(name)
	return b.names.String()[from:]
}

// thinRows leaves out the half of the table that holds less memory.
func (b *builder) thinRows() {
	size := func(t investigations.KernelTask) int64 { return t.RSSPages + t.SwapentsPages }
	sizes := make([]int64, len(b.r.Tasks))
	for i, t := range b.r.Tasks {
		sizes[i] = size(t)
	}
	slices.Sort(sizes)
	median := sizes[len(sizes)/2]
	n := 0
	b.r.Tasks = slices.DeleteFunc(b.r.Tasks, func(t investigations.KernelTask) bool {
		n++
		return size(t) < median || size(t) == median && n%2 == 0
	})
	b.rowsCut = true
}

// appendName adds the rest of a name that has a line break in it to the last row.
func (b *builder) appendName(text []byte) {
	if n := len(b.r.Tasks); n > 0 {
		t := &b.r.Tasks[n-1]
		if name := t.Comm + "\n" + string(text); len(name) <= maxComm {
			t.Comm = name
		}
	}
}

// emptyName notes that the last row's name is nothing but a line break.
func (b *builder) emptyName() {
	if n := len(b.r.Tasks); n > 0 && b.r.Tasks[n-1].Comm == "" {
		b.r.Tasks[n-1].Comm = "\n"
	}
}
