package investigations

import "time"

// ResultVersion is the version of the Result document.
const ResultVersion = 1

// Result is the document that an investigation ends in: what `investigate -o json` prints, and what memory
// stores. Nothing is guessed to fill a field: an enumeration says "unknown", everything else is absent or null.
type Result struct {
	Version    int          `json:"version"`
	ID         string       `json:"id"`
	At         time.Time    `json:"at"`
	Target     Target       `json:"target"`
	Verdict    Verdict      `json:"verdict"`
	Hypotheses []Hypothesis `json:"hypotheses"`
	Facts      []Fact       `json:"facts"`
	BlindSpots []BlindSpot  `json:"blind_spots"`
	Precedents []Precedent  `json:"precedents"`
	Tools      []ToolRun    `json:"tools"`
	LLM        LLMUse       `json:"llm"`

	// Features and Influences are what memory keeps beside the document; they are no part of it.
	Features   Features    `json:"-"`
	Influences []Influence `json:"-"`
}

// Verdict says what happened and what to do about it.
type Verdict struct {
	Mechanism Mechanism `json:"mechanism"`
	Boundary  Boundary  `json:"boundary"`
	Cause     Cause     `json:"cause"`
	Trigger   Trigger   `json:"trigger"`
	// Change is the revision that set it off; nil where none did.
	Change *Change `json:"change,omitempty"`
	// Victim is what ended, whatever ended it.
	Victim *Party `json:"victim,omitempty"`
	// Culprit used up the memory; nil where the cause is not_oom or it is not known.
	Culprit *Party `json:"culprit,omitempty"`
	// Confidence is 0 to 1.
	Confidence float64 `json:"confidence"`
	// Headline is one sentence of at most 160 characters.
	Headline string `json:"headline"`
	// Explanation is short paragraphs; each claim cites facts, as [F3].
	Explanation     string           `json:"explanation"`
	Recommendations []Recommendation `json:"recommendations"`
	NextKill        *NextKill        `json:"next_kill,omitempty"`
	// WrittenBy is rules or llm.
	WrittenBy string `json:"written_by"`
}

// Change is a change of a workload, or of the configuration it reads.
type Change struct {
	Workload string    `json:"workload,omitempty"`
	Revision int64     `json:"revision,omitempty"`
	At       time.Time `json:"at,omitzero"`
	// What lists the differences, as "image: 1.4.1 -> 1.5.0".
	What []string `json:"what"`
}

// Party is a process, a container, a pod or a node, as far as it is known.
type Party struct {
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
	Node      string `json:"node,omitempty"`
	PID       int64  `json:"pid,omitempty"`
	Comm      string `json:"comm,omitempty"`
}

// SameContainer says whether both are of one container of one pod. Either may be nil, which is of none.
func (p *Party) SameContainer(o *Party) bool {
	return p != nil && o != nil && p.Pod != "" && p.Namespace == o.Namespace && p.Pod == o.Pod && p.Container == o.Container
}

// Recommendation is one thing to do. Command is built from fields and safe to paste into a shell.
type Recommendation struct {
	Action    Action `json:"action"`
	Workload  string `json:"workload,omitempty"`
	Container string `json:"container,omitempty"`
	Revision  int64  `json:"revision,omitempty"`
	// Value is a Kubernetes quantity.
	Value   string `json:"value,omitempty"`
	Command string `json:"command,omitempty"`
	// Note says in a sentence what it does, and what it does not.
	Note string   `json:"note,omitempty"`
	Why  []string `json:"why"`
}

// NextKill is when it will happen again if nothing changes.
type NextKill struct {
	At       time.Time `json:"at,omitzero"`
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
	Why      []string  `json:"why"`
}

// Hypothesis is one cause, weighed.
type Hypothesis struct {
	Cause Cause `json:"cause"`
	// Score is 0 to 1; scores do not sum up to one.
	Score   float64  `json:"score"`
	For     []string `json:"for"`
	Against []string `json:"against"`
}

// Precedent is an earlier investigation that resembles this one.
type Precedent struct {
	ID string `json:"id"`
	// Similarity is 0 to 1, of how memory ran out and not of how it was worded.
	Similarity float64 `json:"similarity"`
	// Why says what the two share, in what they differ, and who judged the earlier one.
	Why []string `json:"why"`
	// Outcome is what became of its advice.
	Outcome OutcomeState `json:"outcome"`
	// Trust is how far it is to be trusted; one that is refuted is a warning.
	Trust Trust `json:"trust,omitempty"`
}

// ToolRun is how one tool did.
type ToolRun struct {
	Name   string `json:"name"`
	TookMS int64  `json:"took_ms"`
	Facts  int    `json:"facts"`
	Error  string `json:"error"`
}

// LLMUse is what the model cost; EndedBy is off where none was asked.
type LLMUse struct {
	Model            string  `json:"model"`
	Calls            int     `json:"calls"`
	PromptTokens     int     `json:"prompt_tokens"`
	CompletionTokens int     `json:"completion_tokens"`
	Cost             float64 `json:"cost"`
	RejectedClaims   int     `json:"rejected_claims"`
	EndedBy          string  `json:"ended_by"`
}
