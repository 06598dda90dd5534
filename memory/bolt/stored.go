package bolt

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// storedTrace is what the bucket traces holds of a trace, version 1, as JSON. It and the structs that it is made of
// are apart from those of the domain, so that these can change while files stay as they are. They may change so:
//
//   - A field may be added; records without it read as its zero value.
//   - A field is never renamed, given another type or another meaning, nor is the name of one that is gone used again.
//   - Whatever can't be done so is a new version: these structs stay as they are beside the new ones, traceVersion is
//     raised, and decodeTrace reads both. testdata holds a file of every version.
//
// The conversions between the structs without lists of structs are Go's own: they don't compile where a field was
// added, or changed its name, in the domain alone. Lists that are nil are left out, those that are empty are not.
type storedTrace struct {
	Result     storedResult      `json:"result"`
	Feedback   []storedFeedback  `json:"feedback,omitzero"`
	Outcome    storedOutcome     `json:"outcome,omitzero"`
	AskedBy    string            `json:"asked_by,omitzero"`
	ShownAt    []string          `json:"shown_at,omitzero"`
	Features   storedFeatures    `json:"features,omitzero"`
	State      storedState       `json:"state,omitzero"`
	Sources    []storedSource    `json:"sources,omitzero"`
	Influences []storedInfluence `json:"influences,omitzero"`
	Links      []storedLink      `json:"links,omitzero"`
	StoredAt   time.Time         `json:"stored_at,omitzero"`
}

type storedResult struct {
	ID         string             `json:"id"`
	At         time.Time          `json:"at,omitzero"`
	Target     storedTarget       `json:"target,omitzero"`
	Verdict    storedVerdict      `json:"verdict"`
	Hypotheses []storedHypothesis `json:"hypotheses,omitzero"`
	Facts      []storedFact       `json:"facts,omitzero"`
	BlindSpots []storedBlindSpot  `json:"blind_spots,omitzero"`
	Precedents []storedPrecedent  `json:"precedents,omitzero"`
	Tools      []storedToolRun    `json:"tools,omitzero"`
	LLM        storedLLMUse       `json:"llm,omitzero"`
}

type storedTarget struct {
	Namespace string `json:"namespace,omitzero"`
	Pod       string `json:"pod,omitzero"`
	Container string `json:"container,omitzero"`
	Workload  string `json:"workload,omitzero"`
	Node      string `json:"node,omitzero"`
}

type storedVerdict struct {
	Mechanism       investigations.Mechanism `json:"mechanism,omitzero"`
	Boundary        investigations.Boundary  `json:"boundary,omitzero"`
	Cause           investigations.Cause     `json:"cause,omitzero"`
	Trigger         investigations.Trigger   `json:"trigger,omitzero"`
	Change          *storedChange            `json:"change,omitzero"`
	Victim          *storedParty             `json:"victim,omitzero"`
	Culprit         *storedParty             `json:"culprit,omitzero"`
	Confidence      float64                  `json:"confidence,omitzero"`
	Headline        string                   `json:"headline,omitzero"`
	Explanation     string                   `json:"explanation,omitzero"`
	Recommendations []storedRecommendation   `json:"recommendations,omitzero"`
	NextKill        *storedNextKill          `json:"next_kill,omitzero"`
	WrittenBy       string                   `json:"written_by,omitzero"`
}

type storedChange struct {
	Workload string    `json:"workload,omitzero"`
	Revision int64     `json:"revision,omitzero"`
	At       time.Time `json:"at,omitzero"`
	What     []string  `json:"what,omitzero"`
}

type storedParty struct {
	Namespace string `json:"namespace,omitzero"`
	Pod       string `json:"pod,omitzero"`
	Container string `json:"container,omitzero"`
	Node      string `json:"node,omitzero"`
	PID       int64  `json:"pid,omitzero"`
	Comm      string `json:"comm,omitzero"`
}

type storedRecommendation struct {
	Action    investigations.Action `json:"action,omitzero"`
	Workload  string                `json:"workload,omitzero"`
	Container string                `json:"container,omitzero"`
	Revision  int64                 `json:"revision,omitzero"`
	Value     string                `json:"value,omitzero"`
	Command   string                `json:"command,omitzero"`
	Note      string                `json:"note,omitzero"`
	Why       []string              `json:"why,omitzero"`
}

type storedNextKill struct {
	At       time.Time `json:"at,omitzero"`
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
	Why      []string  `json:"why,omitzero"`
}

type storedHypothesis struct {
	Cause   investigations.Cause `json:"cause,omitzero"`
	Score   float64              `json:"score,omitzero"`
	For     []string             `json:"for,omitzero"`
	Against []string             `json:"against,omitzero"`
}

type storedFact struct {
	ID     string             `json:"id,omitzero"`
	Tool   string             `json:"tool,omitzero"`
	At     time.Time          `json:"at,omitzero"`
	Says   string             `json:"says,omitzero"`
	Source string             `json:"source,omitzero"`
	Values map[string]float64 `json:"values,omitzero"`
	Key    string             `json:"-"` // of one run only
}

type storedBlindSpot struct {
	Tool      string `json:"tool,omitzero"`
	Why       string `json:"why,omitzero"`
	WouldTell string `json:"would_tell,omitzero"`
}

