package bot

import (
	"hash/fnv"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Incident is what is known of one incident and its thread: a document on the shelf, as JSON. Its zero fields are not
// known yet.
type Incident struct {
	// ID is the incident's own, 26 letters and digits; it stands in buttons. ResultID is that of the result that its
	// verdict is of, under which memory knows it.
	ID       string `json:"id"`
	ResultID string `json:"result_id,omitempty"`
	State    State  `json:"state"`
	Origin   Origin `json:"origin"`
	// Channel is where it is shown; empty where nowhere.
	Channel string `json:"channel,omitempty"`
	// Thread is the ts of the thread's first message: that of the alert or of who asked, else the card itself.
	Thread string `json:"thread,omitempty"`
	// Card is the ts of the one message that is edited in place; empty until it is posted. CardLink leads to it.
	Card     string `json:"card,omitempty"`
	CardLink string `json:"card_link,omitempty"`
	// AskedBy is the Slack user id of who asked; empty where an alert did.
	AskedBy string `json:"asked_by,omitempty"`
	Ask     Ask    `json:"ask"`
	// Target is what was found in the cluster, and what was asked for until then.
	Target  investigations.Target `json:"target"`
	Cluster string                `json:"cluster,omitempty"`
	Title   string                `json:"title,omitempty"`
	// Alerts are the first of those that belong to it, of kills at most MaxKills; AlertCount is how many there were in
	// all, and Firing how many of them have not ended.
	Alerts     []AlertRef `json:"alerts,omitempty"`
	AlertCount int        `json:"alert_count,omitempty"`
	Firing     int        `json:"firing,omitempty"`
	// Kills is how many of the alerts are kills that node agents saw, FirstKill and LastKill when the first and the last of
	// them were: a kill has happened, and never fires.
	Kills     int       `json:"kills,omitempty"`
	FirstKill time.Time `json:"first_kill,omitzero"`
	LastKill  time.Time `json:"last_kill,omitzero"`
	// Folded are the workloads that are told of here beside the target's own.
	Folded []Folded `json:"folded,omitempty"`
	// Pods are those of the target's own workload that alerts named or its verdict is of, at most MaxPods; PodCount is
	// how many there were in all.
	Pods     []string `json:"pods,omitempty"`
	PodCount int      `json:"pod_count,omitempty"`
	// MorePods are hashes of the names of those beyond Pods, so that none is counted twice; at most MaxMorePods.
	MorePods []uint32 `json:"more_pods,omitempty"`
	// Parent is the incident in whose thread this one is told of; empty for one with a thread of its own. Checking says
	// that its own investigation is still to confirm that it belongs there.
	Parent   string `json:"parent,omitempty"`
	Checking bool   `json:"checking,omitempty"`
	// Anyway says that somebody asked for it though it could be folded.
	Anyway bool `json:"anyway,omitempty"`
	// Run counts its investigations, from 1.
	Run int `json:"run,omitempty"`
	// Why is what prevents a verdict, in words for a person.
	Why string `json:"why,omitempty"`
	// NotFound says that the cluster knows nothing of what was asked for; Why says more.
	NotFound bool `json:"not_found,omitempty"`
	// Unposted is why it can't be shown in its channel.
	Unposted string `json:"unposted,omitempty"`
	// Quiet says that somebody told the bot to leave the thread alone.
	Quiet bool `json:"quiet,omitempty"`

	OpenedAt   time.Time `json:"opened_at"`
	StartedAt  time.Time `json:"started_at,omitzero"`
	JudgedAt   time.Time `json:"judged_at,omitzero"`
	LastAlert  time.Time `json:"last_alert,omitzero"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	// FixedAt is when somebody marked it as fixed, FixedBy who.
	FixedAt time.Time `json:"fixed_at,omitzero"`
	FixedBy string    `json:"fixed_by,omitempty"`
}

// MaxPods, MaxMorePods, MaxAlerts and MaxKills bound what an incident holds of each.
const (
	MaxPods     = 30
	MaxMorePods = 1000
	MaxAlerts   = 50
	MaxKills    = 10
)

// AddPod adds a pod of the incident's own workload, unless it is empty or known. Beyond MaxPods and MaxMorePods none is counted.
func (i *Incident) AddPod(pod string) {
	if pod == "" || i.HasPod(pod) {
		return
	}
	switch {
	case len(i.Pods) < MaxPods:
		i.Pods = append(i.Pods, pod)
	case len(i.MorePods) < MaxMorePods:
		i.MorePods = append(i.MorePods, podSum(pod))
	default:
		return
	}
	i.PodCount++
}

// AddPods adds the pods of an incident of the same workload.
func (i *Incident) AddPods(o *Incident) {
	for _, pod := range o.Pods {
		i.AddPod(pod)
	}
	for _, sum := range o.MorePods {
		known := func(pod string) bool { return podSum(pod) == sum }
		if len(i.MorePods) < MaxMorePods && !slices.Contains(i.MorePods, sum) && !slices.ContainsFunc(i.Pods, known) {
			i.MorePods = append(i.MorePods, sum)
			i.PodCount++
		}
	}
}

// HasPod says whether a pod is known. Of those beyond MaxPods only hashes are, so that very seldom a new one is taken for one of them.
func (i *Incident) HasPod(pod string) bool {
	return slices.Contains(i.Pods, pod) || len(i.MorePods) > 0 && slices.Contains(i.MorePods, podSum(pod))
}

func podSum(pod string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(pod)) // it never fails
	return h.Sum32()
}

// State is how far an incident is.
type State string

// The states of an incident.
const (
	// StateWaiting is one whose investigation has not begun.
	StateWaiting State = "waiting"
	// StateRunning is one that is being investigated. After a restart it begins again.
	StateRunning State = "running"
	StateJudged  State = "judged"
	// StateFailed is one without a verdict: Why says why.
	StateFailed State = "failed"
	// StateStopped is one that somebody stopped.
	StateStopped State = "stopped"
)

// Origin is what opened an incident.
type Origin string

// The origins of incidents.
const (
	OriginMention  Origin = "mention"
	OriginCommand  Origin = "command"
	OriginShortcut Origin = "shortcut"
	// OriginPost is a post of an alert bot in a channel: its thread is below that post.
	OriginPost Origin = "post"
	// OriginWebhook is an alert that came to the web server.
	OriginWebhook Origin = "webhook"
	// OriginAgent is a kill that a node agent saw.
	OriginAgent Origin = "agent"
	// OriginAnyway is the button of that name.
	OriginAnyway Origin = "anyway"
)

// Ask is what is to be investigated: what a person wrote, or what an alert may be about.
type Ask struct {
	// Words are as on the command line, NAMESPACE/NAME; or a name alone. Empty where Targets are given.
	Words string `json:"words,omitempty"`
	// Targets are tried in this order until one is found.
	Targets []investigations.Target `json:"targets,omitempty"`
	// Namespaces bound where a name without a namespace is looked for; none: everywhere.
	Namespaces []string              `json:"namespaces,omitempty"`
	At         time.Time             `json:"at,omitzero"`
	Window     time.Duration         `json:"window,omitempty"`
	Alert      *investigations.Alert `json:"alert,omitempty"`
	Cluster    string                `json:"cluster,omitempty"`
	// Kill is what a node agent saw: it is looked for by its uids where the targets have no names.
	Kill *Kill `json:"kill,omitempty"`
}

// AlertRef is an alert of an incident.
type AlertRef struct {
	Source   string    `json:"source"`
	ID       string    `json:"id"`
	Title    string    `json:"title,omitempty"`
	URL      string    `json:"url,omitempty"`
	At       time.Time `json:"at,omitzero"`
	Resolved bool      `json:"resolved,omitempty"`
	// Link is the permalink of its post in Slack.
	Link string `json:"link,omitempty"`
	// Incident is the source's id of the incident to which a verdict goes back as a note; PagerDuty's only.
	Incident string `json:"incident,omitempty"`
}

// Folded is a workload that is told of in another incident's thread.
type Folded struct {
	// Incident is its own incident, which can be investigated anyway.
	Incident  string `json:"incident"`
	Namespace string `json:"namespace"`
	// Workload is kind/name; where it is not known, the pod's name stands for it.
	Workload string   `json:"workload"`
	Pods     []string `json:"pods,omitempty"`
	PodCount int      `json:"pod_count,omitempty"`
	Alerts   int      `json:"alerts,omitempty"`
	// Why says what the two share, as "same node n7". Checking says that it is not confirmed yet.
	Why      string `json:"why,omitempty"`
	Checking bool   `json:"checking,omitempty"`
}
