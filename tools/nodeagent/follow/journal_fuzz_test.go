package follow

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// patched is a file of which some bytes are others, and which is cut.
type patched struct {
	base    []byte
	cut     int64
	patches []patch
}

type patch struct {
	at    int64
	bytes []byte
}

func (p *patched) ReadAt(b []byte, at int64) (int, error) {
	n, err := bytes.NewReader(p.base[:p.cut]).ReadAt(b, at)
	for _, c := range p.patches {
		for i, x := range c.bytes {
			if j := c.at + int64(i) - at; j >= 0 && j < int64(n) {
				b[j] = x
			}
		}
	}
	return n, err
}

// shelf is a library of one file.
type shelf struct {
	r io.ReaderAt
}

func (s shelf) list(_ id128, known map[id128]bool) ([]*journalFile, int, error) {
	f, err := newJournalFile("system.journal", s.r, nil)
	if err != nil || known[f.header.fileID] {
		return nil, 1, err
	}
	return []*journalFile{f}, 1, nil
}

// FuzzJournal damages a journal. Whatever is in it, reading it ends, and says what was lost.
func FuzzJournal(f *testing.F) {
	whole := sample(f, "compact")
	other := sample(f, "plain")
	used := 400 << 10 // the rest is room
	f.Add(false, uint32(used), []byte{0, 0, 1, 16, 2})
	f.Add(true, uint32(4000), []byte{0, 1, 1, 16, 2, 9, 9, 9, 9, 9})
	f.Add(false, uint32(1<<23), []byte{0, 0, 0, 156, 255, 0, 0, 0, 157, 1})
	f.Fuzz(func(t *testing.T, plain bool, cut uint32, script []byte) {
		if len(script) > 100 {
			return
		}
		base := whole
		if plain {
			base = other
		}
		p := &patched{base: base, cut: int64(cut) % int64(len(base)+1)}
		for ; len(script) >= 5; script = script[5:] {
			at := int64(binary.BigEndian.Uint32(script)) % int64(len(base))
			p.patches = append(p.patches, patch{at, bytes.Repeat(script[4:5], 1+int(script[0]%9))})
		}
		synctest.Test(t, func(t *testing.T) {
			j, _, err := newJournal(shelf{p}, Options{BootID: sampleBoot}.filled())
			if err != nil {
				return
			}
			l := &Log{source: j}
			h := &heard{}
			stop := follow(t, l, h)
			sleep(time.Minute)
			if err := stop(); err != nil {
				t.Error(err)
			}
			if len(h.recs)+len(h.lost) > 1000 {
				t.Errorf("%d records and %d losses of a file with 348 entries", len(h.recs), len(h.lost))
			}
			for _, r := range h.recs {
				rowOf(t, r.Line)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestJournalDamagedEntry(t *testing.T) {
	whole := sample(t, "plain")
	// The text of the third record of this boot is an object of another type.
	at := int64(bytes.Index(whole, []byte("MESSAGE=pci 0000:00:05.0"))) - dataHeader
	p := &patched{base: whole, cut: int64(len(whole)), patches: []patch{{at, []byte{9}}}}
	synctest.Test(t, func(t *testing.T) {
		j, _, err := newJournal(shelf{p}, Options{BootID: sampleBoot}.filled())
		if err != nil {
			t.Fatal(err)
		}
		h := &heard{}
		stop := follow(t, &Log{source: j}, h)
		sleep(time.Minute)
		if err := stop(); err != nil {
			t.Error(err)
		}
		// Several records have that text.
		if len(h.recs) < 235 || len(h.recs)+len(h.lost) != 246 {
			t.Errorf("%d records and %d losses, want 246 together, and few losses", len(h.recs), len(h.lost))
		}
	})
}

func TestUnpack(t *testing.T) {
	text := bytes.Repeat([]byte("MESSAGE=oom-kill:constraint=CONSTRAINT_MEMCG "), 40)
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, lz4.CompressBlockBound(len(text)))
	n, err := lz4.CompressBlock(text, block, nil)
	if err != nil {
		t.Fatal(err)
	}
	var xzText bytes.Buffer
	w, err := xz.WriterConfig{NoCheckSum: true}.NewWriter(&xzText) // as journald writes it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lz4Text := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), block[:n]...)
	var u unpacker
	for name, tt := range map[string]struct {
		packing byte
		packed  []byte
	}{
		"zstd": {packedZSTD, enc.EncodeAll(text, nil)},
		"lz4":  {packedLZ4, lz4Text},
		"xz":   {packedXZ, xzText.Bytes()},
	} {
		got, err := u.unpack(tt.packing, []byte("before "), tt.packed)
		if err != nil || string(got) != "before "+string(text) {
			t.Errorf("%s: %.60q, %v", name, got, err)
		}
		for cut := range len(tt.packed) / 2 {
			if got, err := u.unpack(tt.packing, nil, tt.packed[:cut]); err == nil && len(got) >= len(text) {
				t.Errorf("%s: the whole text out of the first %d of %d bytes", name, cut, len(tt.packed))
			}
		}
	}
	if _, err := u.unpack(packedXZ|packedZSTD, nil, nil); err == nil {
		t.Error("a text packed in two ways was unpacked")
	}
	if _, err := u.unpack(packedLZ4, nil, bytes.Repeat([]byte{255}, 16)); err == nil {
		t.Error("an lz4 block of 2^64 bytes was unpacked")
	}
	bomb, err := u.unpack(packedZSTD, nil, enc.EncodeAll(make([]byte, 8<<20), nil))
	if err != nil || len(bomb) != maxText {
		t.Errorf("a text that is too long: %d bytes, %v, want the first %d", len(bomb), err, maxText)
	}
}
