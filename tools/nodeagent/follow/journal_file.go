package follow

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// The format is described at systemd.io/JOURNAL_FILE_FORMAT; the structures are those of
// src/libsystemd/sd-journal/journal-def.h. All numbers are little-endian.
const (
	headerSize    = 272
	headerSizeMin = 208 // what systemd itself demands
	objectHeader  = 16
	dataHeader    = 64
	entryHeader   = 64
	arrayHeader   = 24
	fieldHeader   = 40
	// compactData is what data objects of compact files have more.
	compactData = 8

	objectData       = 1
	objectField      = 2
	objectEntry      = 3
	objectEntryArray = 6

	packedXZ   = 1
	packedLZ4  = 2
	packedZSTD = 4

	// Flags of files that can't be read without knowing them. Keyed hashes are: no hash is computed here.
	needsXZ      = 1
	needsLZ4     = 2
	needsKeyed   = 4
	needsZSTD    = 8
	needsCompact = 16
	needsKnown   = needsXZ | needsLZ4 | needsKeyed | needsZSTD | needsCompact

	// stateArchived is that of a file which is written no more.
	stateArchived = 2
)

// errDamaged means that a part of a journal file is not what it has to be. Where the file is being written, it may be so
// for a moment.
var errDamaged = errors.New("damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...)
}

// id128 is a 128-bit id: of a boot, a file, or of a line of sequence numbers.
type id128 [16]byte

func (id id128) String() string { return hex.EncodeToString(id[:]) }

// parseID reads an id with dashes or without.
func parseID(s string) (id id128, ok bool) {
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte("-"), nil)))
	return id128(append(b, id[:]...)[:16]), err == nil && len(b) == 16
}

// journalHeader is what stands at the start of a file.
type journalHeader struct {
	incompatible uint32
	state        byte
	fileID       id128
	// boot is that of the last entry, or of who opened the file last.
	boot                   id128
	seqnumID               id128
	fieldTable, fieldSize  uint64
	objects, entries       uint64
	headSeqnum, tailSeqnum uint64
	headRealtime           uint64
}

// journalFile is an open file. It is read with plain reads: a mapped file that is cut would end the process.
type journalFile struct {
	name string
	r    io.ReaderAt
	stop func() error

	header  journalHeader
	compact bool

	// fields are the objects of the names that are looked for, 0 where there is none yet; known is the newest of their
	// values that was looked at.
	fields [len(fieldNames)]uint64
	known  [len(fieldNames)]uint64
	// topics are the values whose entries are read.
	topics []topic
	// fails counts rounds in a row that met damage.
	fails int
	// left says that nobody writes the file, whatever its header says.
	left bool

	buf [512]byte
}

// fieldNames are the fields by whose values entries are chosen.
var fieldNames = [2]string{"_TRANSPORT", "SYSLOG_IDENTIFIER"}

// topicNames are the values: what the kernel said, what journald says of itself (records that it missed), and the
// programs whose lines kernlog.Parser knows.
var topicNames = [...]string{
	"_TRANSPORT=kernel", "_TRANSPORT=driver",
	"SYSLOG_IDENTIFIER=systemd", "SYSLOG_IDENTIFIER=systemd-oomd", "SYSLOG_IDENTIFIER=earlyoom",
	"SYSLOG_IDENTIFIER=kubelet", "SYSLOG_IDENTIFIER=k3s", "SYSLOG_IDENTIFIER=k3s-agent", "SYSLOG_IDENTIFIER=rke2",
	"SYSLOG_IDENTIFIER=k0s", "SYSLOG_IDENTIFIER=kubelite", "SYSLOG_IDENTIFIER=hyperkube",
}

const topicKernel = 0

// newJournalFile reads the header of a file.
func newJournalFile(name string, r io.ReaderAt, stop func() error) (*journalFile, error) {
	f := &journalFile{name: name, r: r, stop: stop}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	if unknown := f.header.incompatible &^ needsKnown; unknown != 0 {
		return nil, fmt.Errorf("read the header: the file has features that are newer than this program (flags %#x): use another reader", unknown)
	}
	f.compact = f.header.incompatible&needsCompact != 0
	return f, nil
}

// readHeader reads the header anew: it changes with each entry.
func (f *journalFile) readHeader() error {
	b := f.buf[:headerSize]
	if n, err := f.r.ReadAt(b, 0); n < headerSizeMin {
		return fmt.Errorf("read the header: %w", cmpErr(err, io.ErrUnexpectedEOF))
	}
	if string(b[:8]) != "LPKSHHRH" {
		return damaged("no journal file: it begins with %q", b[:8])
	}
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	f.header = journalHeader{
		incompatible: binary.LittleEndian.Uint32(b[12:]), state: b[16],
		fileID: id128(b[24:40]), boot: id128(b[56:72]), seqnumID: id128(b[72:88]),
		fieldTable: u64(120), fieldSize: u64(128), objects: u64(144), entries: u64(152),
		tailSeqnum: u64(160), headSeqnum: u64(168), headRealtime: u64(184),
	}
	if f.left {
		f.header.state = stateArchived
	}
	return nil
}

