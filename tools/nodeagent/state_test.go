package nodeagent

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestState(t *testing.T) {
	dir := t.TempDir()
	empty, err := loadState(dir, "boot-1")
	if err != nil || empty.Position != nil {
		t.Fatalf("a folder without state: %+v, %v", empty, err)
	}
	want := state{Version: stateVersion, BootID: "boot-1", Position: json.RawMessage(`{"seq":7}`), LosslessSince: start}
	for range 2 { // the second replaces the first
		if err := want.save(dir); err != nil {
			t.Fatal(err)
		}
	}
	got, err := loadState(dir, "boot-1")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("it came back changed (-want +got), %v:\n%s", err, diff)
	}
	if got, err = loadState(dir, "boot-2"); err != nil || got.Position != nil || got.BootID != "boot-2" {
		t.Errorf("after a boot it is %+v (%v), want none", got, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want the state alone", entries, err)
	}
}

func TestStateOfNoUse(t *testing.T) {
	for name, text := range map[string]string{"cut": `{"version":1,"boot_id":"b`, "long": strings.Repeat("x", maxState+1)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, stateFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := loadState(dir, "boot-1"); err == nil || s.BootID != "boot-1" {
			t.Errorf("%s: state %+v and no error, want an empty one and an error", name, s)
		}
	}
	if err := (state{}).save(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("it was written into a folder that is not there")
	}
}

func TestBootID(t *testing.T) {
	proc := t.TempDir()
	if _, err := BootID(proc); err == nil {
		t.Error("a folder that is no /proc has the id of a boot")
	}
	dir := filepath.Join(proc, "sys/kernel/random")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"f00\n": "f00", "\n": "", strings.Repeat("f", 65): ""} {
		if err := os.WriteFile(filepath.Join(dir, "boot_id"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := BootID(proc); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is the id %q (%v), want %q", text, got, err, want)
		}
	}
}
