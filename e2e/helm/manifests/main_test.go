package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUpToDate compares what would be written with what is there: see `make manifests`.
func TestUpToDate(t *testing.T) {
	const deploy = "../../../deploy"
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(deploy)); err != nil {
		t.Fatal(err)
	}
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	names := []string{"manifests/oombot.yaml"}
	for _, c := range copies {
		names = append(names, filepath.Join("helm/oombot/files", filepath.Base(c)))
	}
	for _, name := range names {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(deploy, name))
		if err != nil || string(got) != string(want) {
			t.Errorf("deploy/%s is not what `make manifests` writes: %v", name, err)
		}
		if len(want) < 1000 {
			t.Errorf("deploy/%s has %d bytes only", name, len(want))
		}
	}
}

func TestRefuses(t *testing.T) {
	if err := write(t.TempDir()); err == nil || !strings.Contains(err.Error(), "oombot-rules.yaml") {
		t.Errorf("without the files: %v, want an error that names the first", err)
	}
}
