package heap

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/oombot/oombot/investigations"
)

// maxUnpacked bounds what a profile may unpack to, in bytes: what readers take, too.
const maxUnpacked = 32 << 20

// Fields of perftools.profiles.Profile (profile.proto of google/pprof) that every profile has, and the highest one.
const (
	fieldSampleType  = 1
	fieldStringTable = 6
	lastField        = 15
)

// Wire types of protocol buffers.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

// packed returns a profile as gzip. The error says why data is no profile in pprof's format. It is not read as a whole,
// which would take many times its size of memory: looked at is that it is well formed and has what each profile has.
func packed(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, errors.New("the profile is empty")
	}
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		if err := shape(bytes.NewReader(data)); err != nil {
			return nil, err
		}
		return pack(data)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the profile can't be unpacked: %w", err)
	}
	if err := shape(z); err != nil {
		return nil, err
	}
	return data, nil
}

func pack(data []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("pack the profile: %w", err)
	}
	return b.Bytes(), nil
}

// shape reads the fields of a profile to the end, and fails where they are none of one.
func shape(r io.Reader) error {
	in := bufio.NewReader(&bounded{r, maxUnpacked})
	types, strings := 0, 0
	for {
		tag, err := binary.ReadUvarint(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = skip(in, tag)
		}
		if err != nil {
			return fmt.Errorf("the answer is no profile, or cut off: %w", err)
		}
		switch tag >> 3 {
		case fieldSampleType:
			types++
		case fieldStringTable:
			strings++
		}
	}
	if types == 0 || strings == 0 {
		return errors.New("the answer is no profile: it has no sample types, or no strings")
	}
	return nil
}

// skip reads the value of a field.
func skip(in *bufio.Reader, tag uint64) error {
	if field := tag >> 3; field == 0 || field > lastField {
		return fmt.Errorf("there is no field %d", field)
	}
	var n uint64
	var err error
	switch tag & 7 {
	case wireVarint:
		_, err = binary.ReadUvarint(in)
	case wireFixed8:
		n = 8
	case wireFixed4:
		n = 4
	case wireBytes:
		n, err = binary.ReadUvarint(in)
	default:
		return fmt.Errorf("there is no wire type %d", tag&7)
	}
	if err == nil && n > math.MaxInt32 {
		err = fmt.Errorf("a field has %d bytes", n)
	}
	if err == nil {
		_, err = in.Discard(int(n))
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// bounded ends in an error where there is more than so many bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: the profile unpacks to more than %d bytes", investigations.ErrTooLarge, maxUnpacked)
	}
	return n, err
}
