package investigations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var killedAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// source is a Tool that answers after a delay, or in the way that its function says.
type source struct {
	name  string
	after time.Duration
	query func(ctx context.Context) (ToolResult, error)
}

func (s source) Describe() Description { return Description{Name: s.name, Summary: "a source"} }

func (s source) Query(ctx context.Context, _ Request) (ToolResult, error) {
	time.Sleep(s.after)
	if s.query != nil {
		return s.query(ctx)
	}
	return ToolResult{Facts: []Fact{{Tool: s.name, Says: s.name + " says so", Key: s.name + "/a"}}}, nil
}

// rulesFunc lets a function judge.
type rulesFunc func(req Request, ev Evidence, facts *Ledger) Diagnosis

func (f rulesFunc) Diagnose(req Request, ev Evidence, facts *Ledger) Diagnosis {
	return f(req, ev, facts)
}

func noOpinion(req Request, _ Evidence, _ *Ledger) Diagnosis { return Diagnosis{Target: req.Target} }

func request() Request {
	return Request{At: killedAt, Target: Target{Namespace: "shop", Pod: "checkout-1", Container: "app"}}
}

func run(t *testing.T, rules rulesFunc, opt Options, tools ...Tool) (*Result, *Evidence) {
	t.Helper()
	res, ev, err := Run(t.Context(), request(), tools, rules, opt)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return res, ev
}

func TestRunNumbersFactsInTheOrderOfTheTools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The last tool answers first: the order of answers must not show.
		res, _ := run(t, func(req Request, _ Evidence, facts *Ledger) Diagnosis {
			cited := facts.ID("b/a")
			own := facts.Add(Fact{Tool: "a", Says: "computed", Key: "rules/x"})
			return Diagnosis{
				Target:     req.Target,
				Verdict:    Verdict{Cause: CauseLeak},
				Hypotheses: []Hypothesis{{Cause: CauseLeak, Score: 0.5, For: []string{cited, own}}},
			}
		}, Options{}, source{name: "a", after: 3 * time.Second}, source{name: "b", after: 2 * time.Second}, source{name: "c"})

		var got []string
		for _, f := range res.Facts {
			got = append(got, f.ID+" "+f.Says)
		}
		want := []string{"F1 a says so", "F2 b says so", "F3 c says so", "F4 computed"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("facts (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"F2", "F4"}, res.Hypotheses[0].For); d != "" {
			t.Errorf("cited (-want +got):\n%s", d)
		}
		tools := []ToolRun{{Name: "a", TookMS: 3000, Facts: 1}, {Name: "b", TookMS: 2000, Facts: 1}, {Name: "c", Facts: 1}}
		if d := cmp.Diff(tools, res.Tools); d != "" {
			t.Errorf("tools (-want +got):\n%s", d)
		}
	})
}

func TestRunGivesTheSameDocumentTwice(t *testing.T) {
	tools := []Tool{
		source{name: "a", after: 2 * time.Millisecond},
		source{name: "b", after: time.Millisecond},
		source{name: "c"},
		source{name: "d", query: func(context.Context) (ToolResult, error) { return ToolResult{}, ErrForbidden }},
	}
	still := func() time.Time { return killedAt } // timings are no part of the verdict
	var docs []string
	for range 2 {
		res, _ := run(t, noOpinion, Options{Now: still}, tools...)
		doc, err := json.Marshal(res)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(doc))
	}
	if d := cmp.Diff(docs[0], docs[1]); d != "" {
		t.Errorf("two runs differ (-first +second):\n%s", d)
	}
}

func TestRunMergesEvidence(t *testing.T) {
	part := func(name string, ev Evidence) source {
		return source{name: name, query: func(context.Context) (ToolResult, error) { return ToolResult{Evidence: ev}, nil }}
	}
	want := Evidence{
		Kernel: &KernelEvidence{}, Pods: &PodEvidence{}, Rollouts: &RolloutEvidence{},
		Metrics: &MetricEvidence{}, Logs: &LogEvidence{}, Profiles: &ProfileEvidence{},
	}
	var judged Evidence
	_, got := run(t, func(_ Request, ev Evidence, _ *Ledger) Diagnosis { judged = ev; return Diagnosis{} }, Options{},
		part("a", Evidence{Kernel: want.Kernel}), part("b", Evidence{Pods: want.Pods}),
		part("c", Evidence{Rollouts: want.Rollouts}), part("d", Evidence{Metrics: want.Metrics}),
		part("e", Evidence{Logs: want.Logs}), part("f", Evidence{Profiles: want.Profiles}))
	if *got != want {
		t.Errorf("Run returned %+v, want every part", *got)
	}
	if judged != want {
		t.Errorf("the rules saw %+v, want every part", judged)
	}
}

