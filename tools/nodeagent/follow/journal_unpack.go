package follow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// unpackMemory bounds what a text may take that is not what it seems.
const unpackMemory = 16 << 20

// unpacker unpacks texts. Its zero value is ready.
type unpacker struct {
	// zstd is made when the first text of its kind is met.
	zstd *zstd.Decoder
}

// unpack appends to text what is packed, at most maxText of it.
func (u *unpacker) unpack(packing byte, text, packed []byte) (_ []byte, err error) {
	from := len(text)
	switch packing {
	case packedZSTD:
		if u.zstd == nil {
			u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(unpackMemory))
			if err != nil {
				return text, fmt.Errorf("unpack zstd: %w", err)
			}
		}
		if text, err = u.zstd.DecodeAll(packed, text); err != nil {
			return text, fmt.Errorf("unpack zstd: %w", err)
		}
	case packedLZ4:
		// The length stands before the block.
		if len(packed) < 8 {
			return text, damaged("no length of an lz4 block")
		}
		size := binary.LittleEndian.Uint64(packed)
		if size > maxText {
			return text, damaged("an lz4 block of %d bytes", size)
		}
		text = append(text, make([]byte, size)...)
		n, err := lz4.UncompressBlock(packed[8:], text[from:])
		if err != nil {
			return text, fmt.Errorf("unpack lz4: %w", err)
		}
		text = text[:from+n]
	case packedXZ:
		r, err := xz.NewReader(bytes.NewReader(packed))
		if err != nil {
			return text, fmt.Errorf("unpack xz: %w", err)
		}
		b, err := io.ReadAll(io.LimitReader(r, maxText))
		if err != nil {
			return text, fmt.Errorf("unpack xz: %w", err)
		}
		text = append(text, b...)
	default:
		return text, damaged("packed in more than one way (%#x)", packing)
	}
	return text[:min(len(text), from+maxText)], nil
}
