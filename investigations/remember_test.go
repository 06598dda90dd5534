package investigations

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recallerFunc lets a function recall.
type recallerFunc func(ctx context.Context, q RecallQuery) ([]Recalled, error)

func (f recallerFunc) Recall(ctx context.Context, q RecallQuery) ([]Recalled, error) {
	return f(ctx, q)
}

// inheriting are rules that name leak, and cite each precedent as a fact.
func inheriting(req Request, ev Evidence, facts *Ledger) Diagnosis {
	d := Diagnosis{Target: req.Target, Key: "kill", Features: Features{Image: "shop/checkout"}}
	d.Verdict.Cause = CauseLeak
	if ev.Memory != nil {
		for _, p := range ev.Memory.Precedents {
			facts.Add(Fact{Tool: ToolMemory, Says: "seen before: " + p.ID, Source: "memory"})
			d.Influences = append(d.Influences, Influence{Precedent: p.ID, Cause: CauseLeak})
		}
	}
	return d
}

func TestRunInherits(t *testing.T) {
	var asked RecallQuery
	past := recallerFunc(func(_ context.Context, q RecallQuery) ([]Recalled, error) {
		asked = q
		return []Recalled{{Precedent: Precedent{ID: "01A", Similarity: 0.876, Why: []string{"password=hunter2"}}}}, nil
	})
	hide := func(s string) string { return strings.ReplaceAll(s, "hunter2", "***") }
	res, ev := run(t, inheriting, Options{Memory: past, Redact: hide}, source{name: ToolPods})
	if asked.ID != res.ID || asked.Features.Image != "shop/checkout" || asked.Draft.Result.Verdict.Cause != CauseLeak || asked.Draft.Request.Target != request().Target {
		t.Errorf("asked %+v about %+v, want the draft of %s", asked, asked.Draft, res.ID)
	}
	if d := cmp.Diff([]Precedent{{ID: "01A", Similarity: 0.88, Why: []string{"password=***"}, Outcome: OutcomeUnknown}}, res.Precedents); d != "" {
		t.Errorf("precedents (-want +got):\n%s", d)
	}
	if got := res.Facts[len(res.Facts)-1]; got.Says != "seen before: 01A" || got.ID != "F2" {
		t.Errorf("the last fact is %+v, want the precedent after what the sources told", got)
	}
	last := res.Tools[len(res.Tools)-1]
	if last.Name != ToolMemory || last.Facts != 1 || last.Error != "" {
		t.Errorf("memory is told as %+v", last)
	}
	if len(res.Influences) != 1 || ev.Memory == nil {
		t.Errorf("influences %v, evidence %+v", res.Influences, ev.Memory)
	}
}

func TestRunWithoutPrecedentsIsAsWithoutMemory(t *testing.T) {
	none := recallerFunc(func(context.Context, RecallQuery) ([]Recalled, error) { return nil, nil })
	with, _ := run(t, inheriting, Options{Memory: none}, source{name: ToolPods})
	without, _ := run(t, inheriting, Options{}, source{name: ToolPods})
	with.Tools = with.Tools[:len(with.Tools)-1]
	if d := cmp.Diff(without, with); d != "" {
		t.Errorf("a memory without precedents changes the document (-without +with):\n%s", d)
	}
}

func TestRunAnswersWithoutItsMemory(t *testing.T) {
	tests := []struct {
		name   string
		recall recallerFunc
		why    string
	}{
		{"broken", func(context.Context, RecallQuery) ([]Recalled, error) {
			return nil, errors.New("open /var/lib/oombot/memory.db: locked by process 4711")
		}, "could not be read: open /var/lib/oombot/memory.db: locked by process 4711"},
		{"panics", func(context.Context, RecallQuery) ([]Recalled, error) { panic("odd trace") }, "could not be read: memory broke: odd trace"},
		{"late", func(context.Context, RecallQuery) ([]Recalled, error) {
			time.Sleep(time.Minute)
			return nil, nil
		}, "gave no answer in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				res, _ := run(t, inheriting, Options{Memory: tt.recall}, source{name: ToolPods})
				if res.Verdict.Cause != CauseLeak || len(res.Precedents) != 0 {
					t.Errorf("the verdict is %s with precedents %v", res.Verdict.Cause, res.Precedents)
				}
				want := []BlindSpot{{Tool: ToolMemory, Why: tt.why, WouldTell: WouldTell(ToolMemory)}}
				if d := cmp.Diff(want, res.BlindSpots); d != "" {
					t.Errorf("blind spots (-want +got):\n%s", d)
				}
				if last := res.Tools[len(res.Tools)-1]; last.Name != ToolMemory || last.Error == "" {
					t.Errorf("memory is told as %+v", last)
				}
				time.Sleep(2 * time.Minute) // the late one ends
			})
		})
	}
}

func TestFeaturesOfAVerdict(t *testing.T) {
	f := Features{Image: "shop/checkout", Comm: "java", Cause: CauseSidecar}.Of(
		Target{Namespace: "shop", Workload: "deployment/checkout", Container: "app", Node: "n1"},
		Verdict{
			Boundary: BoundaryContainer, Cause: CauseLeak, Victim: &Party{Comm: "C2 CompilerThre", Node: "n2"},
			Change: &Change{What: []string{
				"image: 1.4.1 -> 1.5.0", "image of app: 1 -> 2", "env SESSION_CACHE added", "memory limit of app: 1Gi -> 512Mi",
				"container istio-proxy added (istio/proxyv2:1.20)", "args of app: a -> b", "env X: 1 -> 2",
			}},
		})
	want := Features{
		Boundary: BoundaryContainer, Cause: CauseLeak, Image: "shop/checkout", Comm: "java",
		Namespace: "shop", Workload: "deployment/checkout", Container: "app", Node: "n1",
		Changed: []string{"image", "env SESSION_CACHE", "memory limit", "container istio-proxy", "args", "env X"},
	}
	if d := cmp.Diff(want, f); d != "" {
		t.Errorf("features (-want +got):\n%s", d)
	}
}