func TestRunTurnsFailuresIntoBlindSpots(t *testing.T) {
	fails := func(err error) source {
		return source{name: ToolMetrics, query: func(context.Context) (ToolResult, error) { return ToolResult{}, err }}
	}
	tests := []struct {
		name string
		tool source
		why  string
	}{
		{"an error", fails(fmt.Errorf("query prometheus: %w", ErrForbidden)), "could not be read: query prometheus: forbidden"},
		{"hostile text", fails(errors.New("\x1b[31mred\nline")), "could not be read: \uFFFD[31mred line"},
		{"deadline", fails(fmt.Errorf("get: %w", context.DeadlineExceeded)), "gave no answer in time"},
		{
			"a panic",
			source{name: ToolMetrics, query: func(context.Context) (ToolResult, error) { panic("oh no") }},
			"could not be read: the tool broke: oh no",
		},
		{"hangs for ever", source{name: ToolMetrics, after: 100 * time.Hour}, "gave no answer in time"},
		{"waits for its deadline", source{name: ToolMetrics, query: func(ctx context.Context) (ToolResult, error) {
			<-ctx.Done()
			return ToolResult{}, ctx.Err()
		}}, "gave no answer in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				res, _ := run(t, noOpinion, Options{SourceTimeout: 5 * time.Second}, tt.tool, source{name: ToolPods})
				if took := time.Since(start); took > 6*time.Second {
					t.Errorf("took %s with a deadline of 5s", took)
				}
				want := []BlindSpot{{Tool: ToolMetrics, Why: tt.why, WouldTell: WouldTell(ToolMetrics)}}
				if d := cmp.Diff(want, res.BlindSpots); d != "" {
					t.Errorf("blind spots (-want +got):\n%s", d)
				}
				if len(res.Facts) != 1 || res.Facts[0].Tool != ToolPods {
					t.Errorf("facts %+v: want the other tool's", res.Facts)
				}
				if res.Tools[0].Error == "" || res.Tools[1].Error != "" {
					t.Errorf("tools %+v: want an error of the first only", res.Tools)
				}
				time.Sleep(200 * time.Hour) // let what hung come to its end
			})
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, _, err := Run(ctx, request(), []Tool{source{name: "hangs", after: time.Hour}}, rulesFunc(noOpinion), Options{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run: %v, want the context's error", err)
		}
		if !strings.Contains(err.Error(), "shop/checkout-1/app") {
			t.Errorf("Run: %v, want the target named", err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %s after its context ended at 1s", took)
		}
		time.Sleep(2 * time.Hour)
	})
}

func TestRunSurvivesBrokenRules(t *testing.T) {
	res, _ := run(t, func(Request, Evidence, *Ledger) Diagnosis { panic("index out of range") }, Options{}, source{name: "a"})
	v := res.Verdict
	if v.Cause != CauseInsufficientEvidence || v.Mechanism != MechanismUnknown || v.Confidence != 0 {
		t.Errorf("verdict %+v: want insufficient evidence, unknown, 0", v)
	}
	if len(v.Recommendations) != 1 || v.Recommendations[0].Action != ActionCollectMore {
		t.Errorf("recommendations %+v: want collect_more", v.Recommendations)
	}
	if last := res.Facts[len(res.Facts)-1]; !strings.Contains(last.Says, "index out of range") || !strings.Contains(v.Explanation, "["+last.ID+"]") {
		t.Errorf("the verdict %q does not cite the fault %+v", v.Explanation, last)
	}
}

