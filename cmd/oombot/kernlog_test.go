package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestKernlogInterrupted checks that an interrupt ends the reading of a log from which nothing comes.
func TestKernlogInterrupted(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	var errs strings.Builder
	go func() { done <- run(ctx, []string{"kernlog"}, nil, r, io.Discard, &errs) }()
	if _, err := io.WriteString(w, "[    1.0] eth0: link up\n"); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case code := <-done:
		if code != exitCouldNot || errs.String() != "oombot: interrupted\n" {
			t.Errorf("exit status %d, and %q on standard error", code, errs.String())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("an interrupt doesn't end the program")
	}
}

func TestKernlogReadError(t *testing.T) {
	const kill = "[ 7.0] Out of memory: Killed process 7 (java) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB\n"
	broken := io.MultiReader(strings.NewReader(kill), iotest.ErrReader(errors.New("the cable is out")))
	stdout, stderr, code := runProgram(t, broken, "kernlog", "-o", "json")
	if code != exitCouldNot || stderr != "oombot: standard input: read kernel log: the cable is out\n" {
		t.Errorf("exit status %d, and %q on standard error", code, stderr)
	}
	if strings.Count(stdout, `"pid":7`) != 1 {
		t.Errorf("what was read before the fault is not printed: %q", stdout)
	}
}

// TestBrokenOutput checks that a result which can't be written is no success.
func TestBrokenOutput(t *testing.T) {
	const kill = "[ 7.0] Out of memory: Killed process 7 (java) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB\n"
	tests := [][]string{
		{"kernlog"},
		{"kernlog", "-o", "json"},
		{"investigate", "--bundle", root + "/examples/pod-limit"},
		{"investigate", "--bundle", root + "/examples/pod-limit", "-o", "json"},
		{"eval", root + "/examples/pod-limit"},
		{"eval", root + "/examples/pod-limit", "-o", "json"},
		{"demo"},
		{"demo", "-o", "json"},
		{"version"},
		{"version", "-o", "json"},
		{"completion", "bash"},
	}
	for _, args := range tests {
		var errs strings.Builder
		code := run(t.Context(), args, nil, strings.NewReader(kill), fullDisk{}, &errs)
		if code != exitCouldNot || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("oombot %q on a full disk: exit status %d, and %q on standard error", args, code, errs.String())
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }
