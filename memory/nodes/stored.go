package nodes

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// storedVersion is the version of all bodies. A field may be added; one that changes its meaning makes a new version.
const storedVersion = 1

const (
	// packFrom is the length from which what is told is compressed.
	packFrom = 4 << 10
	// maxUnpacked bounds what one compressed body may become, in bytes.
	maxUnpacked = 128 << 20
	// partBytes is the length of a part of a medium: in base64 and with what stands around it, it is still below
	// memory.MaxDocBody.
	partBytes = 700 << 10
)

// storedEntry is the body of what stands below node/NODE/HOUR.
type storedEntry struct {
	Version int       `json:"v"`
	At      time.Time `json:"at"`
	// Of is what was told, GZ the same compressed: one of both.
	Of json.RawMessage `json:"of,omitempty"`
	GZ []byte          `json:"gz,omitempty"`
}

// storedHour is the body of a node-hour.
type storedHour struct {
	Version int `json:"v"`
	// Reports and Media are about how many bytes the documents of the hour have.
	Reports int64 `json:"reports,omitempty"`
	Media   int64 `json:"media,omitempty"`
}

// storedMedium is the body of what stands below node-media/NODE/HOUR.
type storedMedium struct {
	Version int       `json:"v"`
	Kind    string    `json:"kind"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// Parts of Bytes bytes together, whose hash is Hash.
	Parts int    `json:"parts"`
	Bytes int64  `json:"bytes"`
	Hash  string `json:"hash"`
	// Namespace to Container are those of a profile.
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
}

// The kinds of media.
const (
	mediumRecording = "recording"
	mediumProfile   = "profile"
)

// storedPart is the body of what stands below node-parts/NODE/HOUR.
type storedPart struct {
	Version int    `json:"v"`
	Data    []byte `json:"data"`
}

// entry writes what was told at a time.
func entry(kind, key string, at time.Time, of any) (investigations.Doc, error) {
	data, err := json.Marshal(of)
	if err != nil {
		return investigations.Doc{}, fmt.Errorf("write %s: %w", key, err)
	}
	e := storedEntry{Version: storedVersion, At: at}
	if len(data) < packFrom {
		e.Of = data
	} else if e.GZ, err = pack(data); err != nil {
		return investigations.Doc{}, fmt.Errorf("write %s: %w", key, err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return investigations.Doc{}, fmt.Errorf("write %s: %w", key, err)
	}
	return investigations.Doc{Kind: kind, Key: key, Body: body}, nil
}

// readEntry reads what entry wrote into of.
func readEntry(body []byte, of any) error {
	var e storedEntry
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if e.Version != storedVersion {
		return fmt.Errorf("it is of version %d, and %d is known", e.Version, storedVersion)
	}
	data := []byte(e.Of)
	if len(e.GZ) > 0 {
		var err error
		if data, err = unpack(e.GZ); err != nil {
			return err
		}
	}
	if err := json.Unmarshal(data, of); err != nil {
		return fmt.Errorf("read what it holds: %w", err)
	}
	return nil
}

// kernelEntry writes a report of the kernel. One that is too long for a document loses the smaller tasks of its table, and
// then the cgroups below the one that ran out: nothing else of it is long.
func kernelEntry(kind, key string, r investigations.KernelReport) (investigations.Doc, error) {
	for _, most := range []int{-1, 10_000, 1000, 0} {
		if most >= 0 {
			if len(r.Tasks) > most {
				r.Tasks = largest(r.Tasks, most)
				r.Complete = false
				if !slices.Contains(r.Missing, "tasks") {
					r.Missing = append(slices.Clone(r.Missing), "tasks")
				}
			}
			if most <= 1000 {
				r.Children = nil
			}
		}
		d, err := entry(kind, key, *r.At, r)
		if err != nil || len(d.Body) <= memory.MaxDocBody {
			return d, err
		}
	}
	return investigations.Doc{}, fmt.Errorf("write %s: the report is %w", key, investigations.ErrTooLarge)
}

// largest returns the tasks with the most memory, in their order.
func largest(tasks []investigations.KernelTask, most int) []investigations.KernelTask {
	order := make([]int, len(tasks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(tasks[b].RSSPages, tasks[a].RSSPages) })
	order = order[:most]
	slices.Sort(order)
	out := make([]investigations.KernelTask, 0, most)
	for _, i := range order {
		out = append(out, tasks[i])
	}
	return out
}

func pack(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpack(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack it: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("unpack it: %w", err)
	}
	if len(out) > maxUnpacked {
		return nil, fmt.Errorf("unpack it: it is %w", investigations.ErrTooLarge)
	}
	return out, nil
}

func docOf(kind, key string, v any) (investigations.Doc, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return investigations.Doc{}, fmt.Errorf("write %s %s: %w", kind, key, err)
	}
	return investigations.Doc{Kind: kind, Key: key, Body: body}, nil
}
