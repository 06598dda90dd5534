package main

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
	"github.com/oombot/oombot/tools/live"
	"github.com/oombot/oombot/tools/pods"
	"github.com/oombot/oombot/tools/rollouts"
)

// copied is a live source that has what a bundle has.
type copied struct {
	investigations.Tool
	fsys    fs.FS
	folders []string
}

// Record copies the folders.
func (c copied) Record(_ context.Context, _ investigations.Subject, to investigations.Sink) error {
	for _, folder := range c.folders {
		err := fs.WalkDir(c.fsys, folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			data, err := fs.ReadFile(c.fsys, path)
			to.Keep(path, investigations.Origin{Name: path, Source: path, File: true}, data)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// likeLive returns a session on a stand-in for the API server that holds the bundle's objects; all other sources
// have what the bundle has.
func likeLive(t *testing.T, fsys fs.FS, ask live.Ask) *session {
	t.Helper()
	s := &session{
		config: config.Default(), recording: bundle.NewRecording(), log: slog.New(slog.DiscardHandler),
		cluster: kubetest.New(t, fsys).Cluster(t),
	}
	for _, read := range readers() {
		tool := read(fsys)
		var source investigations.LiveSource
		switch name := tool.Describe().Name; name {
		case investigations.ToolPods:
			source = pods.NewLive(s.cluster)
		case investigations.ToolRollouts:
			source = rollouts.NewLive(s.cluster)
		case investigations.ToolMetrics:
			source = copied{tool, fsys, []string{"metrics", "recorder"}}
		case investigations.ToolKernlog:
			source = copied{tool, fsys, []string{"kernel"}}
		default:
			source = copied{tool, fsys, []string{name}}
		}
		s.sources = append(s.sources, liveSource{source, read})
	}
	if err := s.find(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	return s
}

// askFor writes what a person would ask of a bundle's incident.
func askFor(t *testing.T, req investigations.Request) live.Ask {
	t.Helper()
	target := req.Target.String()
	words, err := live.ParseTarget(target)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return live.Ask{Words: words, At: req.At, Window: req.Window, Cluster: req.Cluster}
}

func investigateLikeLive(t *testing.T, dir string) {
	b, err := bundle.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s := likeLive(t, b.FS(), askFor(t, b.Request()))
	got, _, err := s.investigate(t.Context(), investigations.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gradesOf(t, b.FS(), got) {
		if !g.Right {
			t.Errorf("live, %s: want %s, got %s", g.Field, g.Want, g.Got)
		}
	}

	// What was recorded gives the same verdict from a folder.
	out := filepath.Join(t.TempDir(), "out")
	if _, err := s.recording.Write(out, s.subject.Request, "a test", time.Now()); err != nil {
		t.Fatal(err)
	}
	again, err := bundle.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	want, _, err := diagnose(t.Context(), again.Request(), bundleTools(again.FS(), again.BlindSpots, nil), investigations.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(withoutPlaces(want, nil), withoutPlaces(got, s.origins())); diff != "" {
		t.Errorf("the collected bundle says otherwise (-bundle +live):\n%s", diff)
	}
}

// withoutPlaces is a result without what differs between a folder and a cluster: where things stand, and how long it took.
func withoutPlaces(r *investigations.Result, origins map[string]investigations.Origin) *investigations.Result {
	c := *r
	c.Facts = nil
	for _, f := range r.Facts {
		f.Source = ""
		c.Facts = append(c.Facts, f)
	}
	c.BlindSpots = nil
	for _, b := range r.BlindSpots {
		for path, o := range origins {
			if !strings.Contains(path, ".") { // a folder is called by its name and a slash
				b.Why = strings.ReplaceAll(b.Why, o.Name+" ", path+"/ ")
				continue
			}
			b.Why = strings.ReplaceAll(b.Why, o.Name, path)
		}
		c.BlindSpots = append(c.BlindSpots, b)
	}
	c.Tools = nil
	return &c
}

// TestLiveIsLikeTheBundle has every example investigated with its objects behind an API.
func TestLiveIsLikeTheBundle(t *testing.T) {
	dirs, err := filepath.Glob("../../examples/*/incident.yaml")
	if err != nil || len(dirs) < 10 {
		t.Fatalf("%d examples, %v", len(dirs), err)
	}
	if shared := os.Getenv("OOMBOT_SHARED"); shared != "" {
		more, err := filepath.Glob(shared + "/bundles/*/incident.yaml")
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, more...)
	}
	for _, file := range dirs {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) { investigateLikeLive(t, filepath.Dir(file)) })
	}
}
