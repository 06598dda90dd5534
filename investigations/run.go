package investigations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// DefaultSourceTimeout is how long one source may take where nothing else is said.
const DefaultSourceTimeout = 10 * time.Second

// Rules turns evidence into a diagnosis. Implementations are pure: the same request, evidence and facts give
// the same diagnosis, byte for byte. They cite facts of the ledger by id, and add the ones that they compute.
type Rules interface {
	Diagnose(req Request, ev Evidence, facts *Ledger) Diagnosis
}

// Diagnosis is what Rules conclude.
type Diagnosis struct {
	// At is the moment of the kill as far as it is known; zero means that of the request.
	At time.Time
	// Target is the request's, with what was found out about it.
	Target     Target
	Verdict    Verdict
	Hypotheses []Hypothesis
	BlindSpots []BlindSpot
	// Covered are tools of which no file is there, and whose part another source tells: what they could not see is no blind
	// spot then.
	Covered []string
	// Features are what recall compares it by.
	Features Features
	// Influences are how the evidence's precedents changed the scores.
	Influences []Influence
	// Key tells this kill from every other; see KillID.
	Key string
}

// Options steer Run.
type Options struct {
	// SourceTimeout bounds each tool; zero means DefaultSourceTimeout.
	SourceTimeout time.Duration
	// Progress is told as each tool starts and ends, from one goroutine at a time; it may be nil.
	Progress func(Progress)
	// Log takes what goes wrong; nil means slog.DiscardHandler.
	Log *slog.Logger
	// Redact takes secrets out of a text; nil leaves all texts as they are.
	Redact func(string) string
	// Origins says, once all tools have answered, where the files that they name came from; nil means that the
	// files themselves can be opened.
	Origins func() map[string]Origin
	// Memory recalls past incidents; nil means that none are known.
	Memory Recaller
	// Analyst looks at what the rules judged; nil leaves their verdict as it is.
	Analyst Analyst
	// Published is given the rules' document before the Analyst is asked, and not at all where there is none. It leaves
	// the document as it is; it may be nil.
	Published func(*Result)
	// Now is the clock that timings are read from; nil means time.Now.
	Now func() time.Time
}

// Progress is one step of a running investigation.
type Progress struct {
	Tool string
	// Done is false when the tool starts.
	Done  bool
	Took  time.Duration
	Facts int
	// Blind counts what the tool could not see.
	Blind int
	Err   error
}

