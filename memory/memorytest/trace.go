package memorytest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// Epoch is about when the first generated incident happened; each further one comes some minutes later.
var Epoch = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// Trace returns the i-th incident of a generated history, i from 0. It is the same for the same arguments, and as long
// and as varied as real ones: about 38 facts, about 20 KB of printed JSON, of some 400 workloads in 38 namespaces that
// fail again and again, each in its own way. Ids rise with i.
func Trace(seed uint64, i int) investigations.Trace {
	r := rand.New(rand.NewPCG(seed, uint64(i)))
	g := generator{r: r, at: killedAt(seed, i)}
	number := int(workloads * math.Pow(r.Float64(), 2))
	g.w = workloadOf(seed, number)
	if r.IntN(5) == 0 { // not all of what happens to a workload is what usually happens to it
		g.w.course = pick(r, courses)
	}
	g.minor = 1 + i/500 + r.IntN(3)
	g.node = fmt.Sprintf("ip-10-0-%d-%d", number%machines/20, 10+(number*7+r.IntN(3))%machines)
	g.pod = fmt.Sprintf("%s-%s-%s", g.w.name, word(r, 9), word(r, 5))
	t := investigations.Trace{
		Result: g.result(idOf(seed, i)), Features: g.features(), State: g.state(), Sources: g.sources(),
		AskedBy: fmt.Sprintf("U%04d", r.IntN(30)), ShownAt: []string{fmt.Sprintf("https://chat.example/archives/C%04d/p%d", r.IntN(12), g.at.UnixMilli())},
		StoredAt: g.at.Add(2 * time.Minute),
	}
	g.judged(&t)
	g.linked(&t, seed, i)
	return memory.Normalized(t)
}

// killedAt is when the i-th incident happened.
func killedAt(seed uint64, i int) time.Time {
	r := rand.New(rand.NewPCG(seed, 1<<41|uint64(i)))
	return Epoch.Add(time.Duration(i)*7*time.Minute + time.Duration(r.Int64N(int64(6*time.Minute)))).Truncate(time.Microsecond)
}

func idOf(seed uint64, i int) string {
	return investigations.KillID(killedAt(seed, i), investigations.KillKey(fmt.Sprint(seed), fmt.Sprint(i)))
}

// generator makes up one incident.
type generator struct {
	r         *rand.Rand
	w         workload
	at        time.Time
	node, pod string
	// minor is the middle part of the image's version, and the workload's revision.
	minor int
}

func (g generator) version(back int) string { return fmt.Sprintf("1.%d.%d", g.minor-back, g.minor%4) }

func (g generator) features() investigations.Features {
	c := g.w.course
	f := investigations.Features{
		Mechanism: c.mechanism, Boundary: c.boundary, Cause: c.cause, Trigger: c.trigger, Shape: c.shape, Runtime: g.w.runtime,
		Comm: g.w.comm, Image: g.w.image, Version: g.version(0), Cluster: g.w.cluster, Namespace: g.w.namespace,
		Workload: g.w.ref(), Container: g.w.container, Node: g.node,
	}
	if c.changed != "" {
		f.Changed = []string{c.changed}
	}
	if c.shape == investigations.ShapeSteady {
		f.Functions = g.w.functions
	}
	switch c.cause {
	case investigations.CauseSidecar:
		f.Culprit = "istio-proxy"
	case investigations.CauseNoisyNeighbour:
		f.Culprit = workloadOf(uint64(g.minor), g.minor).ref()
	}
	return f
}

func (g generator) state() investigations.State {
	limit, request, replicas, traffic := g.w.limit, g.w.limit/2, int32(1+g.r.IntN(6)), float64(g.r.IntN(4000))/10
	s := investigations.State{
		At: g.at, From: g.at.Add(-6 * time.Hour), Node: g.node, NodeBytes: 16 << 30, Traffic: &traffic, Kills: []time.Time{g.at},
	}
	template := func(back int) investigations.TemplateState {
		return investigations.TemplateState{
			Revision: int64(g.minor - back), Hash: word(g.r, 10), Began: g.at.Add(time.Duration(-2-back) * time.Hour),
			Containers: []investigations.ContainerSettings{{
				Name: g.w.container, Image: g.w.image + ":" + g.version(back), Limit: &limit, Request: &request, Settings: hex(g.r, 16),
			}},
		}
	}
	s.Workloads = []investigations.WorkloadState{{
		Namespace: g.w.namespace, Workload: g.w.ref(), Replicas: &replicas, Revision: int64(g.minor), Since: g.at.Add(-2 * time.Hour),
		Now: template(0), Earlier: []investigations.TemplateState{template(1)},
	}}
	return s
}

func (g generator) sources() []investigations.SourceAnswer {
	var out []investigations.SourceAnswer
	for _, s := range sources {
		out = append(out, investigations.SourceAnswer{
			Tool: s.tool, File: fmt.Sprintf(s.file, g.node), Asked: s.asked, SHA256: hex(g.r, 64), Bytes: int64(2000 + g.r.IntN(200000)), At: g.at.Add(time.Minute),
		})
	}
	return out
}

// judged adds what people and later incidents said of it, as they do of some.
func (g generator) judged(t *investigations.Trace) {
	if g.r.IntN(6) == 0 {
		f := investigations.Feedback{By: fmt.Sprintf("U%04d", g.r.IntN(30)), Vote: investigations.VoteUp, At: g.at.Add(time.Hour), Judged: t.Result.Verdict.Cause}
		if g.r.IntN(5) == 0 {
			f.Vote, f.Cause, f.Note = investigations.VoteDown, pick(g.r, investigations.Causes), "the heap dump said otherwise"
		}
		t.Feedback = []investigations.Feedback{f}
	}
	if s := pick(g.r, states); s != investigations.OutcomeUnknown {
		t.Outcome = investigations.Outcome{State: s, At: g.at.Add(26 * time.Hour), Why: "what was recommended, and what came after it"}
		if s != investigations.OutcomeRecurredUnfixed {
			t.Outcome.Fix = g.w.course.actions[:1]
		}
	}
}

// linked adds links to earlier incidents of the same history.
func (g generator) linked(t *investigations.Trace, seed uint64, i int) {
	if i == 0 || g.r.IntN(3) > 0 {
		return
	}
	earlier := idOf(seed, i-1-g.r.IntN(min(i, 50)))
	t.Links = []investigations.Link{{Type: investigations.EdgeInheritedFrom, ID: earlier}}
	if g.r.IntN(2) == 0 {
		t.Links = append(t.Links, investigations.Link{Type: investigations.EdgeRecurredAs, ID: earlier})
	}
	t.Result.Precedents = []investigations.Precedent{{ID: earlier, Similarity: float64(60+g.r.IntN(40)) / 100, Why: []string{"same image repository", "same growing function"}, Outcome: investigations.OutcomeFixHeld, Trust: investigations.TrustConfirmed}}
	score := t.Result.Verdict.Confidence
	t.Influences = []investigations.Influence{{Precedent: earlier, Cause: t.Result.Verdict.Cause, Before: max(0, score-0.05), After: score, Why: "its fix held"}}
}

func word(r *rand.Rand, n int) string { return letters(r, "bcdfghjklmnpqrstvwxz2456789", n) }
func hex(r *rand.Rand, n int) string  { return letters(r, "0123456789abcdef", n) }

func letters(r *rand.Rand, from string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[r.IntN(len(from))]
	}
	return string(b)
}
