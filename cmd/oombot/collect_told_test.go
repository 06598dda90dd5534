package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// unpack writes what an archive holds into a folder, and returns the files' names.
func unpack(t *testing.T, archive, dir string) []string {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var names []string
	for r := tar.NewReader(strings.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.FileInfo().IsDir() {
			continue
		}
		names = append(names, h.Name)
		data, err := io.ReadAll(r)
		if err == nil {
			err = errors.Join(root.MkdirAll(filepath.Dir(h.Name), 0o755), root.WriteFile(h.Name, data, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCollectTold has the bundle hold what the node's agent told a bot, where the bot's memory file is, and go to standard
// output.
func TestCollectTold(t *testing.T) {
	b := example(t, "leak-after-deploy")
	req := b.Request()
	var node string
	var kill investigations.KernelReport
	for name, a := range toldOf(t, b.FS(), req) {
		node, kill = name, a.Reports[len(a.Reports)-1]
	}
	file := filepath.Join(t.TempDir(), "memory.db")
	listening(t, file, node, kill)
	s := kubetest.New(t, b.FS())
	collect := func(args ...string) (stdout, stderr string) {
		stdout, stderr, code := atCluster(t, s, append([]string{"collect", req.Target.String(), "--at", req.At.Format(time.RFC3339), "--out", "-"}, args...)...)
		if code != 0 {
			t.Fatalf("exit status %d, %s", code, stderr)
		}
		return stdout, stderr
	}
	log := "bundle/kernel/" + node + ".log"

	dir := t.TempDir()
	archive, stderr := collect("--memory", file)
	if names := strings.Join(unpack(t, archive, dir), " "); !strings.Contains(names, log) || !strings.Contains(names, "bundle/incident.yaml") {
		t.Errorf("the archive holds %s", names)
	}
	if !strings.Contains(stderr, "files, ") || !strings.Contains(stderr, "oombot investigate --bundle bundle") {
		t.Errorf("said is %s", stderr)
	}
	told, err := bundle.Open(filepath.Join(dir, "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	r, _, err := diagnose(t.Context(), told.Request(), bundleTools(told.FS(), told.BlindSpots, nil), investigations.Options{})
	if err != nil || r.Verdict.Mechanism != investigations.MemcgOOMKill {
		t.Errorf("the verdict is %s (%s), %v", r.Verdict.Mechanism, r.Verdict.Headline, err)
	}

	archive, _ = collect()
	if names := strings.Join(unpack(t, archive, t.TempDir()), " "); strings.Contains(names, log) {
		t.Errorf("without the memory file it holds %s", names)
	}
	gone := filepath.Join(t.TempDir(), "gone.db")
	collect("--memory", gone)
	if _, err := os.Stat(gone); err == nil {
		t.Error("looking for the memory file made it")
	}
}

// TestCollectUntold notes in the bundle that the memory file could not be read.
func TestCollectUntold(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	if err := os.WriteFile(foreign, bytes.Repeat([]byte("no database"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "incident")
	if _, stderr, code := atCluster(t, kubetest.New(t, running()), "collect", "shop/web-0", "--out", out, "--memory", foreign); code != 0 {
		t.Fatalf("exit status %d, %s", code, stderr)
	}
	text, err := os.ReadFile(filepath.Join(out, "incident.yaml"))
	if err != nil || !strings.Contains(string(text), "what node agents told could not be read") {
		t.Errorf("incident.yaml: %v\n%s", err, text)
	}
}

// TestArchiveRefuses has a person ask for what does not go together.
func TestArchiveRefuses(t *testing.T) {
	a := newApp(nil, nil, new(bytes.Buffer), new(bytes.Buffer))
	if err := a.vacantOut("-", outputJSON); err == nil || !strings.Contains(err.Error(), "leave out -o json") {
		t.Errorf("with -o json: %v", err)
	}
	a.stdout.terminal = true
	if err := a.vacantOut("-", outputText); err == nil || !strings.Contains(err.Error(), "send standard output to a file or a pipe") {
		t.Errorf("to a terminal: %v", err)
	}
}
