package investigations

import (
	"context"
	"errors"
	"iter"
	"time"
)

// ErrLeaseLost says that the lease on an inbox item ran out and somebody else took it.
var ErrLeaseLost = errors.New("the lease was lost")

// Memory keeps traces. It is safe for concurrent use; what a call returned without an error is durable. Whoever
// implements it passes the suite in memory/memorytest.
type Memory interface {
	// Keep stores all traces or none. A trace of an id that is there already revises it: the newer result and what
	// belongs to it replace the older ones, feedback and places shown are joined, the first asker stays, and of two
	// outcomes the one with the later At holds.
	Keep(ctx context.Context, traces ...Trace) error
	// Amend adds what was learned of the trace with that id; ErrNotFound where there is none.
	Amend(ctx context.Context, id string, a Amendment) error
	// Trace returns one trace; ErrNotFound where there is none.
	Trace(ctx context.Context, id string) (Trace, error)
	// Heads yields the heads of traces that f selects, the newest kill first, from one consistent view. It ends with
	// the first error that it yields.
	Heads(ctx context.Context, f Filter) iter.Seq2[Head, error]
	// Forget removes the traces that f selects, with all their edges, and nodes that nothing leads to any more. It
	// returns how many there were. A filter that selects everything removes everything.
	Forget(ctx context.Context, f Filter) (int, error)
}

// Filter selects traces; its zero fields select all.
type Filter struct {
	IDs []string `json:"ids,omitempty"`
	// Cluster and Namespace are whole names; Workload is kind/name or a name alone.
	Cluster   string `json:"cluster,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Workload  string `json:"workload,omitempty"`
	Container string `json:"container,omitempty"`
	Cause     Cause  `json:"cause,omitempty"`
	// Since and Before bound the time of the kill: not before Since, and before Before.
	Since  time.Time `json:"since,omitzero"`
	Before time.Time `json:"before,omitzero"`
	// Words must all occur in the head's texts, whatever their case.
	Words []string `json:"words,omitempty"`
	// Limit is how many at most; 0 means all.
	Limit int `json:"limit,omitempty"`
}

// Head is what of a trace is needed to list it, to find it and to compare it.
type Head struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Target     Target    `json:"target"`
	Features   Features  `json:"features"`
	Confidence float64   `json:"confidence"`
	Headline   string    `json:"headline"`
	// Actions are what was recommended.
	Actions  []Action   `json:"actions,omitempty"`
	Feedback []Feedback `json:"feedback,omitempty"`
	Outcome  Outcome    `json:"outcome"`
}

// Cue is what recall goes by: a list of terms of the features of an incident, each with the field that it is of.
type Cue struct {
	// Terms are looked up in the index.
	Terms []string `json:"terms"`
	// Without is the id of the incident itself, which is no candidate.
	Without string `json:"without,omitempty"`
	// Limit is how many candidates at most.
	Limit int `json:"limit"`
}

// Candidates are the heads that share the rarest terms of a cue, and how rare the terms are.
type Candidates struct {
	Heads []Head `json:"heads"`
	// Traces is how many there are in all.
	Traces int64 `json:"traces"`
	// Having is how many traces have each term of the cue, in its order.
	Having []int64 `json:"having"`
}

// Index finds traces that share terms with a cue. It is safe for concurrent use.
type Index interface {
	// Candidates returns heads that share at least one term with the cue, those that share most of its rare ones first,
	// and of equals the newest kill. The work is bounded: where very many share a term, the newest kills are looked at.
	Candidates(ctx context.Context, cue Cue) (Candidates, error)
}

// Trust says how far an earlier verdict is to be trusted.
type Trust string

// The degrees of trust.
const (
	// TrustConfirmed was judged right by more people than wrong, or its fix held.
	TrustConfirmed Trust = "confirmed"
	// TrustCorrected was judged wrong by people who named the right cause, which then counts in its place.
	TrustCorrected Trust = "corrected"
	// TrustUnjudged was judged by nobody, and nothing is known of its fix: it is no more than an opinion.
	TrustUnjudged Trust = "unjudged"
	// TrustDisputed was judged right and wrong by as many people, or its fix failed.
	TrustDisputed Trust = "disputed"
	// TrustRefuted was judged wrong, and nobody named the right cause.
	TrustRefuted Trust = "refuted"
)
