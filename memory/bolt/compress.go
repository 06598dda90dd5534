package bolt

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/oombot/oombot/investigations"
)

const (
	// traceVersion is the version of the records in the bucket traces.
	traceVersion = 1
	// maxTrace bounds a trace as JSON, in bytes: what is larger is not stored, and no record is unpacked beyond it.
	maxTrace = 32 << 20

	dictionaryID = 1
)

// dictionaryPacked is a few traces as storedTrace, one after the other: two traces are much alike, so that most of a
// new one is found in it. It is part of the format: it stays as it is forever, and another one needs an id of its own.
//
//go:embed dictionary-v1.zst
var dictionaryPacked []byte

// packers returns what packs and unpacks traces. Both are safe for concurrent use.
var packers = sync.OnceValues(func() (p packer, err error) {
	plain, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return packer{}, fmt.Errorf("make a decompressor: %w", err)
	}
	defer plain.Close()
	dictionary, err := plain.DecodeAll(dictionaryPacked, nil)
	if err != nil {
		return packer{}, fmt.Errorf("unpack the dictionary: %w", err)
	}
	p.enc, err = zstd.NewWriter(nil, zstd.WithEncoderDictRaw(dictionaryID, dictionary), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return packer{}, fmt.Errorf("make a compressor: %w", err)
	}
	p.dec, err = zstd.NewReader(nil, zstd.WithDecoderDictRaw(dictionaryID, dictionary), zstd.WithDecoderConcurrency(2),
		zstd.WithDecoderMaxMemory(maxTrace), zstd.WithDecoderLowmem(true))
	if err != nil {
		return packer{}, fmt.Errorf("make a decompressor: %w", err)
	}
	return p, nil
})

type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// encoded is a trace with its record.
type encoded struct {
	// trace is as decodeTrace will return it: JSON has no place for bytes that are no UTF-8, and what is indexed must be
	// what is stored.
	trace  investigations.Trace
	record []byte
}

func encodeTrace(t investigations.Trace) (encoded, error) {
	p, err := packers()
	if err != nil {
		return encoded{}, err
	}
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(stored(t)); err != nil {
		return encoded{}, fmt.Errorf("%w: trace %s: %w", ErrInvalid, investigations.Quote(t.Result.ID, maxID), err)
	}
	if plain.Len() > maxTrace {
		return encoded{}, fmt.Errorf("%w: trace %s has %d bytes, at most %d are stored: %w",
			ErrInvalid, investigations.Quote(t.Result.ID, maxID), plain.Len(), maxTrace, investigations.ErrTooLarge)
	}
	if bytes.Contains(plain.Bytes(), []byte(`\ufffd`)) { // how encoding/json writes what is no UTF-8
		var s storedTrace
		if err := json.Unmarshal(plain.Bytes(), &s); err != nil {
			return encoded{}, fmt.Errorf("read back trace %s: %w", investigations.Quote(t.Result.ID, maxID), err)
		}
		t = s.trace()
	}
	return encoded{t, p.enc.EncodeAll(plain.Bytes(), []byte{traceVersion})}, nil
}

// decodeTrace reads a record of any version.
func decodeTrace(record []byte) (investigations.Trace, error) {
	p, err := packers()
	if err != nil {
		return investigations.Trace{}, err
	}
	if len(record) == 0 || record[0] != traceVersion {
		return investigations.Trace{}, fmt.Errorf("%w: a trace is stored in a way that is not known", ErrDamaged)
	}
	plain, err := p.dec.DecodeAll(record[1:], nil)
	if err != nil {
		return investigations.Trace{}, fmt.Errorf("%w: unpack a trace: %w", ErrDamaged, err)
	}
	var s storedTrace
	if err := json.Unmarshal(plain, &s); err != nil {
		return investigations.Trace{}, fmt.Errorf("%w: read a trace: %w", ErrDamaged, err)
	}
	return s.trace(), nil
}
