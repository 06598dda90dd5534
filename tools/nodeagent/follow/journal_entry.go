package follow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	// maxItems is more than journald takes of one entry (ENTRY_FIELD_COUNT_MAX).
	maxItems = 1024
	// maxText is the longest text that is handed on; no line of a report is longer.
	maxText = 64 << 10
)

// entry is what is read of an entry. Its texts are valid until the next one is read.
type entry struct {
	seqnum, realtime, monotonic uint64
	boot                        id128

	// text holds the values, each of which is a part of it.
	text []byte
	// values are those of entryFields.
	values [len(entryFields)]span
	items  []uint64
	packed []byte
	unpacker
}

type span struct{ from, to int }

// entryFields are what is handed on, where an entry has it, but for the last two.
var entryFields = [...]string{"_TRANSPORT", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "_COMM", "_SOURCE_MONOTONIC_TIMESTAMP", "MESSAGE", "_UID", "_SYSTEMD_UNIT"}

const (
	fieldTransport = iota
	fieldFacility
	fieldIdentifier
	fieldComm
	fieldSource
	fieldMessage
	fieldUID
	fieldUnit
)

func (e *entry) value(field int) []byte { return e.text[e.values[field].from:e.values[field].to] }

// uptime is the kernel's stamp of a kernel's record, and of others when journald took them.
func (e *entry) uptime() time.Duration {
	us := int64(min(e.monotonic, uint64(maxMicros)))
	if string(e.value(fieldTransport)) == "kernel" {
		n, digits := digits(e.value(fieldSource))
		if digits == 0 || n > maxMicros {
			return -1
		}
		us = n
	}
	return time.Duration(us) * time.Microsecond
}

func (e *entry) at() time.Time { return time.UnixMicro(int64(min(e.realtime, 1<<60))).UTC() }

// readEntry reads the head of an entry: whose boot and when.
func (f *journalFile) readEntry(at uint64, e *entry) (size uint64, err error) {
	_, size, _, err = f.object(at, objectEntry, f.buf[:entryHeader], entryHeader)
	if err != nil {
		return 0, err
	}
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(f.buf[at:]) }
	e.seqnum, e.realtime, e.monotonic, e.boot = u64(16), u64(24), u64(32), id128(f.buf[40:56])
	return size, nil
}

// readFields reads what an entry says.
func (f *journalFile) readFields(at, size uint64, e *entry) error {
	item := uint64(16) // with the hash of the text
	if f.compact {
		item = 4
	}
	count := (size - entryHeader) / item
	if count > maxItems {
		return damaged("an entry of %d fields at %d", count, at)
	}
	e.text, e.items = e.text[:0], e.items[:0]
	clear(e.values[:])
	for from := at + entryHeader; count > 0; {
		n := min(count, uint64(len(f.buf))/item)
		b := f.buf[:n*item]
		if got, err := f.r.ReadAt(b, int64(from)); got < len(b) {
			return fmt.Errorf("read the fields of an entry: %w", cmpErr(err, io.ErrUnexpectedEOF))
		}
		for ; len(b) > 0; b = b[item:] {
			if f.compact {
				e.items = append(e.items, uint64(binary.LittleEndian.Uint32(b)))
			} else {
				e.items = append(e.items, binary.LittleEndian.Uint64(b))
			}
		}
		from += n * item
		count -= n
	}
	for _, data := range e.items {
		if err := f.readField(data, e); err != nil {
			return err
		}
	}
	return nil
}

// readField reads one field of an entry, where it is one that matters.
func (f *journalFile) readField(at uint64, e *entry) error {
	n, size, flags, err := f.object(at, objectData, f.buf[:], dataHeader)
	if err != nil {
		return err
	}
	payload := f.payload()
	if n < payload {
		return damaged("a field without text at %d", at)
	}
	size -= uint64(payload)
	packing := flags & (packedXZ | packedLZ4 | packedZSTD)
	text := f.buf[payload:n]
	if packing == 0 {
		field := fieldOf(text)
		if field < 0 {
			return nil
		}
		return f.readText(at+uint64(payload), size, field, e)
	}
	if size > maxText {
		return nil // journald packs to save space: what is larger than that is no line of a report
	}
	e.packed = slices.Grow(e.packed[:0], int(size))[:size]
	if got, err := f.r.ReadAt(e.packed, int64(at)+int64(payload)); got < len(e.packed) {
		return fmt.Errorf("read a packed field: %w", cmpErr(err, io.ErrUnexpectedEOF))
	}
	from := len(e.text)
	if e.text, err = e.unpack(packing, e.text, e.packed); err != nil {
		e.text = e.text[:from]
		return errors.Join(damaged("a packed field at %d", at), err)
	}
	field := fieldOf(e.text[from:])
	if field < 0 {
		e.text = e.text[:from]
		return nil
	}
	e.values[field] = span{from + len(entryFields[field]) + 1, len(e.text)}
	return nil
}

// readText reads a text that is not packed.
func (f *journalFile) readText(at, size uint64, field int, e *entry) error {
	skip := uint64(len(entryFields[field]) + 1)
	size = min(size-skip, maxText)
	from := len(e.text)
	need := from + int(size)
	e.text = slices.Grow(e.text, int(size))[:need]
	if got, err := f.r.ReadAt(e.text[from:], int64(at+skip)); got < int(size) {
		return fmt.Errorf("read a field: %w", cmpErr(err, io.ErrUnexpectedEOF))
	}
	e.values[field] = span{from, need}
	return nil
}

// fieldOf returns which of entryFields a text is of, -1 where it is none of them.
func fieldOf(text []byte) int {
	for i, name := range entryFields {
		if len(text) > len(name) && text[len(name)] == '=' && string(text[:len(name)]) == name {
			return i
		}
	}
	return -1
}

// appendJSON writes an entry as journalctl -o json does, of its fields those that a reader of kernel logs asks for.
func (e *entry) appendJSON(b []byte) []byte {
	b = append(b, `{"__REALTIME_TIMESTAMP":"`...)
	b = strconv.AppendUint(b, e.realtime, 10)
	b = append(b, `","__MONOTONIC_TIMESTAMP":"`...)
	b = strconv.AppendUint(b, e.monotonic, 10)
	b = append(b, `","_BOOT_ID":"`...)
	for _, c := range e.boot {
		const hexDigits = "0123456789abcdef"
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	b = append(b, '"')
	for i, name := range entryFields[:fieldUID] {
		if e.values[i].to == 0 {
			continue
		}
		b = append(b, ',', '"')
		b = append(b, name...)
		b = append(b, '"', ':')
		b = appendText(b, e.value(i))
	}
	return append(b, '}')
}

// appendText writes a text as JSON: as a string, or as an array of its bytes where it is no UTF-8.
func appendText(b, text []byte) []byte {
	if !utf8.Valid(text) {
		b = append(b, '[')
		for i, c := range text {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(c), 10)
		}
		return append(b, ']')
	}
	b = append(b, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
