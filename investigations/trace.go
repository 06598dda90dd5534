package investigations

import "time"

// TraceVersion is the version of the Trace document.
const TraceVersion = 1

// Trace is all that memory keeps of one investigation: what `history show -o json` prints, and one line of
// `history export`. Whoever fills one has passed every text from outside through redaction.
type Trace struct {
	Version int    `json:"version"`
	Result  Result `json:"result"`
	// Feedback is every vote and correction, in the order in which they came.
	Feedback []Feedback `json:"feedback"`
	Outcome  Outcome    `json:"outcome"`
	// AskedBy is the Slack user id or the local user's name of who first asked.
	AskedBy string `json:"asked_by"`
	// ShownAt are the permalinks of where it was shown.
	ShownAt []string `json:"shown_at"`

	Features Features `json:"features"`
	// State is what was in force at the moment that was looked at.
	State State `json:"state"`
	// Sources are what was asked and answered.
	Sources []SourceAnswer `json:"sources"`
	// Influences are how precedents changed the scores.
	Influences []Influence `json:"influences"`
	// Links lead to other incidents.
	Links []Link `json:"links"`
	// StoredAt is when the result was stored last.
	StoredAt time.Time `json:"stored_at,omitzero"`
}

// SourceAnswer is one file or query of a source: what was asked, and what came back.
type SourceAnswer struct {
	Tool string `json:"tool"`
	// File is its path in the bundle format.
	File string `json:"file"`
	// Asked is the query as sent, or the command that shows the same; empty where it was a recorded file.
	Asked string `json:"asked,omitempty"`
	// SHA256 is the digest of what was read, in hex; empty where nothing was.
	SHA256 string    `json:"sha256,omitempty"`
	Bytes  int64     `json:"bytes"`
	At     time.Time `json:"at,omitzero"`
	// Error is why it could not be read.
	Error string `json:"error,omitempty"`
}

// Influence is what one precedent did to the score of one cause.
type Influence struct {
	Precedent string `json:"precedent"`
	Cause     Cause  `json:"cause"`
	// Before and After are the score of the cause without and with this precedent, 0 to 1.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	Why    string  `json:"why"`
}

// Link leads from a trace to an earlier or a like one.
type Link struct {
	Type EdgeType `json:"type"`
	// ID is the other incident's. Of RecurredAs it is the earlier one, which recurred as this one.
	ID string `json:"id"`
}

// Vote is a person's judgement of a verdict.
type Vote string

// The votes.
const (
	VoteUp   Vote = "up"
	VoteDown Vote = "down"
	// VoteRetracted takes back an earlier vote.
	VoteRetracted Vote = "retracted"
)

// Feedback is one judgement of one person. The entry with the newest At of a person holds.
type Feedback struct {
	By   string    `json:"by"`
	Vote Vote      `json:"vote"`
	At   time.Time `json:"at"`
	// Cause is the right cause, by that person; empty where none is named.
	Cause Cause  `json:"cause"`
	Note  string `json:"note"`
	// Judged is the cause that the verdict named when it was judged: a later verdict on the same kill that names
	// another one is not judged by it. Empty means the present one.
	Judged Cause `json:"judged,omitempty"`
}

// OutcomeState is what became of a verdict's advice.
type OutcomeState string

// The outcomes.
const (
	// OutcomeFixApplied says that what was recommended was done, and not yet whether it holds.
	OutcomeFixApplied OutcomeState = "fix_applied"
	// OutcomeFixHeld says that no kill came in the time in which one was forecast, at comparable traffic.
	OutcomeFixHeld OutcomeState = "fix_held"
	// OutcomeFixFailed says that it was killed again with the fix in force.
	OutcomeFixFailed OutcomeState = "fix_failed"
	// OutcomeRecurredUnfixed says that it was killed again and nothing that was recommended had been done.
	OutcomeRecurredUnfixed OutcomeState = "recurred_unfixed"
	OutcomeUnknown         OutcomeState = "unknown"
)

