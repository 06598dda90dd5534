package oombot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
)

// Patience bounds each wait; it is far more than anything takes.
const Patience = 3 * time.Minute

// Until waits for what nobody tells.
func Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("it never came to this: %s", what)
}

// Wait waits until a workspace shows what is wanted.
func Wait(t testing.TB, s *slackfake.Server, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if err := s.Wait(ctx, done); err != nil {
		var b strings.Builder
		_ = s.Dump(&b) // a builder takes all
		t.Fatalf("%s: %v\n%s", what, err, b.String())
	}
}
