package investigations

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Sentinel errors that a Tool wraps, so that callers can tell the kinds of failure apart with errors.Is.
var (
	// ErrNotFound says that the part that a tool reads is not there.
	ErrNotFound = errors.New("not found")
	// ErrForbidden says that the source refused to answer for want of permission.
	ErrForbidden = errors.New("forbidden")
	// ErrUnavailable says that the source is down, slow or broken.
	ErrUnavailable = errors.New("unavailable")
	// ErrTooLarge says that a limit on size, depth or count was passed.
	ErrTooLarge = errors.New("too large")
	// ErrInvalidBundle says that a folder is no bundle: incident.yaml is missing, unreadable or of another version.
	ErrInvalidBundle = errors.New("invalid bundle")
)

// Names of the tools, as facts, blind spots and timings carry them.
const (
	ToolKernlog  = "kernlog"
	ToolPods     = "pods"
	ToolRollouts = "rollouts"
	ToolMetrics  = "metrics"
	ToolLogs     = "logs"
	ToolProfiles = "profiles"
	ToolMemory   = "memory"
)

// Description is what a Tool says of itself; it never changes while the program runs.
type Description struct {
	// Name is one of the Tool constants.
	Name string
	// Summary is one sentence for people and for the model.
	Summary string
	// Schema is the JSON schema of the tool's arguments.
	Schema json.RawMessage
	// Permissions are what the live tool needs, as "get pods" or "prometheus query_range".
	Permissions []string
}

// Tool is one read-only source of evidence, recorded or live. Query is safe for concurrent use, returns
// promptly once ctx is done, and never returns an error for a part that is only missing or broken: that is a
// BlindSpot in the Result. An error means that the tool could not look at all.
type Tool interface {
	Describe() Description
	Query(ctx context.Context, req Request) (ToolResult, error)
}

// ToolResult is what one Tool found. Its Evidence has only the tool's own part set.
type ToolResult struct {
	Evidence   Evidence
	Facts      []Fact
	BlindSpots []BlindSpot
}

// Fact is one thing that a source shows. Its ID is given by the run: F1, F2, …
type Fact struct {
	ID   string `json:"id"`
	Tool string `json:"tool"`
	// At is the moment that the fact is about; zero where it is about no single moment.
	At time.Time `json:"at,omitzero"`
	// Says is one sentence. Text from outside in it is quoted and free of control characters.
	Says string `json:"says"`
	// Source is where a person finds it: FILE, FILE:LINES or a query.
	Source string `json:"source"`
	// Values are the numbers that the sentence holds, in base units (bytes, seconds).
	Values map[string]float64 `json:"values,omitempty"`

	// Key names the fact for the rules, so that they can cite a fact that a tool stated. It is unique within
	// one investigation, stable between runs, and never printed.
	Key string `json:"-"`
}

// BlindSpot is something that could not be seen, and what it would have told.
type BlindSpot struct {
	Tool      string `json:"tool"`
	Why       string `json:"why"`
	WouldTell string `json:"would_tell"`
}
