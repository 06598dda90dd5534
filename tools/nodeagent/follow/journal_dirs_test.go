package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

func TestJournalOpenSaysWhatToDo(t *testing.T) {
	open := func(dir string) error {
		_, err := Open(Options{Kind: Journal, BootID: sampleBoot, JournalDirs: []string{dir}})
		return err
	}
	if err := open(t.TempDir()); !errors.Is(err, ErrNoLog) || !strings.Contains(err.Error(), "mount") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, ErrNoLog) {
		t.Errorf("no folder: %v", err)
	}
	if err := open(inDir(t, map[string][]byte{"system.journal": []byte(strings.Repeat("no journal", 50))})); !errors.Is(err, errDamaged) {
		t.Errorf("another file: %v", err)
	}
	if err := open(inDir(t, map[string][]byte{"system.journal": []byte("LPKSHHRH")})); err == nil {
		t.Error("a file that is cut in its header was opened")
	}
	newer := sample(t, "plain")
	newer[15] = 1
	if err := open(inDir(t, map[string][]byte{"system.journal": newer})); err == nil || !strings.Contains(err.Error(), "newer than this program") {
		t.Errorf("a file of a newer format: %v", err)
	}
	if err := lacks([]error{fmt.Errorf("open x: %w", fs.ErrPermission)}); !errors.Is(err, ErrPermission) || !strings.Contains(err.Error(), "systemd-journal") {
		t.Errorf("a file that may not be read: %v", err)
	}
}

func TestJournalNames(t *testing.T) {
	for name, want := range map[string]bool{
		"system.journal": true, "system@0005c-0123.journal": true, "system@0005c.journal~": true,
		"user-1000.journal": false, "remote-node-2.journal": false, "system.journal.tmp": false, "fss": false, "system@x": false,
	} {
		if got := ofSystem(name); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}

func TestMissed(t *testing.T) {
	for text, want := range map[string]int64{
		"Missed 17 kernel messages": 17, "Missed 17 kernel messages.": -1, "Missed kernel messages": -1, "Missed 3 messages": -1, "": -1,
	} {
		if n, ok := missed([]byte(text)); ok != (want >= 0) || ok && n != want {
			t.Errorf("%q: %d, %t", text, n, ok)
		}
	}
}