// object reads the beginning of an object into b, at least min bytes of it, and returns its size and flags.
func (f *journalFile) object(at uint64, kind byte, b []byte, least int) (n int, size uint64, flags byte, err error) {
	if at < headerSizeMin || at%8 != 0 || at > 1<<62 {
		return 0, 0, 0, damaged("an object at %d", at)
	}
	n, err = f.r.ReadAt(b, int64(at))
	if n < least {
		if errors.Is(err, io.EOF) {
			err = damaged("the file ends in an object at %d", at)
		}
		return n, 0, 0, err
	}
	size = binary.LittleEndian.Uint64(b[8:])
	if b[0] != kind || size < uint64(least) || size > 1<<40 {
		return n, 0, 0, damaged("object of type %d and %d bytes at %d, wanted type %d", b[0], size, at, kind)
	}
	return int(min(uint64(n), size)), size, b[1], nil
}

// refresh finds the fields and the values that are looked for and were not there before.
func (f *journalFile) refresh() error {
	for i, at := range f.fields {
		if at == 0 {
			var err error
			if at, err = f.findField(fieldNames[i]); err != nil || at == 0 {
				if err != nil {
					return err
				}
				continue
			}
			f.fields[i] = at
		}
		if err := f.values(i, at); err != nil {
			return err
		}
	}
	return nil
}

// findField looks for the object of a field's name: through all of the hash table, which is small, so that no hash is
// needed. 0 where there is none.
func (f *journalFile) findField(name string) (uint64, error) {
	const bucket = 16
	table := f.header.fieldTable
	for left := min(f.header.fieldSize, 1<<20) / bucket; left > 0; {
		b := f.buf[:min(uint64(len(f.buf)), left*bucket)]
		if n, err := f.r.ReadAt(b, int64(table)); n < len(b) {
			return 0, fmt.Errorf("read the table of fields: %w", cmpErr(err, io.ErrUnexpectedEOF))
		}
		table += uint64(len(b))
		left -= uint64(len(b) / bucket)
		var heads [len(f.buf) / bucket]uint64
		n := len(b) / bucket
		for i := range n {
			heads[i] = binary.LittleEndian.Uint64(b[i*bucket:])
		}
		for _, at := range heads[:n] {
			if found, err := f.fieldChain(at, name); found != 0 || err != nil {
				return found, err
			}
		}
	}
	return 0, nil
}

// fieldChain looks for a field in one bucket. Objects are chained in the order in which they were written: one that
// points back makes no endless loop.
func (f *journalFile) fieldChain(at uint64, name string) (uint64, error) {
	for before := uint64(0); at > before; {
		n, size, _, err := f.object(at, objectField, f.buf[:], fieldHeader)
		if err != nil {
			return 0, err
		}
		if size-fieldHeader == uint64(len(name)) && string(f.buf[fieldHeader:n]) == name {
			return at, nil
		}
		before, at = at, binary.LittleEndian.Uint64(f.buf[24:])
	}
	return 0, nil
}

// values looks for topics among the values of a field, which are chained from the newest to the oldest.
func (f *journalFile) values(field int, at uint64) error {
	if _, _, _, err := f.object(at, objectField, f.buf[:fieldHeader], fieldHeader); err != nil {
		return err
	}
	newest := binary.LittleEndian.Uint64(f.buf[32:])
	payload := f.payload()
	before := uint64(1 << 62)
	for at := newest; at != 0 && at > f.known[field]; {
		if at >= before {
			return damaged("the values of a field are in a circle at %d", at)
		}
		n, _, _, err := f.object(at, objectData, f.buf[:dataHeader+compactData+64], dataHeader)
		if err != nil {
			return err
		}
		if n > payload {
			for i, name := range topicNames {
				if string(f.buf[payload:n]) == name && !f.hasTopic(at) {
					f.topics = append(f.topics, topic{name: i, data: at})
				}
			}
		}
		before, at = at, binary.LittleEndian.Uint64(f.buf[32:])
	}
	f.known[field] = newest
	return nil
}

func (f *journalFile) hasTopic(data uint64) bool {
	for _, t := range f.topics {
		if t.data == data {
			return true
		}
	}
	return false
}

// payload is where the text of a data object begins.
func (f *journalFile) payload() int {
	if f.compact {
		return dataHeader + compactData
	}
	return dataHeader
}

func (f *journalFile) close() error {
	if f.stop == nil {
		return nil
	}
	return f.stop()
}
