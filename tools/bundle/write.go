package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// ErrExists says that a bundle would be written over something.
var ErrExists = errors.New("it is there already")

// Written says what a bundle holds.
type Written struct {
	Dir   string `json:"dir"`
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
	// Missing says why parts are not there, by their path.
	Missing    map[string]string          `json:"missing"`
	BlindSpots []investigations.BlindSpot `json:"blind_spots"`
}

// Write writes r as a bundle about req into the folder dir, which is there whole afterwards or not at all. by names
// the program, and at is when it read. dir may be an empty folder; anything else is ErrExists.
func (r *Recording) Write(dir string, req investigations.Request, by string, at time.Time) (Written, error) {
	dir = filepath.Clean(dir)
	if err := Vacant(dir); err != nil {
		return Written{}, err
	}
	whole, err := filepath.Abs(dir) // the parent of "." is known only then
	if err != nil {
		return Written{}, fmt.Errorf("write bundle: %w", err)
	}
	parent := filepath.Dir(whole)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return Written{}, fmt.Errorf("write bundle: %w", err)
	}
	part, err := os.MkdirTemp(parent, "."+filepath.Base(whole)+".part-")
	if err != nil {
		return Written{}, fmt.Errorf("write bundle: %w", err)
	}
	defer func() { _ = os.RemoveAll(part) }() // nothing is there any more once it has its name
	w, err := r.writeInto(part, req, by, at)
	if err != nil {
		return Written{}, fmt.Errorf("write bundle %q: %w", dir, err)
	}
	if err := os.Chmod(part, 0o755); err != nil {
		return Written{}, fmt.Errorf("write bundle: %w", err)
	}
	// An empty folder in its place goes: renaming over one is refused.
	if err := os.Remove(whole); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Written{}, fmt.Errorf("write bundle: %w", err)
	}
	if err := os.Rename(part, whole); err != nil {
		return Written{}, fmt.Errorf("write bundle: %w", err)
	}
	w.Dir = dir
	return w, nil
}

// Vacant returns nil where Write can make dir a bundle, and else what Write would return.
func Vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && len(entries) == 0:
		return nil
	case err == nil:
		return fmt.Errorf("write bundle %q: %w: give a folder that is not there yet, or an empty one", dir, ErrExists)
	}
	if _, statErr := os.Lstat(dir); statErr == nil {
		return fmt.Errorf("write bundle %q: %w, and is no folder", dir, ErrExists)
	}
	return fmt.Errorf("write bundle: %w", err)
}

func (r *Recording) writeInto(dir string, req investigations.Request, by string, at time.Time) (Written, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := Written{Missing: map[string]string{}, BlindSpots: []investigations.BlindSpot{}}
	for path, why := range r.missed {
		if _, kept := r.files[path]; !kept {
			w.Missing[path] = reasonOf(why)
		}
	}
	for _, s := range r.spots {
		w.BlindSpots = append(w.BlindSpots, investigations.BlindSpot{
			Tool: s.Tool, Why: redact.Text(s.Why), WouldTell: s.WouldTell,
		})
	}
	incident, err := incidentText(req, by, at, w)
	if err != nil {
		return w, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return w, err
	}
	defer root.Close()
	write := func(path string, data []byte) error {
		w.Files++
		w.Bytes += int64(len(data))
		return writeFile(root, path, data)
	}
	for _, path := range slices.Sorted(maps.Keys(r.files)) {
		if err := write(path, readable(path, r.files[path])); err != nil {
			return w, err
		}
	}
	return w, write(incidentFile, incident)
}

// writeFile writes a file and the folders that it is in, down to the disk.
func writeFile(root *os.Root, path string, data []byte) error {
	if folder := filepath.Dir(filepath.FromSlash(path)); folder != "." {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	f, err := root.OpenFile(filepath.FromSlash(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// readable puts the fields of Kubernetes objects on lines of their own, as kubectl does.
func readable(path string, data []byte) []byte {
	if !strings.HasPrefix(path, "kubernetes/") {
		return data
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "    "); err != nil {
		return data
	}
	return out.Bytes()
}

// incidentText is incident.yaml.
func incidentText(req investigations.Request, by string, at time.Time, w Written) ([]byte, error) {
	type blind struct {
		Tool      string `yaml:"tool"`
		Why       string `yaml:"why"`
		WouldTell string `yaml:"would_tell,omitempty"`
	}
	type alert struct {
		Source string `yaml:"source,omitempty"`
		ID     string `yaml:"id,omitempty"`
		Title  string `yaml:"title,omitempty"`
	}
	var doc struct {
		Version   int               `yaml:"version"`
		At        string            `yaml:"at"`
		Target    map[string]string `yaml:"target"`
		Cluster   string            `yaml:"cluster,omitempty"`
		Window    string            `yaml:"window"`
		Alert     *alert            `yaml:"alert,omitempty"`
		Collected struct {
			At         string            `yaml:"at"`
			By         string            `yaml:"by"`
			Missing    map[string]string `yaml:"missing,omitempty"`
			BlindSpots []blind           `yaml:"blind_spots,omitempty"`
		} `yaml:"collected"`
	}
	doc.Version, doc.At = Version, req.At.UTC().Format(time.RFC3339Nano)
	doc.Cluster, doc.Window = req.Cluster, windowText(req.Window)
	doc.Target = targetText(req.Target)
	if req.Alert != nil {
		doc.Alert = &alert{req.Alert.Source, req.Alert.ID, redact.Text(req.Alert.Title)}
	}
	doc.Collected.At, doc.Collected.By, doc.Collected.Missing = at.UTC().Format(time.RFC3339), by, w.Missing
	for _, s := range w.BlindSpots {
		doc.Collected.BlindSpots = append(doc.Collected.BlindSpots, blind(s))
	}
	return yaml.Marshal(doc)
}

// windowText writes a duration as people do: 24h, 30m, 1h10m.
func windowText(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"0s", "0m"} { // of 30m0s the zero of the minutes is none
		if rest := strings.TrimSuffix(s, zero); rest != s && strings.ContainsAny(rest[max(len(rest)-1, 0):], "hm") {
			s = rest
		}
	}
	return s
}

func targetText(t investigations.Target) map[string]string {
	out := map[string]string{}
	for key, value := range map[string]string{
		"namespace": t.Namespace, "pod": t.Pod, "container": t.Container, "workload": t.Workload, "node": t.Node,
	} {
		if value != "" {
			out[key] = value
		}
	}
	return out
}

// NotRead says in a line each what could not be read.
func (w Written) NotRead() []string {
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(w.Missing)) {
		lines = append(lines, path+": "+w.Missing[path])
	}
	for _, s := range w.BlindSpots {
		lines = append(lines, s.Tool+": "+s.Why)
	}
	return lines
}
