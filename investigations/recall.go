package investigations

import (
	"context"
	"time"
)

// RecallQuery asks for the precedents of an incident.
type RecallQuery struct {
	// ID is the incident's own, which is no precedent of itself.
	ID string `json:"id"`
	// Features are those of its verdict, as far as it is made.
	Features Features `json:"features"`
	// Limit is how many precedents at most; 0 means five.
	Limit int `json:"limit"`
	// Least is the least similarity of a precedent; 0 means that from which it is worth telling in a verdict.
	Least float64 `json:"least"`
	// Draft is the investigation so far: what it shows of earlier incidents of the same workload is told with them. It
	// may be nil.
	Draft *Draft `json:"-"`
}

// Draft is an investigation whose rules have judged once, without precedents. Whoever gets one leaves it as it is.
type Draft struct {
	Request  Request
	Result   *Result
	Evidence *Evidence
}

// Recaller finds precedents. It is safe for concurrent use.
type Recaller interface {
	// Recall returns the incidents that resemble the one asked for in how memory ran out, the best first.
	Recall(ctx context.Context, q RecallQuery) ([]Recalled, error)
}

// Recalled is a precedent with what is known of it.
type Recalled struct {
	Precedent
	At       time.Time
	Target   Target
	Features Features
	// Cause is what it stands for now: its verdict's own, or the one that people named in its place. Told is its
	// verdict's own.
	Cause, Told Cause
	// Ups and Downs are how many people hold its verdict for right and for wrong.
	Ups, Downs int
	// Note is what the person wrote who named another cause.
	Note string
	// Learned is what became of its advice.
	Learned Outcome
	// SameWorkload says that it is of the same workload in the same namespace and cluster.
	SameWorkload bool
}

// MemoryEvidence is what past incidents tell.
type MemoryEvidence struct {
	// Precedents are the likely ones, the best first.
	Precedents []Recalled
}
