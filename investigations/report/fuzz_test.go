package report

import (
	"bytes"
	"encoding/binary"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	inv "github.com/oombot/oombot/investigations"
)

// feed makes up a result out of bytes; when they run out, everything is zero.
type feed struct{ rest []byte }

func (f *feed) byte() byte {
	if len(f.rest) == 0 {
		return 0
	}
	b := f.rest[0]
	f.rest = f.rest[1:]
	return b
}

func (f *feed) int64() int64 {
	var b [8]byte
	most := int(f.byte() % 9)
	f.rest = f.rest[copy(b[:most], f.rest):]
	return int64(binary.LittleEndian.Uint64(b[:]))
}

func (f *feed) float() float64 {
	switch f.byte() % 6 {
	case 0:
		return math.Float64frombits(uint64(f.int64()))
	case 1:
		return float64(f.byte()) / 200
	case 2:
		return math.NaN()
	}
	return float64(f.int64())
}

func (f *feed) time() time.Time {
	if f.byte()%4 == 0 {
		return time.Unix(f.int64(), 0)
	}
	return killedAt.Add(time.Duration(int8(f.byte())) * time.Minute)
}

// hostile are pieces of text that a terminal, a shell or a wrapping rule may stumble over.
var hostile = []string{
	"\x1b[31mred\x1b[0m", "\x1b]0;title\a", "\u009b2J", "\u202egnp.exe", "\u200b", "\ufeff", "a\rb", "line\nline", "\t", "\x00", "\x7f",
	"\xff\xfe", "日本語のとても長い名前", "😀👩‍👩‍👧", "é", "[F1]", "[F1, F2] ", "512 MiB", "(pid 4711)", "word ", " ", "$(reboot)", "'; rm -rf /;'",
	strings.Repeat("x", 150), strings.Repeat("many words ", 40), "shop", "checkout", "- item", "\u2028", "\n\n",
}

func (f *feed) text() string {
	var b strings.Builder
	for range f.byte() % 4 {
		if i := int(f.byte()); i < 200 {
			b.WriteString(hostile[i%len(hostile)])
		} else {
			n := min(i-200, len(f.rest))
			b.Write(f.rest[:n])
			f.rest = f.rest[n:]
		}
	}
	return b.String()
}

func (f *feed) texts() []string {
	var out []string
	for range f.byte() % 4 {
		out = append(out, f.text())
	}
	return out
}

func pick[T ~string](f *feed, all []T) T {
	if i := int(f.byte()); i < 240 {
		return all[i%len(all)]
	}
	return T(f.text())
}

func (f *feed) party() *inv.Party {
	if f.byte()%4 == 0 {
		return nil
	}
	p := &inv.Party{Namespace: "shop", Pod: "p", Container: "c", PID: 7, Comm: f.text()}
	if f.byte()%3 == 0 {
		*p = inv.Party{Namespace: f.text(), Pod: f.text(), Container: f.text(), Node: f.text(), PID: f.int64(), Comm: f.text()}
	}
	return p
}

func (f *feed) result() *inv.Result {
	r := &inv.Result{
		ID: f.text(), At: f.time(), Target: inv.Target{Namespace: f.text(), Pod: f.text(), Container: f.text(), Workload: f.text()},
		Verdict: inv.Verdict{
			Mechanism: pick(f, inv.Mechanisms), Boundary: pick(f, inv.Boundaries), Cause: pick(f, inv.Causes), Trigger: pick(f, inv.Triggers),
			Victim: f.party(), Culprit: f.party(), Confidence: f.float(), Headline: f.text(), Explanation: f.text(), WrittenBy: f.text(),
		},
		LLM: inv.LLMUse{Model: f.text(), Cost: f.float(), EndedBy: f.text()},
	}
	if f.byte()%2 == 0 {
		r.Verdict.Change = &inv.Change{Workload: f.text(), Revision: f.int64(), At: f.time(), What: f.texts()}
		r.Verdict.NextKill = &inv.NextKill{At: f.time(), Earliest: f.time(), Latest: f.time(), Why: f.texts()}
	}
	for range f.byte() % 4 {
		r.Verdict.Recommendations = append(r.Verdict.Recommendations, inv.Recommendation{
			Action: pick(f, inv.Actions), Workload: f.text(), Container: f.text(), Revision: f.int64(), Value: f.text(), Command: f.text(), Note: f.text(), Why: f.texts(),
		})
		r.Facts = append(r.Facts, inv.Fact{ID: "F1", At: f.time(), Says: f.text(), Source: f.text(), Values: map[string]float64{f.text(): f.float()}})
		r.Facts = append(r.Facts, inv.Fact{ID: f.text(), Tool: f.text()})
		r.BlindSpots = append(r.BlindSpots, inv.BlindSpot{Tool: f.text(), Why: f.text(), WouldTell: f.text()})
		r.Hypotheses = append(r.Hypotheses, inv.Hypothesis{Cause: pick(f, inv.Causes), Score: f.float(), For: f.texts(), Against: f.texts()})
		r.Precedents = append(r.Precedents, inv.Precedent{ID: f.text(), Similarity: f.float(), Why: f.texts(), Outcome: inv.OutcomeState(f.text())})
		r.Tools = append(r.Tools, inv.ToolRun{Name: f.text(), TookMS: f.int64(), Error: f.text()})
	}
	return r
}

