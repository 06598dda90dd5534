package oombot_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/oombot/oombot/e2e/oombot"
)

// TestRun runs the program under test, while this process holds more memory than that ever needs.
func TestRun(t *testing.T) {
	ballast := bytes.Repeat([]byte{1}, 300<<20)
	out := oombot.Run(t, oombot.Command{Args: []string{"kernlog"}, Stdin: []byte("nothing of note\n")})
	if out.Code != 0 || out.Took <= 0 {
		t.Errorf("exit status %d after %s: %s", out.Code, out.Took, out.Stderr)
	}
	if out.MaxRSS < 2<<20 || out.MaxRSS > 150<<20 {
		t.Errorf("it held %d bytes, beside %d here", out.MaxRSS, len(ballast))
	}
	out = oombot.Run(t, oombot.Command{Args: []string{"no-such-command"}})
	if out.Code != 2 || !strings.Contains(string(out.Stderr), "no-such-command") {
		t.Errorf("exit status %d, %s", out.Code, out.Stderr)
	}
}
