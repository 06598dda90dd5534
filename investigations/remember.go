package investigations

import (
	"context"
	"fmt"
	"runtime/debug"
)

// inheritance is what past incidents brought to an investigation.
type inheritance struct {
	diagnosis Diagnosis
	ledger    *Ledger
	evidence  Evidence
	spots     []BlindSpot
	run       ToolRun
}

// inherit has memory recall the precedents of a diagnosis that was made without them, and rules judge once more with
// them at hand. What memory can't tell is a blind spot, and the diagnosis stays as it was.
func inherit(ctx context.Context, req Request, ev Evidence, facts []Fact, draft Diagnosis, ledger *Ledger, rules Rules, opt Options) inheritance {
	out := inheritance{diagnosis: draft, ledger: ledger, evidence: ev, run: ToolRun{Name: ToolMemory}}
	start := opt.Now()
	report(opt, Progress{Tool: ToolMemory})
	at := draft.At
	if at.IsZero() {
		at = req.At
	}
	res := Result{ID: KillID(at, draft.Key), At: at, Target: draft.Target, Verdict: draft.Verdict, Features: draft.Features}
	recalled, err := recall(ctx, RecallQuery{
		ID: res.ID, Features: draft.Features, Draft: &Draft{Request: req, Result: &res, Evidence: &ev},
	}, opt)
	if err != nil {
		a := failed(0, ToolMemory, err, opt.Now().Sub(start))
		out.spots, out.run = a.result.BlindSpots, a.run
		report(opt, Progress{Tool: ToolMemory, Done: true, Took: opt.Now().Sub(start), Blind: len(out.spots), Err: err})
		return out
	}
	if len(recalled) > 0 {
		out.evidence.Memory = &MemoryEvidence{Precedents: recalled}
		out.ledger = NewLedger(facts)
		out.diagnosis = judge(req, out.evidence, out.ledger, rules, opt)
	}
	for _, f := range out.ledger.Facts() {
		if f.Tool == ToolMemory {
			out.run.Facts++
		}
	}
	took := opt.Now().Sub(start)
	out.run.TookMS = took.Milliseconds()
	report(opt, Progress{Tool: ToolMemory, Done: true, Took: took, Facts: out.run.Facts})
	return out
}

// recall asks memory under the deadline of a source.
func recall(ctx context.Context, q RecallQuery, opt Options) ([]Recalled, error) {
	type reply struct {
		recalled []Recalled
		err      error
	}
	ctx, cancel := context.WithTimeout(ctx, opt.SourceTimeout)
	defer cancel()
	done := make(chan reply, 1) // room for one, so that a late answer never blocks
	go func() {
		var r reply
		defer func() {
			if p := recover(); p != nil {
				opt.Log.Error("memory panicked", "source", ToolMemory, "err", p)
				opt.Log.Debug("memory panicked", "source", ToolMemory, "stack", string(debug.Stack()))
				r = reply{err: fmt.Errorf("memory broke: %v", p)}
			}
			done <- r
		}()
		r.recalled, r.err = opt.Memory.Recall(ctx, q)
	}()
	select {
	case r := <-done:
		return r.recalled, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer within %s: %w", opt.SourceTimeout, ctx.Err())
	}
}

// precedentsOf are the documents' view of what was recalled.
func precedentsOf(ev Evidence) []Precedent {
	if ev.Memory == nil {
		return nil
	}
	var out []Precedent
	for _, r := range ev.Memory.Precedents {
		out = append(out, r.Precedent)
	}
	return out
}
