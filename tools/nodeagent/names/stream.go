package names

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/oombot/oombot/investigations"
)

// maxObject bounds one pod as JSON, or one event of a watch. The API server takes 1.5 MB of a pod, which JSON may swell.
const maxObject = 8 << 20

// meter lets a certain number of bytes through until it is reset.
type meter struct {
	r    io.Reader
	left int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, fmt.Errorf("%w: a pod is over %d bytes", investigations.ErrTooLarge, maxObject)
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	return n, err
}

// stream reads values of JSON, one at a time, none of which is long.
type stream struct {
	*json.Decoder
	m *meter
}

func newStream(r io.Reader) stream {
	m := &meter{r, maxObject}
	return stream{json.NewDecoder(m), m}
}

// next reads a value.
func (s stream) next(v any) error {
	s.m.left = maxObject
	return s.Decode(v)
}

// token reads the next token.
func (s stream) token() (json.Token, error) {
	s.m.left = maxObject
	return s.Token()
}

// readList reads a v1.PodList pod by pod, and returns its resource version. An error means that pods may be missing.
func readList(r io.Reader, each func(*object)) (version string, err error) {
	version, err = newStream(r).list(each)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return version, err
}

func (s stream) list(each func(*object)) (version string, err error) {
	if err := s.delim('{'); err != nil {
		return "", err
	}
	for s.More() {
		key, err := s.token()
		if err != nil {
			return "", err
		}
		switch key {
		case "metadata":
			var meta struct {
				ResourceVersion string `json:"resourceVersion"`
			}
			if err := s.next(&meta); err != nil {
				return "", err
			}
			version = meta.ResourceVersion
		case "items":
			if err := s.items(each); err != nil {
				return "", err
			}
		default:
			if err := s.next(&skipped{}); err != nil {
				return "", err
			}
		}
	}
	return version, s.delim('}')
}

// skipped is a value that nobody wants.
type skipped struct{}

// UnmarshalJSON keeps nothing.
func (*skipped) UnmarshalJSON([]byte) error { return nil }

func (s stream) delim(want json.Delim) error {
	t, err := s.token()
	if err == nil && t != want {
		err = fmt.Errorf("the answer is no list of pods: %v stands where %s should", t, want)
	}
	return err
}

// items reads the pods of a list; null is an empty one.
func (s stream) items(each func(*object)) error {
	t, err := s.token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('[') {
		return fmt.Errorf("the answer is no list of pods: its items are %v", t)
	}
	for s.More() {
		var o object
		if err := soft(s.next(&o)); err != nil {
			return err
		}
		each(&o)
	}
	return s.delim(']')
}

// soft takes a field of another type than it should have for one that is not there: the rest of the pod was read.
func soft(err error) error {
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) {
		return nil
	}
	return err
}

// event is one of a watch.
type event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// status is a v1.Status, which says what went wrong.
type status struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}