func (f *feed) evidence() *inv.Evidence {
	ev := &inv.Evidence{Metrics: &inv.MetricEvidence{Queries: map[string]inv.Query{}}}
	for _, name := range []string{inv.QueryWorkingSet, inv.QueryLimit, inv.QueryOOMEvents, inv.QueryNodePods, inv.QueryNodeAvailable, inv.QueryNodeTotal} {
		s := inv.Series{Namespace: "shop", Pod: "p", Container: "c"}
		for range f.byte() % 16 {
			s.T, s.V = append(s.T, f.time().UnixMilli()), append(s.V, f.float())
		}
		ev.Metrics.Queries[name] = inv.Query{Series: []inv.Series{s, {Namespace: f.text(), Pod: "p", T: s.T}}}
	}
	at := f.time()
	rep := inv.KernelReport{At: &at, PodUID: "u", Killed: []inv.KernelKill{{PID: 7, TotalVMKB: ptr(f.int64())}}, Memory: &inv.KernelCounter{LimitKB: ptr(f.int64())}}
	for range f.byte() % 9 {
		rep.Tasks = append(rep.Tasks, inv.KernelTask{PID: f.int64() % 9, Comm: f.text(), TotalVMPages: f.int64(), RSSPages: f.int64(), SwapentsPages: f.int64(), OOMScoreAdj: f.int64()})
	}
	ev.Kernel = &inv.KernelEvidence{Logs: []inv.KernelLog{{Source: f.text(), Reports: []inv.KernelReport{rep}}}}
	ev.Pods = &inv.PodEvidence{Pods: []inv.Pod{{Namespace: "shop", Name: "p", UID: "u", Containers: []inv.Container{{
		Name: "c", MemoryLimit: ptr(f.int64()), State: inv.ContainerState{Terminated: &inv.Termination{Reason: "OOMKilled", FinishedAt: f.time()}},
	}}}}}
	return ev
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]+m")

// checkText returns what is wrong with a rendered text.
func checkText(r *inv.Result, text string, columns int) []string {
	var wrong []string
	if !utf8.ValidString(text) {
		wrong = append(wrong, "it is no valid UTF-8")
	}
	commands := map[string]bool{}
	for _, rec := range r.Verdict.Recommendations {
		commands[strings.TrimSpace(rec.Command)] = true
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if i := strings.IndexFunc(l, func(c rune) bool { return unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp) }); i >= 0 {
			wrong = append(wrong, "a control character in "+l)
		}
		if width(l) <= columns || commands[strings.TrimSpace(l)] {
			continue
		}
		longest := 0
		for _, word := range strings.Fields(l) {
			longest = max(longest, width(word))
		}
		if longest < columns/4 {
			wrong = append(wrong, "too wide without a long word: "+l)
		}
	}
	return wrong
}

func FuzzRender(f *testing.F) {
	f.Add([]byte{}, 80)
	f.Add([]byte("oombot renders whatever it is given, and a little more than that"), 40)
	f.Add(bytes.Repeat([]byte{3, 1, 250, 27, '[', '3', '1', 'm', 7, 9}, 60), 120)
	f.Add(bytes.Repeat([]byte{1, 5, 2, 17, 3, 90, 2, 11}, 200), 80)
	f.Fuzz(func(t *testing.T, data []byte, columns int) {
		in := &feed{data}
		r := in.result()
		ev := in.evidence()
		var b, coloured bytes.Buffer
		if err := Text(&b, r, ev, TextOptions{Width: columns}); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range checkText(r, b.String(), textWidth(columns)) {
			t.Error(wrong)
		}
		if err := Text(&coloured, r, ev, TextOptions{Width: columns, Color: true}); err != nil {
			t.Fatal(err)
		}
		if got := colours.ReplaceAllString(coloured.String(), ""); got != b.String() {
			t.Errorf("with colours it says something else:\n%s\nwithout:\n%s", got, b.String())
		}
		var doc bytes.Buffer
		if err := JSON(&doc, r); err != nil {
			t.Fatal(err)
		}
		if i := bytes.IndexFunc(doc.Bytes(), mustEscape); i >= 0 {
			t.Errorf("a control character at %d of %s", i, doc.Bytes())
		}
		decode(t, doc.String())
	})
}
