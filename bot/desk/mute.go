package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// mute is a workload of which nothing is said in a channel until some time. Of an empty workload it is the channel
// itself.
type mute struct {
	Channel string `json:"channel"`
	// Workload is namespace/name.
	Workload string    `json:"workload,omitempty"`
	Until    time.Time `json:"until"`
	By       string    `json:"by"`
}

func (m mute) key() string { return m.Channel + "/" + m.Workload }

func (d *Desk) loadMutes(ctx context.Context) error {
	for doc, err := range d.o.Store.Docs(ctx, docMute) {
		if err != nil {
			return fmt.Errorf("read what is muted: %w", err)
		}
		var m mute
		if err := json.Unmarshal(doc.Body, &m); err != nil {
			d.log.Error("a mute on the shelf can't be read", "mute", doc.Key, "err", err)
			continue
		}
		d.state.mutes[m.key()] = m
	}
	return nil
}

// mutedNow says whether a person muted a workload, as namespace/name, or a channel. The caller holds d.mu.
func (d *Desk) mutedNow(channel, workload string) bool {
	for _, m := range []mute{{Channel: channel}, {Channel: channel, Workload: workload}} {
		if at, ok := d.state.mutes[m.key()]; ok && d.now().Before(at.Until) {
			return true
		}
	}
	return false
}

// setMute mutes, or where span is 0 ends that. The caller holds d.mu.
func (d *Desk) setMute(channel, workload, by string, span time.Duration) {
	m := mute{Channel: channel, Workload: workload, By: by, Until: d.now().Add(span).UTC()}
	key := m.key()
	if span <= 0 {
		delete(d.state.mutes, key)
	} else {
		d.state.mutes[key] = m
	}
	d.saver.mark(docMute, key, func() (investigations.Doc, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		now, ok := d.state.mutes[key]
		if !ok {
			return investigations.Doc{Kind: docMute, Key: key}, nil
		}
		body, err := json.Marshal(now)
		return investigations.Doc{Kind: docMute, Key: key, Body: body}, err
	})
}

// baseName is the name in kind/name.
func baseName(workload string) string { return workload[strings.LastIndexByte(workload, '/')+1:] }
