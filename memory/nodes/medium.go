package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oombot/oombot/investigations"
)

// medium is a recording or a profile on its way to the shelf.
type medium struct {
	storedMedium
	key  string
	data []byte
}

// media returns those of a report; their times are settled.
func media(r *investigations.NodeReport) ([]medium, error) {
	var out []medium
	if r.Recorder != nil && len(r.Recorder.Series)+len(r.Recorder.Top) > 0 {
		data, err := json.Marshal(r.Recorder)
		if err != nil {
			return nil, fmt.Errorf("write a recording: %w", err)
		}
		if data, err = pack(data); err != nil {
			return nil, fmt.Errorf("write a recording: %w", err)
		}
		out = append(out, newMedium(storedMedium{Kind: mediumRecording, From: r.Recorder.From, To: r.Recorder.To}, data))
	}
	for _, p := range r.Profiles {
		if len(p.Data) > 0 {
			out = append(out, newMedium(storedMedium{
				Kind: mediumProfile, From: p.At, To: p.At, Namespace: p.Namespace, Pod: p.Pod, Container: p.Container,
			}, p.Data))
		}
	}
	return out, nil
}

func newMedium(m storedMedium, data []byte) medium {
	m.Version, m.Bytes, m.Hash = storedVersion, int64(len(data)), hash(string(data))
	m.Parts = (len(data) + partBytes - 1) / partBytes
	return medium{storedMedium: m, data: data, key: keyMedium(m.To, m.Kind, m.Namespace+"/"+m.Pod+"/"+m.Container+" "+m.Hash)}
}

// hour is when it ended.
func (m *medium) hour() hour { return hourOf(m.To) }

// part returns one piece of it.
func (m *medium) part(node string, i int) (investigations.Doc, error) {
	data := m.data[i*partBytes : min(len(m.data), (i+1)*partBytes)]
	return docOf(kindParts(node, m.hour()), keyPart(m.key, i), storedPart{Version: storedVersion, Data: data})
}

// readMedium reads the parts of a medium whole.
func (l *Ledger) readMedium(ctx context.Context, node string, h hour, key string, m storedMedium) ([]byte, error) {
	var out []byte
	for i := range m.Parts {
		d, err := l.o.Shelf.Doc(ctx, kindParts(node, h), keyPart(key, i))
		if err != nil {
			return nil, err
		}
		var p storedPart
		if err := json.Unmarshal(d.Body, &p); err != nil {
			return nil, fmt.Errorf("%w: read part %d of %s: %w", errUnreadable, i, key, err)
		}
		if out = append(out, p.Data...); int64(len(out)) > m.Bytes {
			break
		}
	}
	if int64(len(out)) != m.Bytes || hash(string(out)) != m.Hash {
		return nil, fmt.Errorf("%w: the parts of %s are not those that were stored", errUnreadable, key)
	}
	return out, nil
}

// errUnreadable is a document that holds what no ledger wrote: it is skipped.
var errUnreadable = errors.New("a document can't be read")

// overlaps says whether something of from to to is of the time between a and b.
func overlaps(from, to, a, b time.Time) bool { return !to.Before(a) && !from.After(b) }
