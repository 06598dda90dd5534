package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// stopwatch adds up the pauses instead of making them, and presses keys at the pauses named.
type stopwatch struct {
	paused time.Duration
	pauses int
	keys   map[int]pauseEnd
}

func (s *stopwatch) pause(_ context.Context, d time.Duration) pauseEnd {
	s.paused += d
	s.pauses++
	return s.keys[s.pauses]
}

func newTestDemo(t *testing.T, p pauser) (*demo, *strings.Builder) {
	t.Helper()
	var out strings.Builder
	a := newApp(nil, strings.NewReader(""), &out, &out)
	d := &demo{app: a, log: a.logger(0), pauser: p}
	t.Cleanup(d.remember(t.Context()))
	return d, &out
}

// TestDemo plays the demo as somebody at a terminal sees it, who touches nothing.
func TestDemo(t *testing.T) {
	watch := &stopwatch{}
	d, out := newTestDemo(t, watch)
	if err := d.show(t.Context()); err != nil {
		t.Fatal(err)
	}
	if watch.paused > 58*time.Second || watch.paused < 20*time.Second {
		t.Errorf("the demo pauses for %s, want most of a minute, and not more", watch.paused)
	}
	text := strings.Join(strings.Fields(out.String()), " ") // wherever lines were broken
	for _, want := range []string{
		"incident 6 of 6", "SEEN BEFORE", "Rollback was done after it, and held.", " UTC ", "kernlog", "WHAT TO DO", "EVIDENCE", "NOT SEEN", "What it teaches: ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the demo doesn't show %q", want)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("the demo writes control characters where there is no terminal")
	}
}

func TestDemoKeys(t *testing.T) {
	all := &stopwatch{}
	whole, _ := newTestDemo(t, all)
	if err := whole.show(t.Context()); err != nil {
		t.Fatal(err)
	}

	once := &stopwatch{keys: map[int]pauseEnd{2: goOn}}
	hurried, _ := newTestDemo(t, once)
	if err := hurried.show(t.Context()); err != nil {
		t.Fatal(err)
	}
	perIncident := all.pauses / len(demoIncidents)
	if saved := all.pauses - once.pauses; saved < perIncident/2 || saved > 2*perIncident {
		t.Errorf("a key saves %d of %d pauses, want those of the rest of one incident", saved, all.pauses)
	}

	q := &stopwatch{keys: map[int]pauseEnd{3: leave}}
	left, out := newTestDemo(t, q)
	if err := left.show(t.Context()); err != nil {
		t.Errorf("leaving is an error: %v", err)
	}
	if strings.Contains(out.String(), "incident 2") || q.pauses != 3 {
		t.Errorf("the demo goes on after it was left, for %d pauses", q.pauses)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	interrupted, _ := newTestDemo(t, noPauser{})
	if err := interrupted.show(ctx); err == nil {
		t.Error("an interrupted demo is no error")
	}
}

// TestDemoAsDocuments checks that each incident is a document on a line of its own, and shows what it is for.
func TestDemoAsDocuments(t *testing.T) {
	stdout, stderr, code := runProgram(t, strings.NewReader(""), "demo", "-o", "json")
	if code != exitDone || stderr != "" {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	causes := map[investigations.Cause]bool{}
	for line := range strings.Lines(stdout) {
		var r investigations.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		causes[r.Verdict.Cause] = true
	}
	for _, want := range []investigations.Cause{
		investigations.CauseLeak, investigations.CauseSidecar, investigations.CauseNoisyNeighbour, investigations.CauseNotOOM,
	} {
		if !causes[want] {
			t.Errorf("no incident of the demo shows %s: %v", want, causes)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, "\n"},
		{"a bc def", 80, "a bc def\n"},
		{"a bc def", 4, "a bc\ndef\n"},
		{"ää öö", 5, "ää öö\n"},
		{"overlong word", 3, "overlong\nword\n"},
	}
	for _, tt := range tests {
		if got := wrap(tt.text, tt.width); got != tt.want {
			t.Errorf("wrap(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

// TestLesson checks that each cause has a lesson of its own, or falls back to one that holds for all.
func TestLesson(t *testing.T) {
	seen := map[string]investigations.Cause{}
	for _, c := range investigations.Causes {
		l := lesson(investigations.Verdict{Cause: c, Boundary: investigations.BoundaryContainer})
		if other, ok := seen[l]; ok && !strings.Contains(l, "numbers in brackets") {
			t.Errorf("%s and %s teach the same", c, other)
		}
		seen[l] = c
	}
	pod := lesson(investigations.Verdict{Cause: investigations.CauseLeak, Boundary: investigations.BoundaryPod})
	if !strings.Contains(pod, "pod") {
		t.Errorf("a pod's limit teaches %q", pod)
	}
}
