package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHistoryAtTerminal looks past incidents up as a person at a terminal does.
func TestHistoryAtTerminal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory.db")
	incidents, err := os.Open("testdata/history/incidents.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer incidents.Close()
	if _, stderr, code := runProgram(t, incidents, "history", "import", "--memory", file); code != exitDone {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	for _, args := range [][]string{{"list"}, {"show", againID}, {"graph", againID}, {"stats"}} {
		args = append(append([]string{"history"}, args...), "--memory", file)
		coloured := atTerminal(t, []string{"TERM=xterm"}, "", args...)
		if !strings.Contains(coloured, escape+"[2m") {
			t.Errorf("%q shows no colours:\n%s", args, coloured)
		}
		if plain := atTerminal(t, []string{"NO_COLOR=1"}, "", args...); strings.Contains(plain, escape) {
			t.Errorf("%q shows colours with NO_COLOR:\n%q", args, plain)
		}
	}
}