func TestBrokenRulesKeepTheKernelsReport(t *testing.T) {
	req := request()
	at := req.At.Add(-time.Minute)
	tool := evidenceOnly{Evidence{
		Pods: &PodEvidence{Pods: []Pod{{Namespace: req.Target.Namespace, Name: req.Target.Pod, UID: "u1"}}},
		Kernel: &KernelEvidence{Logs: []KernelLog{{Reports: []KernelReport{
			{At: &at, Kind: KernelGlobal, Boundary: BoundaryNode, PodUID: "u1"}, {At: &at, Kind: KernelMemcg, Boundary: BoundaryContainer, PodUID: "other"},
		}}}},
	}}
	var log strings.Builder
	res, _ := run(t, func(Request, Evidence, *Ledger) Diagnosis {
		var none []int
		return Diagnosis{At: time.Unix(int64(slices.Max(none)), 0)}
	}, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, tool)
	if v := res.Verdict; v.Mechanism != GlobalOOMKill || v.Boundary != BoundaryNode || v.Cause != CauseInsufficientEvidence {
		t.Errorf("verdict %s, %s, %s: want what the kernel's report of this pod says, and no cause", v.Mechanism, v.Boundary, v.Cause)
	}
	for _, f := range res.Facts {
		if f.Tool == "" {
			t.Errorf("fact %s names no tool", f.ID)
		}
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || strings.Contains(got, ".go:") {
		t.Errorf("log %q: want one line, without a stack", got)
	}
}

// evidenceOnly is a source that has evidence and no facts.
type evidenceOnly struct{ ev Evidence }

func (evidenceOnly) Describe() Description { return Description{Name: ToolPods} }

func (e evidenceOnly) Query(context.Context, Request) (ToolResult, error) {
	return ToolResult{Evidence: e.ev}, nil
}

func TestRunFillsTheDocument(t *testing.T) {
	cet := time.FixedZone("CET", 3600)
	res, _ := run(t, func(req Request, _ Evidence, _ *Ledger) Diagnosis {
		return Diagnosis{
			At: killedAt.Add(-time.Minute).In(cet), Target: req.Target, Key: "k",
			Verdict: Verdict{Confidence: math.NaN(), Recommendations: []Recommendation{{Action: ActionCollectMore}}},
			BlindSpots: []BlindSpot{
				{Tool: ToolLogs, Why: "no logs"}, {Tool: ToolLogs, Why: "no logs", WouldTell: "again"}, {Tool: ToolPods, Why: "no logs"},
			},
		}
	}, Options{})
	want := &Result{
		Version: 1, ID: KillID(killedAt.Add(-time.Minute), "k"), At: killedAt.Add(-time.Minute), Target: request().Target,
		Verdict: Verdict{
			Mechanism: MechanismUnknown, Boundary: BoundaryUnknown, Cause: CauseInsufficientEvidence, Trigger: TriggerUnknown,
			WrittenBy: "rules", Recommendations: []Recommendation{{Action: ActionCollectMore, Why: []string{}}},
		},
		Hypotheses: []Hypothesis{}, Facts: []Fact{}, Precedents: []Precedent{}, Tools: []ToolRun{},
		BlindSpots: []BlindSpot{
			{Tool: ToolLogs, Why: "no logs", WouldTell: WouldTell(ToolLogs)},
			{Tool: ToolPods, Why: "no logs", WouldTell: WouldTell(ToolPods)},
		},
		LLM: LLMUse{EndedBy: "off"},
	}
	if d := cmp.Diff(want, res); d != "" {
		t.Errorf("result (-want +got):\n%s", d)
	}
}

func TestRunReportsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		say := func(p Progress) {
			s := p.Tool + " starts"
			if p.Done {
				s = fmt.Sprintf("%s done in %s: %d facts, %d blind, err %v", p.Tool, p.Took, p.Facts, p.Blind, p.Err)
			}
			got = append(got, s)
		}
		run(t, noOpinion, Options{Progress: say, SourceTimeout: 10 * time.Second},
			source{name: "slow", after: 2 * time.Second}, source{name: "quick", after: time.Second}, source{name: "stuck", after: time.Hour})
		want := []string{
			"slow starts", "quick starts", "stuck starts",
			"quick done in 1s: 1 facts, 0 blind, err <nil>",
			"slow done in 2s: 1 facts, 0 blind, err <nil>",
			"stuck done in 11s: 0 facts, 1 blind, err no answer within 10s: context deadline exceeded",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("progress (-want +got):\n%s", d)
		}
		time.Sleep(time.Hour)
	})
}

// BenchmarkRunSixTools shows that six sources take little more than the slowest of them: x-slowest is the
// whole run's time in units of the slowest source's.
func BenchmarkRunSixTools(b *testing.B) {
	const slowest = 60 * time.Millisecond
	var tools []Tool
	for i, name := range []string{ToolKernlog, ToolPods, ToolRollouts, ToolMetrics, ToolLogs, ToolProfiles} {
		tools = append(tools, source{name: name, after: slowest - time.Duration(i)*10*time.Millisecond})
	}
	for b.Loop() {
		if _, _, err := Run(b.Context(), request(), tools, rulesFunc(noOpinion), Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/slowest.Seconds(), "x-slowest")
}

func TestRunRedacts(t *testing.T) {
	req := Request{At: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), Target: Target{Namespace: "a", Pod: "b"}}
	tool := scripted{name: ToolLogs, facts: []Fact{{Tool: ToolLogs, Says: "a hunter2 sentence", Source: "logs/hunter2"}}, blind: "could not read hunter2"}
	res, _, err := Run(t.Context(), req, []Tool{tool}, echoRules{}, Options{Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "…") }})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(res); err != nil || strings.Contains(string(got), "hunter2") {
		t.Errorf("a secret survived: %s, %v", got, err)
	}
	if len(res.Facts) != 1 || res.Facts[0].Says != "a … sentence" {
		t.Errorf("facts: %+v", res.Facts)
	}
}

// scripted answers with one fact list and one blind spot.
type scripted struct {
	name  string
	facts []Fact
	blind string
}

func (s scripted) Describe() Description { return Description{Name: s.name} }

func (s scripted) Query(context.Context, Request) (ToolResult, error) {
	return ToolResult{Facts: s.facts, BlindSpots: []BlindSpot{{Tool: s.name, Why: s.blind}}}, nil
}

// echoRules repeats the first fact in the verdict.
type echoRules struct{}

func (echoRules) Diagnose(req Request, _ Evidence, led *Ledger) Diagnosis {
	f := led.Facts()[0]
	return Diagnosis{Target: req.Target, Verdict: Verdict{
		Headline: f.Says, Explanation: f.Says + " [F1]", Change: &Change{What: []string{f.Says}}, Victim: &Party{Comm: f.Says}, Recommendations: []Recommendation{{Action: ActionCollectMore, Note: f.Says}},
	}}
}
