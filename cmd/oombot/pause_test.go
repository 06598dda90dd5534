package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitForKey(t *testing.T) {
	tests := []struct {
		name  string
		typed string
		end   pauseEnd
		took  time.Duration
	}{
		{"nobody types", "", timeOver, 10 * time.Second},
		{"enter", "\r", goOn, time.Second},
		{"line feed", "\n", goOn, time.Second},
		{"space after others", "xyz ", goOn, 4 * time.Second},
		{"q", "q", leave, time.Second},
		{"control-C", "\x03", leave, time.Second},
		{"control-D", "\x04", leave, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				keys := make(chan byte)
				go func() { // types a letter a second; ends with them
					for _, k := range []byte(tt.typed) {
						time.Sleep(time.Second)
						keys <- k
					}
				}()
				start := time.Now()
				end := waitForKey(t.Context(), 10*time.Second, keys)
				if took := time.Since(start); end != tt.end || took != tt.took {
					t.Errorf("ended by %d after %s, want %d after %s", end, took, tt.end, tt.took)
				}
			})
		})
	}
}

func TestWaitForKeyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		closed := make(chan byte)
		close(closed)
		if waitForKey(t.Context(), time.Second, closed) != timeOver || time.Since(start) != time.Second {
			t.Error("closed keys end the pause, or the demo")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if waitForKey(ctx, time.Hour, nil) != leave || (noPauser{}).pause(ctx, 0) != leave {
			t.Error("an interrupt doesn't end the demo")
		}
	})
}

// TestNoTerminal checks that the pauses of a demo don't depend on somebody at a terminal.
func TestNoTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newKeyPauser(strings.NewReader("q"))
		start := time.Now()
		if p.reads() || p.pause(t.Context(), time.Second) != timeOver || time.Since(start) != time.Second {
			t.Error("keys are read from what is no terminal")
		}
		if (noPauser{}).pause(t.Context(), time.Hour) != timeOver || time.Since(start) != time.Second {
			t.Error("noPauser pauses")
		}
	})
}
