package metrics

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/endpoint"
)

// early is what is known of the test's subject before it was found.
func early() investigations.Subject {
	s := testSubject()
	return investigations.Subject{Request: s.Request}
}

// TestForesee holds that a source which began early reads the same, with no second look.
func TestForesee(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	want := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
	full := probes(f.asked())

	f.mu.Lock()
	f.queries = nil
	f.mu.Unlock()
	l := newLive(t, url, endpoint.Config{}, LiveOptions{})
	l.Foresee(t.Context(), early())
	got := record(t, l, testSubject())
	for _, spec := range specs() {
		if file(t, want, spec.name) != file(t, got, spec.name) {
			t.Errorf("%s differs", spec.name)
		}
	}
	if n := probes(f.asked()); n == 0 || n > full {
		t.Errorf("%d looks, and %d without foresight", n, full)
	}
}

// probes counts the requests for raw samples, which only a first look sends.
func probes(queries []string) int {
	n := 0
	for _, q := range queries {
		if strings.Contains(q, "["+promDuration(around)+"]") {
			n++
		}
	}
	return n
}

// TestForeseeOfAnother has the target turn out another: what was begun counts for nothing.
func TestForeseeOfAnother(t *testing.T) {
	for name, change := range map[string]func(*investigations.Subject){
		"another moment":  func(s *investigations.Subject) { s.Request.At = s.Request.At.Add(-time.Hour) },
		"another target":  func(s *investigations.Subject) { s.Request.Target.Pod = "other-0" },
		"a pod on a node": func(s *investigations.Subject) { s.Request.Target = investigations.Target{Node: "n1"} },
	} {
		t.Run(name, func(t *testing.T) {
			f, url := newFakeServer(t, gauges()...)
			record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
			full := probes(f.asked())
			f.mu.Lock()
			f.queries = nil
			f.mu.Unlock()

			l := newLive(t, url, endpoint.Config{}, LiveOptions{})
			s := early()
			change(&s)
			l.Foresee(t.Context(), s)
			rec := record(t, l, testSubject())
			if q := query(t, rec.FS(), testSubject().Request).Evidence.Metrics.Queries; len(q) != len(specs()) {
				t.Errorf("%d queries were answered", len(q))
			}
			if n := probes(f.asked()); n < full {
				t.Errorf("%d looks, and %d without foresight", n, full)
			}
		})
	}
}

// TestForeseeHangs has the early look take for ever: the time of the reading ends it.
func TestForeseeHangs(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	f.before = func(http.ResponseWriter, string, string) bool { <-release; return true }
	l := newLive(t, url, endpoint.Config{}, LiveOptions{})
	l.Foresee(t.Context(), early())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	rec := bundle.NewRecording()
	if err := l.Record(ctx, testSubject(), rec); err != nil {
		t.Fatal(err)
	}
	if why := rec.Missed("metrics"); !errors.Is(why, investigations.ErrUnavailable) {
		t.Errorf("missed: %v", why)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