type storedPrecedent struct {
	ID         string                      `json:"id,omitzero"`
	Similarity float64                     `json:"similarity,omitzero"`
	Why        []string                    `json:"why,omitzero"`
	Outcome    investigations.OutcomeState `json:"outcome,omitzero"`
	Trust      investigations.Trust        `json:"trust,omitzero"`
}

type storedToolRun struct {
	Name   string `json:"name,omitzero"`
	TookMS int64  `json:"took_ms,omitzero"`
	Facts  int    `json:"facts,omitzero"`
	Error  string `json:"error,omitzero"`
}

type storedLLMUse struct {
	Model            string  `json:"model,omitzero"`
	Calls            int     `json:"calls,omitzero"`
	PromptTokens     int     `json:"prompt_tokens,omitzero"`
	CompletionTokens int     `json:"completion_tokens,omitzero"`
	Cost             float64 `json:"cost,omitzero"`
	RejectedClaims   int     `json:"rejected_claims,omitzero"`
	EndedBy          string  `json:"ended_by,omitzero"`
}

type storedFeedback struct {
	By     string               `json:"by,omitzero"`
	Vote   investigations.Vote  `json:"vote,omitzero"`
	At     time.Time            `json:"at,omitzero"`
	Cause  investigations.Cause `json:"cause,omitzero"`
	Note   string               `json:"note,omitzero"`
	Judged investigations.Cause `json:"judged,omitzero"`
}

type storedOutcome struct {
	State investigations.OutcomeState `json:"state,omitzero"`
	At    time.Time                   `json:"at,omitzero"`
	Why   string                      `json:"why,omitzero"`
	Fix   []investigations.Action     `json:"fix,omitzero"`
}

type storedFeatures struct {
	Mechanism investigations.Mechanism `json:"mechanism,omitzero"`
	Boundary  investigations.Boundary  `json:"boundary,omitzero"`
	Cause     investigations.Cause     `json:"cause,omitzero"`
	Trigger   investigations.Trigger   `json:"trigger,omitzero"`
	Shape     investigations.Shape     `json:"shape,omitzero"`
	Runtime   string                   `json:"runtime,omitzero"`
	Comm      string                   `json:"comm,omitzero"`
	Image     string                   `json:"image,omitzero"`
	Version   string                   `json:"version,omitzero"`
	Changed   []string                 `json:"changed,omitzero"`
	Functions []string                 `json:"functions,omitzero"`
	Culprit   string                   `json:"culprit,omitzero"`
	Cluster   string                   `json:"cluster,omitzero"`
	Namespace string                   `json:"namespace,omitzero"`
	Workload  string                   `json:"workload,omitzero"`
	Container string                   `json:"container,omitzero"`
	Node      string                   `json:"node,omitzero"`
}

type storedState struct {
	At         time.Time             `json:"at,omitzero"`
	From       time.Time             `json:"from,omitzero"`
	Workloads  []storedWorkloadState `json:"workloads,omitzero"`
	Node       string                `json:"node,omitzero"`
	NodeBytes  int64                 `json:"node_bytes,omitzero"`
	PodSince   time.Time             `json:"pod_since,omitzero"`
	QuietSince time.Time             `json:"quiet_since,omitzero"`
	Traffic    *float64              `json:"traffic,omitzero"`
	Kills      []time.Time           `json:"kills,omitzero"`
}

type storedWorkloadState struct {
	Namespace   string           `json:"namespace,omitzero"`
	Workload    string           `json:"workload,omitzero"`
	Replicas    *int32           `json:"replicas,omitzero"`
	Revision    int64            `json:"revision,omitzero"`
	Since       time.Time        `json:"since,omitzero"`
	Now         storedTemplate   `json:"now,omitzero"`
	Latest      *storedTemplate  `json:"latest,omitzero"`
	LatestSince time.Time        `json:"latest_since,omitzero"`
	Earlier     []storedTemplate `json:"earlier,omitzero"`
}

type storedTemplate struct {
	Revision   int64             `json:"revision,omitzero"`
	Hash       string            `json:"hash,omitzero"`
	Began      time.Time         `json:"began,omitzero"`
	Containers []storedContainer `json:"containers,omitzero"`
	Volumes    map[string]int64  `json:"volumes,omitzero"`
}

type storedContainer struct {
	Name     string `json:"name,omitzero"`
	Image    string `json:"image,omitzero"`
	Limit    *int64 `json:"limit,omitzero"`
	Request  *int64 `json:"request,omitzero"`
	Settings string `json:"settings,omitzero"`
	Ceiling  string `json:"ceiling,omitzero"`
}

type storedSource struct {
	Tool   string    `json:"tool,omitzero"`
	File   string    `json:"file,omitzero"`
	Asked  string    `json:"asked,omitzero"`
	SHA256 string    `json:"sha256,omitzero"`
	Bytes  int64     `json:"bytes,omitzero"`
	At     time.Time `json:"at,omitzero"`
	Error  string    `json:"error,omitzero"`
}

type storedInfluence struct {
	Precedent string               `json:"precedent,omitzero"`
	Cause     investigations.Cause `json:"cause,omitzero"`
	Before    float64              `json:"before,omitzero"`
	After     float64              `json:"after,omitzero"`
	Why       string               `json:"why,omitzero"`
}

type storedLink struct {
	Type investigations.EdgeType `json:"type,omitzero"`
	ID   string                  `json:"id,omitzero"`
}
