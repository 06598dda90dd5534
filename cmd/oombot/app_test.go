package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// TestStderrIsSafe checks that neither secrets nor control characters reach standard error, whoever says them.
func TestStderrIsSafe(t *testing.T) {
	const hostile = "password=hunter2 \x1b[31mred\nnext"
	var errs strings.Builder
	a := newApp(nil, nil, nil, &errs)
	a.say("oombot: %v", errors.New(hostile))
	log := a.logger(slog.LevelDebug)
	log.Debug("failed", "err", errors.New(hostile), "source", hostile)
	got := errs.String()
	if strings.Contains(got, "hunter2") || strings.Contains(got, "\x1b") || strings.Count(got, "\n") != 2 {
		t.Errorf("standard error got %q", got)
	}
	if strings.Count(got, "red") < 3 {
		t.Errorf("more than the secret is gone: %q", got)
	}
}

func TestStreamWithoutTerminal(t *testing.T) {
	a := newApp([]string{"TERM=xterm", "ODD", "NO_COLOR="}, nil, new(strings.Builder), new(strings.Builder))
	if a.stdout.terminal || a.stdout.color || a.stdout.width == 0 {
		t.Errorf("a builder is taken for a terminal: %+v", a.stdout)
	}
}
