package bolt

import "github.com/oombot/oombot/investigations"

// stored returns what is stored of a trace. The versions of the document and of its result are not: they are those of
// the domain that reads it.
func stored(t investigations.Trace) storedTrace {
	r := t.Result
	return storedTrace{
		Result: storedResult{
			ID: r.ID, At: r.At, Target: storedTarget(r.Target), Verdict: storedVerdictOf(r.Verdict),
			Hypotheses: each(r.Hypotheses, func(h investigations.Hypothesis) storedHypothesis { return storedHypothesis(h) }),
			Facts:      each(r.Facts, func(f investigations.Fact) storedFact { return storedFact(f) }),
			BlindSpots: each(r.BlindSpots, func(b investigations.BlindSpot) storedBlindSpot { return storedBlindSpot(b) }),
			Precedents: each(r.Precedents, func(p investigations.Precedent) storedPrecedent { return storedPrecedent(p) }),
			Tools:      each(r.Tools, func(t investigations.ToolRun) storedToolRun { return storedToolRun(t) }),
			LLM:        storedLLMUse(r.LLM),
		},
		Feedback: each(t.Feedback, func(f investigations.Feedback) storedFeedback { return storedFeedback(f) }),
		Outcome:  storedOutcome(t.Outcome), AskedBy: t.AskedBy, ShownAt: t.ShownAt,
		Features: storedFeatures(t.Features), State: storedStateOf(t.State),
		Sources:    each(t.Sources, func(s investigations.SourceAnswer) storedSource { return storedSource(s) }),
		Influences: each(t.Influences, func(i investigations.Influence) storedInfluence { return storedInfluence(i) }),
		Links:      each(t.Links, func(l investigations.Link) storedLink { return storedLink(l) }),
		StoredAt:   t.StoredAt,
	}
}

// trace is the way back.
func (s storedTrace) trace() investigations.Trace {
	r := s.Result
	return investigations.Trace{
		Version: investigations.TraceVersion,
		Result: investigations.Result{
			Version: investigations.ResultVersion,
			ID:      r.ID, At: r.At, Target: investigations.Target(r.Target), Verdict: r.Verdict.verdict(),
			Hypotheses: each(r.Hypotheses, func(h storedHypothesis) investigations.Hypothesis { return investigations.Hypothesis(h) }),
			Facts:      each(r.Facts, func(f storedFact) investigations.Fact { return investigations.Fact(f) }),
			BlindSpots: each(r.BlindSpots, func(b storedBlindSpot) investigations.BlindSpot { return investigations.BlindSpot(b) }),
			Precedents: each(r.Precedents, func(p storedPrecedent) investigations.Precedent { return investigations.Precedent(p) }),
			Tools:      each(r.Tools, func(t storedToolRun) investigations.ToolRun { return investigations.ToolRun(t) }),
			LLM:        investigations.LLMUse(r.LLM),
		},
		Feedback: each(s.Feedback, func(f storedFeedback) investigations.Feedback { return investigations.Feedback(f) }),
		Outcome:  investigations.Outcome(s.Outcome), AskedBy: s.AskedBy, ShownAt: s.ShownAt,
		Features: investigations.Features(s.Features), State: s.State.state(),
		Sources:    each(s.Sources, func(s storedSource) investigations.SourceAnswer { return investigations.SourceAnswer(s) }),
		Influences: each(s.Influences, func(i storedInfluence) investigations.Influence { return investigations.Influence(i) }),
		Links:      each(s.Links, func(l storedLink) investigations.Link { return investigations.Link(l) }),
		StoredAt:   s.StoredAt,
	}
}

func storedVerdictOf(v investigations.Verdict) storedVerdict {
	return storedVerdict{
		Mechanism: v.Mechanism, Boundary: v.Boundary, Cause: v.Cause, Trigger: v.Trigger,
		Change: (*storedChange)(v.Change), Victim: (*storedParty)(v.Victim), Culprit: (*storedParty)(v.Culprit),
		Confidence: v.Confidence, Headline: v.Headline, Explanation: v.Explanation,
		Recommendations: each(v.Recommendations, func(r investigations.Recommendation) storedRecommendation { return storedRecommendation(r) }),
		NextKill:        (*storedNextKill)(v.NextKill), WrittenBy: v.WrittenBy,
	}
}

func (v storedVerdict) verdict() investigations.Verdict {
	return investigations.Verdict{
		Mechanism: v.Mechanism, Boundary: v.Boundary, Cause: v.Cause, Trigger: v.Trigger,
		Change: (*investigations.Change)(v.Change), Victim: (*investigations.Party)(v.Victim), Culprit: (*investigations.Party)(v.Culprit),
		Confidence: v.Confidence, Headline: v.Headline, Explanation: v.Explanation,
		Recommendations: each(v.Recommendations, func(r storedRecommendation) investigations.Recommendation { return investigations.Recommendation(r) }),
		NextKill:        (*investigations.NextKill)(v.NextKill), WrittenBy: v.WrittenBy,
	}
}

func storedStateOf(s investigations.State) storedState {
	return storedState{
		At: s.At, From: s.From, Node: s.Node, NodeBytes: s.NodeBytes,
		PodSince: s.PodSince, QuietSince: s.QuietSince, Traffic: s.Traffic, Kills: s.Kills,
		Workloads: each(s.Workloads, func(w investigations.WorkloadState) storedWorkloadState {
			return storedWorkloadState{
				Namespace: w.Namespace, Workload: w.Workload, Replicas: w.Replicas, Revision: w.Revision, Since: w.Since,
				Now: storedTemplateOf(w.Now), Earlier: each(w.Earlier, storedTemplateOf),
				Latest: ifAny(w.Latest, storedTemplateOf), LatestSince: w.LatestSince,
			}
		}),
	}
}

func (s storedState) state() investigations.State {
	return investigations.State{
		At: s.At, From: s.From, Node: s.Node, NodeBytes: s.NodeBytes,
		PodSince: s.PodSince, QuietSince: s.QuietSince, Traffic: s.Traffic, Kills: s.Kills,
		Workloads: each(s.Workloads, func(w storedWorkloadState) investigations.WorkloadState {
			return investigations.WorkloadState{
				Namespace: w.Namespace, Workload: w.Workload, Replicas: w.Replicas, Revision: w.Revision, Since: w.Since,
				Now: w.Now.template(), Earlier: each(w.Earlier, storedTemplate.template),
				Latest: ifAny(w.Latest, storedTemplate.template), LatestSince: w.LatestSince,
			}
		}),
	}
}

func storedTemplateOf(t investigations.TemplateState) storedTemplate {
	return storedTemplate{
		Revision: t.Revision, Hash: t.Hash, Began: t.Began, Volumes: t.Volumes,
		Containers: each(t.Containers, func(c investigations.ContainerSettings) storedContainer { return storedContainer(c) }),
	}
}

func (t storedTemplate) template() investigations.TemplateState {
	return investigations.TemplateState{
		Revision: t.Revision, Hash: t.Hash, Began: t.Began, Volumes: t.Volumes,
		Containers: each(t.Containers, func(c storedContainer) investigations.ContainerSettings { return investigations.ContainerSettings(c) }),
	}
}

// ifAny converts what is there; nil stays nil.
func ifAny[A, B any](a *A, convert func(A) B) *B {
	if a == nil {
		return nil
	}
	b := convert(*a)
	return &b
}

// each converts a list; nil stays nil.
func each[A, B any](list []A, convert func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = convert(a)
	}
	return out
}