// Run investigates: it asks all tools in parallel, each under its own deadline, has rules judge what they found, and
// the analyst look at that. A tool that fails, panics or is late becomes a blind spot; an analyst that does leaves the
// verdict of the rules. The error is ctx's own only.
func Run(ctx context.Context, req Request, tools []Tool, rules Rules, opt Options) (*Result, *Evidence, error) {
	if opt.SourceTimeout <= 0 {
		opt.SourceTimeout = DefaultSourceTimeout
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	answers := askAll(ctx, req, tools, opt)
	if err := context.Cause(ctx); err != nil {
		return nil, nil, fmt.Errorf("investigate %s: %w", req.Target, err)
	}

	var res Result
	var ev Evidence
	var facts []Fact
	for _, a := range answers {
		ev.merge(a.result.Evidence)
		facts = append(facts, a.result.Facts...)
		res.BlindSpots = append(res.BlindSpots, a.result.BlindSpots...)
		res.Tools = append(res.Tools, a.run)
	}
	ledger := NewLedger(facts)
	d := judge(req, ev, ledger, rules, opt)
	if opt.Memory != nil {
		past := inherit(ctx, req, ev, facts, d, ledger, rules, opt)
		d, ledger, ev = past.diagnosis, past.ledger, past.evidence
		res.BlindSpots, res.Tools = append(res.BlindSpots, past.spots...), append(res.Tools, past.run)
		res.Precedents = precedentsOf(ev)
		if err := context.Cause(ctx); err != nil {
			return nil, nil, fmt.Errorf("investigate %s: %w", req.Target, err)
		}
	}
	conclude(req, &res, &ev, d, ledger, opt)
	if opt.Analyst != nil {
		analyse(ctx, req, &res, &ev, ledger, rules, opt)
		if err := context.Cause(ctx); err != nil {
			return nil, nil, fmt.Errorf("investigate %s: %w", req.Target, err)
		}
	}
	return &res, &ev, nil
}

// conclude makes the document of a diagnosis out of what the tools brought.
func conclude(req Request, doc *Result, ev *Evidence, d Diagnosis, ledger *Ledger, opt Options) {
	res := *doc
	res.At = d.At
	if res.At.IsZero() {
		res.At = req.At
	}
	res.Target = d.Target
	res.Verdict = d.Verdict
	res.Hypotheses = d.Hypotheses
	res.Facts = ledger.Facts()
	res.BlindSpots = uniqueBlindSpots(append(uncovered(res.BlindSpots, d.Covered), d.BlindSpots...))
	res.ID = KillID(res.At, d.Key)
	res.Features, res.Influences = d.Features, d.Influences
	res = res.Normalized()
	if opt.Origins != nil {
		origins := opt.Origins()
		res.rename(origins)
		ev.rename(origins)
	}
	res.redact(opt.Redact)
	*doc = res
}

// judge asks rules. Where they break on this evidence, the answer is that nothing can be concluded: one odd
// bundle must not take down a program that serves others.
func judge(req Request, ev Evidence, facts *Ledger, rules Rules, opt Options) (d Diagnosis) {
	defer func() {
		if p := recover(); p != nil {
			opt.Log.Error("rules panicked", "err", p)
			opt.Log.Debug("rules panicked", "stack", string(debug.Stack()))
			d = brokenRules(req, ev, facts, p)
		}
	}()
	return rules.Diagnose(req, ev, facts)
}

// answer is what became of one tool.
type answer struct {
	index  int
	result ToolResult
	run    ToolRun
}

func (a answer) progress() Progress {
	return Progress{
		Tool: a.run.Name, Done: true, Took: time.Duration(a.run.TookMS) * time.Millisecond,
		Facts: a.run.Facts, Blind: len(a.result.BlindSpots), Err: errOf(a.run.Error),
	}
}

// askAll asks every tool at once and returns their answers in the order of tools. A tool that ignores its
// deadline or the end of ctx is left behind: its goroutine ends when its Query returns, and its answer is
// dropped. When ctx is done, the answers are not complete.
func askAll(ctx context.Context, req Request, tools []Tool, opt Options) []answer {
	start := opt.Now()
	done := make(chan answer, len(tools)) // room for all, so that a late tool never blocks
	for i, t := range tools {
		name := t.Describe().Name
		report(opt, Progress{Tool: name})
		go func() { done <- ask(ctx, req, i, t, opt, start) }()
	}
	answers := make([]answer, len(tools))
	seen := make([]bool, len(tools))
	late := time.NewTimer(opt.SourceTimeout + opt.SourceTimeout/10)
	defer late.Stop()
	for range tools {
		select {
		case <-ctx.Done():
			return answers
		case a := <-done:
			answers[a.index], seen[a.index] = a, true
			report(opt, a.progress())
		case <-late.C:
			for i, t := range tools {
				if !seen[i] {
					err := fmt.Errorf("no answer within %s: %w", opt.SourceTimeout, context.DeadlineExceeded)
					answers[i] = failed(i, t.Describe().Name, err, opt.Now().Sub(start))
					report(opt, answers[i].progress())
				}
			}
			return answers
		}
	}
	return answers
}

func ask(ctx context.Context, req Request, i int, t Tool, opt Options, start time.Time) (a answer) {
	ctx, cancel := context.WithTimeout(ctx, opt.SourceTimeout)
	defer cancel()
	name := t.Describe().Name
	defer func() {
		if p := recover(); p != nil {
			opt.Log.Error("tool panicked", "source", name, "err", p)
			opt.Log.Debug("tool panicked", "source", name, "stack", string(debug.Stack()))
			a = failed(i, name, fmt.Errorf("the tool broke: %v", p), opt.Now().Sub(start))
		}
	}()
	r, err := t.Query(ctx, req)
	took := opt.Now().Sub(start)
	if err != nil {
		return failed(i, name, err, took)
	}
	return answer{index: i, result: r, run: ToolRun{Name: name, TookMS: took.Milliseconds(), Facts: len(r.Facts)}}
}

func failed(i int, name string, err error, took time.Duration) answer {
	why := "could not be read: " + CleanText(err.Error(), 300)
	if errors.Is(err, context.DeadlineExceeded) {
		why = "gave no answer in time"
	}
	return answer{
		index:  i,
		result: ToolResult{BlindSpots: []BlindSpot{{Tool: name, Why: why, WouldTell: WouldTell(name)}}},
		run:    ToolRun{Name: name, TookMS: took.Milliseconds(), Error: CleanText(err.Error(), 300)},
	}
}

func errOf(s string) error {
	if s == "" {
		return nil
	}
	return errors.New(s)
}

func report(opt Options, p Progress) {
	if opt.Progress != nil {
		opt.Progress(p)
	}
}
