package investigations

import "context"

// CheckState is how a check ended.
type CheckState string

// How a check ends.
const (
	CheckOK   CheckState = "ok"
	CheckWarn CheckState = "warn"
	CheckFail CheckState = "fail"
)

// Check is one line of a doctor's report about one source.
type Check struct {
	// Tool is the source's name; empty for what belongs to none, as the configuration.
	Tool string `json:"tool,omitempty"`
	// Name says in a few words what was checked, as "list pods" or "query traffic".
	Name  string     `json:"name"`
	State CheckState `json:"state"`
	// Says is one sentence on what was found.
	Says string `json:"says"`
	// Fix is what to do about it, where something is to be done: a command, a line of configuration.
	Fix string `json:"fix,omitempty"`
}

// Checker is a live source that can say how well it works. sample is a pod that the cluster runs, or a Subject
// without pods where none could be found. Check returns promptly once ctx is done, with what it found until then.
type Checker interface {
	Check(ctx context.Context, sample Subject) []Check
}
