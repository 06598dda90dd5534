package profiles

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// keeper gives profiles to a sink, and knows what it gave.
type keeper struct {
	to investigations.Sink

	mu   sync.Mutex
	pods map[string]int
}

// has says whether a profile of the pod was kept.
func (k *keeper) has(pod string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pods[pod] > 0
}

func (k *keeper) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.pods)
}

// nameShape is what names of pods, namespaces and containers look like; anything else is no part of a path.
var nameShape = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)

// keep gives the unpacked profile of a container to the sink, without what it should not hold.
func (k *keeper) keep(namespace, pod, container string, at time.Time, data []byte, from investigations.Origin) error {
	for _, name := range []string{namespace, pod, container} {
		if !nameShape.MatchString(name) {
			return fmt.Errorf("%w: %.80q is no name of Kubernetes", investigations.ErrNotFound, name)
		}
	}
	clean, err := withoutSecrets(data)
	if err != nil {
		return err
	}
	name := path.Join(folder, namespace, pod, container, at.UTC().Format(timeLayout)+".pb.gz")
	k.to.Keep(name, from, clean)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pods == nil {
		k.pods = map[string]int{}
	}
	k.pods[pod]++
	return nil
}

// MaxParsed is about how much memory a profile may take that is read, in bytes.
const MaxParsed = maxParsed

// Redacted returns a heap profile, which may be compressed, as it may be stored and sent: compressed, without comments,
// with secrets masked in the labels of its samples and in the names of files. The error is one of
// investigations.ErrTooLarge where the profile would take more than most bytes of memory, of ErrNotFound where it is none of
// the heap, and of ErrUnavailable where it can't be read.
func Redacted(data []byte, most int64) ([]byte, error) {
	raw, err := unpack(bytes.NewReader(data))
	switch {
	case errors.Is(err, investigations.ErrTooLarge):
		return nil, fmt.Errorf("the profile has %w", err)
	case err != nil:
		return nil, broken(err)
	}
	return scrubbed(raw, min(most, maxParsed))
}

// withoutSecrets returns a profile in its compressed form, without comments, and with secrets masked in the labels
// of its samples and in the names of files. It is written anew, so that no string is in it that nothing refers to.
// Functions' names stay: they are the program's, and what looks like a secret there (secret::Store::put) is none.
func withoutSecrets(data []byte) (clean []byte, err error) { return scrubbed(data, maxParsed) }

func scrubbed(data []byte, most int64) (clean []byte, err error) {
	weight, err := weigh(data)
	if err != nil {
		return nil, broken(err)
	}
	if weight > most {
		return nil, fmt.Errorf("%w: the profile would take %s of memory", investigations.ErrTooLarge, investigations.FormatBytes(weight))
	}
	defer func() {
		// The parser is not ours, and the profile may be made to break it.
		if p := recover(); p != nil {
			clean, err = nil, broken(fmt.Errorf("it breaks the parser: %v", p))
		}
	}()
	p, err := profile.ParseUncompressed(data)
	if err == nil {
		err = p.CheckValid()
	}
	if err != nil {
		return nil, broken(err)
	}
	if _, _, err := inUse(p.SampleType); err != nil {
		return nil, fmt.Errorf("%w: the profile %w", investigations.ErrNotFound, err)
	}
	p.Comments, p.DocURL = nil, ""
	p.DropFrames, p.KeepFrames = "", ""
	for _, s := range p.Sample {
		for name, values := range s.Label {
			for i, v := range values {
				values[i] = redact.Value(name, v)
			}
		}
	}
	for _, f := range p.Function {
		f.Filename = redact.Text(f.Filename)
	}
	for _, m := range p.Mapping {
		m.File = redact.Text(m.File)
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		return nil, broken(err)
	}
	return out.Bytes(), nil
}

func broken(err error) error {
	return fmt.Errorf("%w: the profile can't be read: %s", investigations.ErrUnavailable, investigations.CleanText(err.Error(), 200))
}