// OutcomeStates lists them all.
var OutcomeStates = []OutcomeState{OutcomeFixApplied, OutcomeFixHeld, OutcomeFixFailed, OutcomeRecurredUnfixed, OutcomeUnknown}

// Outcome is what became of a verdict's advice, since when, and how one knows.
type Outcome struct {
	State OutcomeState `json:"state"`
	At    time.Time    `json:"at,omitzero"`
	Why   string       `json:"why"`
	// Fix is what was done, of what was recommended; empty where nothing was.
	Fix []Action `json:"fix,omitempty"`
}

// Amendment is what is learned of a stored trace later. Its zero fields change nothing.
type Amendment struct {
	// Feedback is added to what is there.
	Feedback []Feedback `json:"feedback,omitempty"`
	Outcome  *Outcome   `json:"outcome,omitempty"`
	// ShownAt is added, what is there already is not added again.
	ShownAt []string `json:"shown_at,omitempty"`
}

// State is what was in force when an incident was looked at, so that a later look can tell what was changed since.
type State struct {
	// At is the moment that it is of.
	At time.Time `json:"at,omitzero"`
	// From is where the evidence begins: what was before is not known.
	From time.Time `json:"from,omitzero"`
	// Workloads are the target's, and that of the culprit where it is another one.
	Workloads []WorkloadState `json:"workloads,omitempty"`
	Node      string          `json:"node,omitempty"`
	// NodeBytes is the node's memory; 0 unknown.
	NodeBytes int64 `json:"node_bytes,omitempty"`
	// QuietSince is since when the judged container has not ended in any pod of the workload that is there: from when the
	// oldest of them was made. Zero where that can't be told.
	QuietSince time.Time `json:"quiet_since,omitzero"`
	// PodSince is when the pod was made; zero unknown.
	PodSince time.Time `json:"pod_since,omitzero"`
	// Traffic is requests per second, the median of the last hour; nil unknown.
	Traffic *float64 `json:"traffic,omitempty"`
	// Kills are when the judged container was killed for want of memory within From to At, as far as it is known, in
	// order, and that of this incident among them.
	Kills []time.Time `json:"kills,omitempty"`
}

// WorkloadState is a workload as it was in force.
type WorkloadState struct {
	Namespace string `json:"namespace"`
	// Workload is kind/name.
	Workload string `json:"workload"`
	Replicas *int32 `json:"replicas,omitempty"`
	// Revision is the one that was in force at the incident, and Since when it came into force.
	Revision int64         `json:"revision,omitempty"`
	Since    time.Time     `json:"since,omitzero"`
	Now      TemplateState `json:"now"`
	// Latest is the newest revision at the look, where that is another one, and LatestSince when it came into force.
	Latest      *TemplateState `json:"latest,omitempty"`
	LatestSince time.Time      `json:"latest_since,omitzero"`
	// Earlier are the revisions before it, by number, at most ten, the newest first.
	Earlier []TemplateState `json:"earlier,omitempty"`
}

// TemplateState is what of a pod template decides over memory.
type TemplateState struct {
	Revision int64  `json:"revision,omitempty"`
	Hash     string `json:"hash,omitempty"`
	// Began is when it came into force, as far as it is known: a rollback gives an old object a new number, and may
	// leave its old time.
	Began      time.Time           `json:"began,omitzero"`
	Containers []ContainerSettings `json:"containers,omitempty"`
	// Volumes are those that are kept in memory, with their sizeLimit in bytes; 0 where there is none.
	Volumes map[string]int64 `json:"volumes,omitempty"`
}

// ContainerSettings are those of one container.
type ContainerSettings struct {
	Name  string `json:"name"`
	Image string `json:"image,omitempty"`
	// Limit and Request are bytes of memory; nil where not set.
	Limit   *int64 `json:"limit,omitempty"`
	Request *int64 `json:"request,omitempty"`
	// Settings is a digest of its arguments and environment.
	Settings string `json:"settings,omitempty"`
	// Ceiling is a digest of those of them that bound the runtime's memory, with the values that ConfigMaps give; empty
	// where there are none.
	Ceiling string `json:"ceiling,omitempty"`
}
