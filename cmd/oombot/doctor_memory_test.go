package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

func TestCheckMemory(t *testing.T) {
	a := newApp(nil, strings.NewReader(""), io.Discard, io.Discard)
	log := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	full, foreign := filepath.Join(dir, "full.db"), filepath.Join(dir, "foreign.db")
	if err := os.WriteFile(foreign, []byte(strings.Repeat("no database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := a.openFile(t.Context(), full, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Keep(t.Context(), memorytest.Trace(1, 1), memorytest.Trace(1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, file string
		state      investigations.CheckState
		says, fix  string
	}{
		{"two incidents", full, investigations.CheckOK, "holds 2 incidents", ""},
		{"not there yet", filepath.Join(dir, "new.db"), investigations.CheckOK, "the first investigation makes it", ""},
		{"no folder", filepath.Join(dir, "no", "such", "new.db"), investigations.CheckFail, "no such file", "mkdir -p"},
		{"another program's", foreign, investigations.CheckFail, "not a memory file", "docs/memory.md"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := a.checkMemory(t.Context(), config.Memory{File: tt.file}, log)
			if len(got) != 1 || got[0].State != tt.state || !strings.Contains(got[0].Says, tt.says) || !strings.Contains(got[0].Fix, tt.fix) || got[0].Tool != investigations.ToolMemory {
				t.Errorf("got %+v, want %s: %q, %q", got, tt.state, tt.says, tt.fix)
			}
		})
	}
	if got := a.checkMemory(t.Context(), config.Memory{File: config.MemoryNone}, log); len(got) != 0 {
		t.Errorf("where nothing is remembered: %+v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "new.db")); err == nil {
		t.Error("looking at it made the file")
	}
}
