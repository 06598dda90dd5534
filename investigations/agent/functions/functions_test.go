package functions

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// maxDefinitions is how many bytes all definitions together may have: a model is sent them with every request.
const maxDefinitions = 3000

func TestDefinitions(t *testing.T) {
	definitions := New(investigations.Request{}, nil, nil, nil).Definitions()
	var names []string
	size := 0
	for _, d := range definitions {
		names = append(names, d.Name)
		size += len(d.Name) + len(d.Summary) + len(d.Schema)
		if !json.Valid(d.Schema) {
			t.Errorf("the schema of %s is no JSON: %s", d.Name, d.Schema)
		}
		var schema struct {
			Type                 string
			AdditionalProperties *bool
			Properties           map[string]struct {
				Type      string
				Enum      []string
				MaxLength int
				Format    string
			}
		}
		if err := json.Unmarshal(d.Schema, &schema); err != nil {
			t.Fatal(err)
		}
		if schema.Type != "object" || schema.AdditionalProperties == nil || *schema.AdditionalProperties {
			t.Errorf("%s takes arguments that its schema does not name", d.Name)
		}
		for name, p := range schema.Properties {
			if p.Type == "string" && p.MaxLength == 0 && p.Format == "" {
				t.Errorf("%s: the text %s has no bound", d.Name, name)
			}
		}
		if n := strings.Count(d.Summary, "\n"); n > 0 || d.Summary == "" || len(d.Summary) > 130 {
			t.Errorf("%s: the summary is %q", d.Name, d.Summary)
		}
	}
	want := []string{"kernlog", "pods", "metrics", "rollouts", "logs", "profiles", "past_incidents"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	t.Logf("%d bytes", size)
	if size > maxDefinitions {
		t.Errorf("the definitions have %d bytes, more than %d", size, maxDefinitions)
	}
}

// TestQueriesAreAllOffered holds the enumeration to the queries that a bundle can hold.
func TestQueriesAreAllOffered(t *testing.T) {
	want := []string{
		"container_working_set", "container_rss", "container_cache", "container_limit", "container_oom_events", "container_restarts",
		"node_available", "node_total", "node_pods_working_set", "traffic", "runtime_heap", "runtime_threads", "recorder",
	}
	if diff := cmp.Diff(want, queryNames()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNothingRead: without evidence every function says that it could not look, and what that would tell.
func TestNothingRead(t *testing.T) {
	res := &investigations.Result{BlindSpots: []investigations.BlindSpot{
		{Tool: investigations.ToolMetrics, Why: "Prometheus is down", WouldTell: "how memory went"},
	}}
	s := New(investigations.Request{}, res, nil, nil)
	for _, d := range s.Definitions() {
		a := call(t, s, d.Name, "")
		if len(a.Facts) != 0 || !strings.HasPrefix(a.Note, "could not look: ") {
			t.Errorf("%s: %v %q", d.Name, a.Facts, a.Note)
		}
	}
	if a := call(t, s, "metrics", ""); !strings.Contains(a.Note, "Prometheus is down (would tell how memory went)") {
		t.Errorf("the blind spot is not named: %q", a.Note)
	}
}

type breaking struct{}

func (breaking) Recall(context.Context, investigations.RecallQuery) ([]investigations.Recalled, error) {
	panic("secret innards")
}

func TestBroken(t *testing.T) {
	_, err := New(investigations.Request{}, nil, nil, breaking{}).Call(t.Context(), "past_incidents", `{"similar":true}`)
	var broken *BrokenError
	if !errors.As(err, &broken) || broken.Function != "past_incidents" || broken.Cause != "secret innards" || len(broken.Stack) == 0 {
		t.Fatalf("err = %v", err)
	}
	if strings.Contains(err.Error(), "innards") {
		t.Errorf("what it broke on is told to the model: %v", err)
	}
}

func TestContextEnds(t *testing.T) {
	i := example(t, "leak-after-deploy")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the budget is used up")
	cancel(stop)
	for _, d := range i.set(nil).Definitions() {
		if _, err := i.set(nil).Call(ctx, d.Name, ""); !errors.Is(err, stop) {
			t.Errorf("%s: err = %v", d.Name, err)
		}
	}
}

// TestParallel runs all functions of one Set at once, for the race detector.
func TestParallel(t *testing.T) {
	s := example(t, "one-large-request").set(nil)
	var wg sync.WaitGroup
	for _, d := range s.Definitions() {
		for range 4 {
			wg.Go(func() {
				if a, err := s.Call(t.Context(), d.Name, ""); err != nil || len(a.Facts) == 0 && a.Note == "" {
					t.Errorf("%s: %v, %v", d.Name, a, err)
				}
			})
		}
	}
	wg.Wait()
}
