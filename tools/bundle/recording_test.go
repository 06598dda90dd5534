package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

var (
	recordedAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	recordedOf = investigations.Request{
		At: recordedAt, Window: 6 * time.Hour, Cluster: "eu",
		Target: investigations.Target{Namespace: "shop", Pod: "web-1", Container: "web"},
		Alert:  &investigations.Alert{Source: "pagerduty", ID: "Q1", Title: "password=hunter2 is down"},
	}
)

// sample returns a recording of some parts; others were missed.
func sampleRecording() *Recording {
	r := NewRecording()
	r.Keep("kubernetes/pods.json", investigations.Origin{Name: "the pods"}, []byte(`{"kind":"List","items":[{"a":1}]}`))
	r.Keep("logs/shop/web-1/web.log", investigations.Origin{Name: "the log"}, []byte("2026-03-04T02:17:09Z hello\n"))
	r.Miss("metrics", investigations.Origin{Name: "Prometheus"}, fmt.Errorf("%w: set prometheus.url", investigations.ErrNotConfigured))
	r.Miss("kubernetes/nodes.json", investigations.Origin{Name: "the nodes"}, fmt.Errorf("%w: token=hunter2 is refused", investigations.ErrForbidden))
	r.Miss("logs/shop/web-1/side.log", investigations.Origin{Name: "the side's log"}, investigations.ErrUnavailable)
	r.Miss("profiles/shop/web-1/web/x.pb.gz", investigations.Origin{}, investigations.ErrTooLarge)
	r.Miss("kubernetes/pods.json", investigations.Origin{}, errors.New("a later try failed"))
	r.Blind(investigations.BlindSpot{Tool: "pods", Why: "b", WouldTell: "y"})
	r.Blind(investigations.BlindSpot{Tool: "pods", Why: "a secret=hunter2", WouldTell: "x"})
	return r
}

func TestRecordingFS(t *testing.T) {
	fsys := sampleRecording().FS()
	for path, want := range map[string]string{
		"metrics":                         "set prometheus.url",
		"metrics/traffic.json":            "set prometheus.url",
		"kubernetes/nodes.json":           "is refused",
		"logs/shop/web-1/side.log":        "unavailable",
		"profiles/shop/web-1/web/x.pb.gz": "too large",
	} {
		if _, err := fs.Stat(fsys, path); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("stat %s: %v, want %q", path, err, want)
		}
		if _, err := fs.ReadFile(fsys, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read %s: %v, want %q", path, err, want)
		}
	}
	for path, want := range map[string]string{
		".": "kubernetes logs metrics profiles", "kubernetes": "nodes.json pods.json", "logs/shop/web-1": "side.log web.log", "profiles/shop": "web-1",
	} {
		entries, err := fs.ReadDir(fsys, path)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%s lists %q, %v, want %q", path, got, err, want)
		}
	}
	if info, err := fs.Stat(fsys, "profiles"); err != nil || !info.IsDir() {
		t.Errorf("a folder of which a part was missed: %v, %v", info, err)
	}
	if _, err := fs.Stat(fsys, "recorder"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what nobody speaks of: %v", err)
	}
	if data, err := fs.ReadFile(fsys, "kubernetes/pods.json"); err != nil || !strings.Contains(string(data), "List") {
		t.Errorf("what is kept and was missed later: %q, %v", data, err)
	}
}

func TestRecordingOfHostileNames(t *testing.T) {
	r := NewRecording()
	for _, path := range []string{"../x", "/etc/passwd", "", ".", "a//b", "a/../b"} {
		r.Keep(path, investigations.Origin{}, []byte("x"))
	}
	entries, err := fs.ReadDir(r.FS(), ".")
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if w, err := r.Write(out, recordedOf, "test", recordedAt); err != nil || w.Files != 1 {
		t.Errorf("%+v, %v", w, err)
	}
	// A path that is a file of one and a folder of another.
	r = NewRecording()
	r.Keep("logs/a", investigations.Origin{}, nil)
	r.Keep("logs/a/b.log", investigations.Origin{}, nil)
	if _, err := fs.ReadDir(r.FS(), "logs"); err == nil {
		t.Error("a file that is a folder too can be listed")
	}
	if _, err := r.Write(filepath.Join(t.TempDir(), "out"), recordedOf, "test", recordedAt); err == nil {
		t.Error("a file that is a folder too can be written")
	}
}

