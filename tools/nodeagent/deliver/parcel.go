package deliver

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/oombot/oombot/investigations"
)

// maxUnpacked bounds what a file of the spool may unpack to, in bytes.
const maxUnpacked = 32 << 20

// parcel is a NodeReport as far as it must be understood to merge two: its parts stay as they were written.
type parcel struct {
	Version   int               `json:"version"`
	Node      string            `json:"node"`
	BootID    string            `json:"boot_id"`
	Seq       int64             `json:"seq"`
	SentAt    json.RawMessage   `json:"sent_at,omitzero"`
	Heartbeat json.RawMessage   `json:"heartbeat,omitempty"`
	Reports   []json.RawMessage `json:"reports,omitempty"`
	Counted   []json.RawMessage `json:"counted,omitempty"`
	UserKills []json.RawMessage `json:"user_kills,omitempty"`
	Pods      []json.RawMessage `json:"pods,omitempty"`
	Recorder  json.RawMessage   `json:"recorder,omitempty"`
	Profiles  []json.RawMessage `json:"profiles,omitempty"`
}

// pack returns v as gzipped JSON, and how long it was before.
func pack(v any) (body []byte, raw int64, err error) {
	var b bytes.Buffer
	// The fastest level: a report is waited for, and its numbers shrink well at any.
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, 0, fmt.Errorf("pack a report: %w", err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, 0, fmt.Errorf("pack a report: %w", err)
	}
	_, err = z.Write(data)
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, 0, fmt.Errorf("pack a report: %w", err)
	}
	return b.Bytes(), int64(len(data)), nil
}

// unpack reads a body. An error means that it is cut off, or no report at all.
func unpack(body []byte) (parcel, error) {
	var p parcel
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return p, fmt.Errorf("unpack a report: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err != nil {
		return p, fmt.Errorf("unpack a report: %w", err)
	}
	if len(data) > maxUnpacked {
		return p, fmt.Errorf("unpack a report: %w: it is over %d bytes", investigations.ErrTooLarge, maxUnpacked)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("unpack a report: %w", err)
	}
	if p.Version != investigations.NodeReportVersion || p.Node == "" || p.BootID == "" || p.Seq <= 0 {
		return p, errors.New("unpack a report: it lacks its version, node, boot or number")
	}
	return p, nil
}

// shed takes out what is large and can be done without. It says whether there was any.
func (p *parcel) shed() bool {
	if len(p.Recorder) == 0 && len(p.Profiles) == 0 {
		return false
	}
	p.Recorder, p.Profiles = nil, nil
	return true
}

// mergeKills, mergePods and mergeProfiles bound what one merged report holds of each, at most as much as the bot takes of it.
const (
	mergeKills    = 1000
	mergePods     = 2000
	mergeProfiles = 10
)

// fits says whether two reports together hold no more than one may.
func (p *parcel) fits(later *parcel) bool {
	return len(p.Reports)+len(later.Reports) <= mergeKills && len(p.Counted)+len(later.Counted) <= mergeKills &&
		len(p.UserKills)+len(later.UserKills) <= mergeKills && len(p.Pods)+len(later.Pods) <= mergePods &&
		len(p.Profiles)+len(later.Profiles) <= mergeProfiles
}

// add merges a later report of the same boot into p, which gets its number. An error leaves p as it was.
func (p *parcel) add(later parcel) error {
	if later.Node != p.Node || later.BootID != p.BootID {
		return errors.New("merge two reports: they are of two nodes or boots")
	}
	if !p.fits(&later) {
		return errors.New("merge two reports: the bot takes no such number of kills, pods or profiles at a time")
	}
	recorder, err := mergeRecordings(p.Recorder, later.Recorder)
	if err != nil {
		return err
	}
	p.Recorder = recorder
	p.Seq = later.Seq
	if len(later.Heartbeat) > 0 {
		p.Heartbeat = later.Heartbeat
	}
	p.Reports = append(p.Reports, later.Reports...)
	p.Counted = append(p.Counted, later.Counted...)
	p.UserKills = append(p.UserKills, later.UserKills...)
	p.Profiles = append(p.Profiles, later.Profiles...)
	p.Pods = addNew(p.Pods, later.Pods)
	return nil
}

// addNew appends those of more that list does not hold.
func addNew(list, more []json.RawMessage) []json.RawMessage {
	for _, m := range more {
		known := false
		for _, l := range list {
			known = known || bytes.Equal(l, m)
		}
		if !known {
			list = append(list, m)
		}
	}
	return list
}
