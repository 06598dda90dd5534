package memorytest

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// oddTexts are what strangers put into names.
var oddTexts = map[string]string{
	"empty": "", "blank": " ", "NUL": "\x00", "a NUL at its end": "a\x00", "separators": "a/b\x1f:c\x1e|d", "dots": "../../etc/passwd", "line breaks": "a\r\nb",
	"the highest rune": "\U0010ffff", "a right-to-left override": "\u202egnp.exe", "bytes that are no UTF-8": "a\xff\xfeb", "a cut rune": "a\xe2\x82", "a replaced rune": "a\ufffdb",
	"an escape that looks like one": `\ufffd`, "JSON": `{"a":1}`, "a script": "<script>&amp;</script>", "a long text": strings.Repeat("long ", 3000), "a text of 100 KB": strings.Repeat("k", 100_000),
	"100 KB of what is escaped": strings.Repeat("\x01", 100_000),
}

var hostileTests = []check{
	{"odd ids are faithfully kept or refused", func(s *store) {
		for what, id := range oddTexts {
			want := brief(id, 1, investigations.Features{Comm: "odd"})
			want.Result.Verdict.Headline = what
			if err := s.Keep(s.Context(), want); err != nil {
				continue
			}
			s.same("a trace whose id is "+what, memory.Normalized(want), s.trace(id))
			s.same("edges of "+what, sorted(memory.EdgesOf(memory.Normalized(want))), sorted(s.edges(memory.Incident(id))))
			if n := s.forget(investigations.Filter{IDs: []string{id}}); n != 1 {
				s.Errorf("%d traces were forgotten whose id is %s", n, what)
			}
		}
		s.same("ids", []string(nil), s.listed(investigations.Filter{}))
	}},
	{"odd texts are faithfully kept or refused", func(s *store) {
		for what, text := range oddTexts {
			want := brief("odd", 1, investigations.Features{
				Comm: text, Image: text, Version: text, Culprit: text, Changed: []string{text}, Functions: []string{text, "a.B"}, Cluster: text, Namespace: text,
				Workload: text, Container: text, Node: text, Runtime: text, Cause: investigations.Cause(text),
			})
			want.Result.Verdict.Headline, want.AskedBy, want.ShownAt = text, text, []string{text}
			want.Feedback = []investigations.Feedback{{By: text, Vote: investigations.VoteDown, At: Epoch, Note: text}}
			want.Links = []investigations.Link{{Type: investigations.EdgeSameRootAs, ID: text}}
			if err := s.Keep(s.Context(), want); err != nil {
				continue
			}
			want = printed(s, want)
			s.same("a trace of "+what, want, s.trace("odd"))
			s.same("edges of a trace of "+what, sorted(memory.EdgesOf(want)), edgesAround(s, want))
			terms := memory.TermsOf(memory.HeadOf(want))
			for _, n := range s.candidates(investigations.Cue{Terms: terms, Limit: 3}).Having {
				if n != 1 {
					s.Errorf("a trace of %s is found by %d of its own terms", what, n)
				}
			}
			s.forget(investigations.Filter{})
			s.same("edges of a forgotten trace of "+what, []string(nil), edgesAround(s, want))
		}
	}},
	{"a long document is faithfully kept or refused", func(s *store) {
		want := memory.Normalized(brief("long", 1, investigations.Features{}))
		want.Result.Verdict.Explanation = strings.Repeat("memory grew. [F1]\n", 500_000)
		if err := s.Keep(s.Context(), want); err != nil {
			s.same("ids", []string(nil), s.listed(investigations.Filter{}))
			return
		}
		if got := s.trace("long").Result.Verdict.Explanation; got != want.Result.Verdict.Explanation {
			s.Errorf("%d bytes came back of %d, or others", len(got), len(want.Result.Verdict.Explanation))
		}
	}},
	{"odd times and numbers are faithfully kept or refused", func(s *store) {
		for i, at := range []time.Time{
			{},
			time.Unix(0, 0), time.Unix(math.MinInt32, 0), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
			time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(math.MaxInt64/4, 0), time.Unix(math.MinInt64/4, 0), time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("odd", -23*3600-59*60)),
		} {
			for field, set := range map[string]func(*investigations.Trace){
				"at": func(t *investigations.Trace) { t.Result.At = at }, "stored at": func(t *investigations.Trace) { t.StoredAt = at },
				"feedback": func(t *investigations.Trace) { t.Feedback = []investigations.Feedback{{By: "U1", At: at}} },
				"outcome": func(t *investigations.Trace) {
					t.Outcome = investigations.Outcome{State: investigations.OutcomeFixHeld, At: at}
				},
				"a fact":    func(t *investigations.Trace) { t.Result.Facts = []investigations.Fact{{ID: "F1", At: at}} },
				"its state": func(t *investigations.Trace) { t.State.At, t.State.Kills = at, []time.Time{at} },
			} {
				want := brief("odd", 1, investigations.Features{})
				set(&want)
				if err := s.Keep(s.Context(), want); err != nil {
					continue
				}
				got := s.trace("odd")
				if want = memory.Amend(memory.Normalized(want), investigations.Amendment{}); want.StoredAt.IsZero() {
					want.StoredAt = got.StoredAt
				}
				for i := range got.Feedback { // what was judged may be written down with it
					got.Feedback[i].Judged = want.Feedback[i].Judged
				}
				s.same(fmt.Sprintf("a trace with time %d as %s", i, field), want, got)
				s.forget(investigations.Filter{})
			}
		}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1)} {
			want := brief("odd", 1, investigations.Features{})
			want.Result.Verdict.Confidence, want.Result.LLM.Cost, want.State.Traffic = v, v, &v
			want.Result.Facts = []investigations.Fact{{ID: "F1", Values: map[string]float64{"v": v}}}
			if err := s.Keep(s.Context(), want); err == nil {
				s.same(fmt.Sprint(v), memory.Normalized(want), s.trace("odd"))
			}
		}
	}},
	{"odd requests are refused or taken as they are", func(s *store) {
		for what, text := range oddTexts {
			it := investigations.Item{Key: text, Kind: text, At: s.clock.now(), Payload: json.RawMessage(`"x"`)}
			if _, err := s.Put(s.Context(), it); err == nil {
				got := s.take()
				if got.Key != text {
					s.Errorf("an item whose key is %s comes back with another one", what)
				}
				s.done(got)
			}
			if _, first, err := s.Begin(s.Context(), investigations.Work{Key: text, BegunAt: s.clock.now()}); err == nil {
				if open := s.unfinished(); !first || len(open) != 1 || open[0].Key != text {
					s.Errorf("work whose key is %s comes back with another one", what)
				}
				s.end(text, text)
			}
		}
		for _, payload := range []string{"{", "nope", "{}{}", "\xff", "[1,]"} {
			if _, err := s.Put(s.Context(), investigations.Item{Key: "broken", At: s.clock.now(), Payload: json.RawMessage(payload)}); err == nil {
				s.Errorf("payload %q was taken, which is no JSON", payload)
			}
		}
		s.nothingToTake()
	}},
	{"odd limits do no harm", func(s *store) {
		s.keep(history(3)...)
		id := Trace(1, 0).Result.ID
		for _, limit := range []int{0, -1, math.MinInt, math.MaxInt} {
			if c := s.candidates(investigations.Cue{Terms: memory.Terms(Trace(1, 0).Features), Limit: limit}); len(c.Heads) > max(limit, 0) {
				s.Errorf("%d candidates, want at most %d", len(c.Heads), limit)
			}
			if got, _, err := s.Edges(s.Context(), memory.Incident(id), limit); err != nil || len(got) > max(limit, 0) {
				s.Errorf("%d edges, %v; want at most %d", len(got), err, limit)
			}
		}
		for _, d := range []time.Duration{0, -time.Hour, math.MaxInt64, math.MinInt64} {
			s.put(investigations.Item{Key: d.String(), At: s.clock.now()})
			if it, err := s.Take(s.Context(), d); err == nil {
				s.done(it)
			}
		}
		if n := len(s.listed(investigations.Filter{Limit: math.MaxInt})); n != 3 {
			s.Errorf("%d heads, want 3", n)
		}
	}},
}

// printed is a trace as its document prints it: what is no UTF-8 in its texts is U+FFFD.
func printed(s *store, t investigations.Trace) investigations.Trace {
	s.Helper()
	doc, err := json.Marshal(memory.Normalized(t))
	if err != nil {
		s.Fatal(err)
	}
	var out investigations.Trace
	if err := json.Unmarshal(doc, &out); err != nil {
		s.Fatal(err)
	}
	return out
}