// TestWrite holds that a written bundle reads as the recording did.
func TestWrite(t *testing.T) {
	r := sampleRecording()
	out := filepath.Join(t.TempDir(), "deep", "out")
	w, err := r.Write(out, recordedOf, "oombot 1.2.3", recordedAt)
	if err != nil {
		t.Fatal(err)
	}
	if w.Files != 3 || w.Dir != out || len(w.Missing) != 4 || len(w.NotRead()) != 6 {
		t.Errorf("%+v", w)
	}
	b, err := Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	want := recordedOf
	want.Alert = &investigations.Alert{Source: "pagerduty", ID: "Q1", Title: "password=[redacted] is down"}
	if diff := cmp.Diff(want, b.Request()); diff != "" {
		t.Errorf("the request (-want +got):\n%s", diff)
	}
	wantSpots := []investigations.BlindSpot{{Tool: "pods", Why: "a secret=[redacted]", WouldTell: "x"}, {Tool: "pods", Why: "b", WouldTell: "y"}}
	if diff := cmp.Diff(wantSpots, b.BlindSpots("pods")); diff != "" || b.BlindSpots("logs") != nil {
		t.Errorf("the blind spots (-want +got):\n%s", diff)
	}
	for _, path := range []string{"metrics", "metrics/x.json", "kubernetes/nodes.json", "logs/shop/web-1/side.log", "profiles/shop/web-1/web/x.pb.gz"} {
		_, live := fs.Stat(r.FS(), path)
		_, folder := fs.Stat(b.FS(), path)
		if live == nil || folder == nil || cause(live) != cause(folder) {
			t.Errorf("%s: live %v, from the folder %v", path, live, folder)
		}
	}
	secret := 0
	err = fs.WalkDir(os.DirFS(out), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(out, path))
		if strings.Contains(string(data), "hunter2") {
			secret++
			t.Errorf("%s holds a secret:\n%s", path, data)
		}
		return err
	})
	if err != nil || secret > 0 {
		t.Error(err)
	}
}

func cause(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return err.Error()
}

func TestWriteIsAtomic(t *testing.T) {
	parent := t.TempDir()
	empty, full, file := filepath.Join(parent, "empty"), filepath.Join(parent, "full"), filepath.Join(parent, "file")
	for _, dir := range []string{empty, full} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{file, filepath.Join(full, "x")} {
		if err := os.WriteFile(f, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sampleRecording().Write(empty, recordedOf, "test", recordedAt); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
	for _, dir := range []string{full, file, empty} {
		if _, err := sampleRecording().Write(dir, recordedOf, "test", recordedAt); !errors.Is(err, ErrExists) {
			t.Errorf("over %s: %v", dir, err)
		}
	}
	if data, err := os.ReadFile(filepath.Join(full, "x")); string(data) != "mine" {
		t.Errorf("what was there is gone: %v", err)
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 3 {
		t.Errorf("something was left behind: %v, %v", entries, err)
	}
}

func TestRecordingConcurrently(t *testing.T) {
	r := NewRecording()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				r.Keep(fmt.Sprintf("logs/n/p%d/c%d.log", i, j), investigations.Origin{}, []byte("x"))
				r.Miss(fmt.Sprintf("logs/n/p%d/m%d.log", i, j), investigations.Origin{}, errors.New("no"))
				_ = r.FS()
				_ = r.Origins()
			}
		})
	}
	wg.Wait()
	files, err := fs.Glob(r.FS(), "logs/n/*/c*.log")
	if err != nil || len(files) != 400 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// TestCollectedOfStrangers has an incident.yaml whose collector says odd things: it is data like all else.
func TestCollectedOfStrangers(t *testing.T) {
	text := "version: 1\nat: 2026-03-04T02:17:09Z\ntarget: {node: n1}\ncollected:\n  missing: {../../etc: x, .: y, kernel: \"a\\x1b[31mb\"}\n  blind_spots: [{tool: pods, why: [1]}]\n"
	if _, err := ReadIncident(fstest.MapFS{incidentFile: {Data: []byte(text)}}); !errors.Is(err, investigations.ErrInvalidBundle) {
		t.Errorf("a list where a text belongs: %v", err)
	}
	text = strings.Replace(text, "[1]", "z", 1)
	_, told, err := readIncident(fstest.MapFS{incidentFile: {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	missing := told.missing()
	if len(missing) != 1 || strings.Contains(missing["kernel"].Error(), "\x1b") {
		t.Errorf("%v", missing)
	}
}

func TestWindowsAreReadAsTheyWereWritten(t *testing.T) {
	for window, want := range map[time.Duration]string{
		24 * time.Hour: "24h", 30 * time.Minute: "30m", 70 * time.Minute: "1h10m", 30 * 24 * time.Hour: "720h", 20 * time.Second: "20s",
		10*time.Hour + 20*time.Second: "10h0m20s", 90*time.Second + time.Millisecond: "1m30.001s",
	} {
		if got := windowText(window); got != want {
			t.Errorf("%s is written as %q, want %q", window, got, want)
		}
		req := recordedOf
		req.Window = window
		dir := filepath.Join(t.TempDir(), "b")
		if _, err := NewRecording().Write(dir, req, "a test", recordedAt); err != nil {
			t.Fatal(err)
		}
		b, err := Open(dir)
		if err != nil {
			t.Fatalf("%s: %v", window, err)
		}
		if b.Request().Window != window {
			t.Errorf("%s is read as %s", window, b.Request().Window)
		}
		b.Close()
	}
}

// TestWriteIntoTheWorkingFolder has --out . in an empty folder, whose parent its name does not tell.
func TestWriteIntoTheWorkingFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "b")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	w, err := sampleRecording().Write(".", recordedOf, "a test", recordedAt)
	if err != nil {
		t.Fatal(err)
	}
	if w.Dir != "." {
		t.Errorf("it is said to be %s", w.Dir)
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}
