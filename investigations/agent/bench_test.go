package agent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// benchFacts is how many facts the case of the benchmarks has.
const benchFacts = 200

// largeCase is the leak of the examples with so many facts that most of them are others': those of further examples.
func largeCase(b *testing.B) investigations.Case {
	b.Helper()
	r := *example(b, leak, nil, nil)
	own := len(r.Facts)
	for _, name := range []string{"follows-traffic", "sidecar-in-a-pod-limit", "node-allocatable", "pod-limit", "neighbour-is-a-backup-agent", "nightly-batch"} {
		r.Facts = append(r.Facts, example(b, name, nil, nil).Facts...)
	}
	if len(r.Facts) < benchFacts {
		b.Fatalf("the examples have %d facts", len(r.Facts))
	}
	r.Facts = r.Facts[:benchFacts:benchFacts]
	for i := own; i < benchFacts; i++ {
		r.Facts[i].ID = fmt.Sprintf("F%d", i+1)
	}
	return investigations.Case{
		Request: investigations.Request{At: r.At, Target: r.Target}, Result: &r, Evidence: &investigations.Evidence{},
		Tidy: func(f investigations.Fact) investigations.Fact { return f },
	}
}

// honestVerdict agrees with the rules and tells in 25 sentences what facts say.
func honestVerdict(b *testing.B, s *session) submission {
	b.Helper()
	v := s.c.Result.Verdict
	sub := submission{
		Cause: string(v.Cause), Trigger: string(v.Trigger), ChangeRevision: number{float64(v.Change.Revision), true},
		Confidence: number{v.Confidence, true}, Headline: v.Headline, Explanation: v.Explanation,
	}
	for _, rec := range v.Recommendations {
		sub.Recommendations = append(sub.Recommendations, submitted{Action: string(rec.Action), Container: rec.Container, Why: rec.Why})
	}
	sentences := strings.Count(v.Explanation, ". [")
	for _, f := range s.c.Result.Facts {
		if sentences == 25 {
			break
		}
		longer := sub
		longer.Explanation += fmt.Sprintf("\n\nIt is known: %s [%s].", strings.TrimSuffix(f.Says, "."), f.ID)
		if _, reasons := s.judge(longer); len(reasons) == 0 {
			sub, sentences = longer, sentences+1
		}
	}
	if sentences < 25 {
		b.Fatalf("only %d sentences hold", sentences)
	}
	return sub
}

// BenchmarkAdded is what a model adds to an investigation beside its own time, for a case of 200 facts: the prompt, its
// redaction, and the judgement of the verdict.
func BenchmarkAdded(b *testing.B) {
	c := largeCase(b)
	for _, pseudonyms := range []bool{false, true} {
		name := "open"
		if pseudonyms {
			name = "pseudonyms"
		}
		opt := agentOf(&scripted{}, func(o *Options) { o.Pseudonymize = pseudonyms }).opt
		s := newSession(opt, c)
		sub := honestVerdict(b, s)
		req := s.request()
		size := int64(len(texts(req)))
		reply := investigations.ChatReply{Calls: []investigations.FunctionCall{{Name: SubmitVerdict, Arguments: s.leaves(sub.Explanation)}}}
		b.Run(name+"/all", func(b *testing.B) {
			for b.Loop() {
				s := newSession(opt, c)
				s.outgoing(s.request())
				s.incoming(reply)
				if _, reasons := s.judge(sub); len(reasons) > 0 {
					b.Fatal(reasons)
				}
			}
		})
		b.Run(name+"/begin", func(b *testing.B) {
			for b.Loop() {
				newSession(opt, c)
			}
		})
		b.Run(name+"/prompt", func(b *testing.B) {
			for b.Loop() {
				s.request()
			}
			b.ReportMetric(float64(size), "B-prompt")
		})
		b.Run(name+"/redact", func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				s.outgoing(req)
			}
		})
		b.Run(name+"/judge", func(b *testing.B) {
			for b.Loop() {
				if _, reasons := s.judge(sub); len(reasons) > 0 {
					b.Fatal(reasons)
				}
			}
		})
	}
}
