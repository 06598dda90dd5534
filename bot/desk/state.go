package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// The kinds of documents on the shelf.
const (
	docIncident = "bot.incident"
	docPost     = "bot.post"
	docVote     = "bot.vote"
	docAlert    = "bot.alert"
	docMute     = "bot.mute"
)

// stored is an incident as it is on the shelf.
type stored struct {
	bot.Incident
	// Shown is a digest of what its card shows, so that a restart edits no card that is as it should be.
	Shown string `json:"shown,omitempty"`
	// Posted counts how often its card was posted: the first time, and again where somebody deleted it before there was
	// a verdict.
	Posted int `json:"posted,omitempty"`
	// Begun says that its card was begun to be posted, and that it is not certain that nothing was: from then on it is
	// folded into no other one, since a card may tell of it.
	Begun bool `json:"begun,omitempty"`
	// Sign is what tells whether another verdict is of the same cause.
	Sign sign `json:"sign,omitzero"`
	// Told says that what follows a verdict was done for its result: files, notes, the permalink.
	Told string `json:"told,omitempty"`
	// Owes says that notes on the verdict are still to be written, of alerts that came to it later.
	Owes bool `json:"owes,omitempty"`
	// LineKills is of how many kills the thread was told last in a line of its own, LineAt when. News is the further kill of
	// another incident that this one was opened to look at, of which that one's thread is still to be told.
	LineKills int        `json:"line_kills,omitempty"`
	LineAt    time.Time  `json:"line_at,omitzero"`
	News      *bot.Again `json:"news,omitempty"`
	// Anew says that it is looked at once more though it was judged, and that its verdict stands until there is another one.
	Anew bool `json:"anew,omitempty"`
	// Tried is of which result a verdict was when a further kill was looked at by itself because of it, by why.
	Tried map[bot.AgainWhy]string `json:"tried,omitempty"`
	// Shows is the verdict that its card shows, Showed the one that it showed before.
	Shows  shown `json:"shows,omitzero"`
	Showed shown `json:"showed,omitzero"`
	// Unseen says that it was counted among the kills that are shown nowhere.
	Unseen bool `json:"unseen,omitempty"`
	// Counted says that it was counted among the incidents that were folded.
	Counted bool `json:"counted,omitempty"`
	// Order is the key of the last order of a person that began it anew, so that one that is dealt with twice is the same
	// as once.
	Order string `json:"order,omitempty"`
}

// entry is an incident with what only this run of the program knows.
type entry struct {
	stored
	// found is when its target was found; zero while it is looked for.
	found time.Time
	// queued says that it waits for its investigation.
	queued bool
	// forced lets a person's question go first.
	steps []bot.Step
	model string
	// result and evidence are of its last investigation; result may be that of the rules while a model looks at it.
	result   *investigations.Result
	evidence *investigations.Evidence
	stop     context.CancelFunc
	// telling says that what follows its verdict is being done.
	telling bool
	// tellAgain is when to try that again.
	tellAgain time.Time
	// edited is when its card was last posted or edited; stale that it may not show what is known; tries counts edits
	// that failed one after the other, notBefore is when to try again, and sure that the last try certainly posted nothing.
	edited time.Time
	edits  int
	stale  bool
	sure   bool
	// plain says that Slack refused its blocks, so that its text alone is shown.
	plain     bool
	tries     int
	notBefore time.Time
	// checked is when its cause was last looked at anew because of another pod or a further kill, kinds when kills were that
	// are certainly other ones than its own; late says that the kernel's report of its kill came after it was begun to be
	// looked at.
	checked time.Time
	kinds   map[string]time.Time
	late    bool
	similar []bot.Similar
	// guessed are the targets by whose names it can be found.
	guessed []investigations.Target
	// uids are of the pods in which somebody was killed.
	uids []string
	// members are the keys of its alerts.
	members []string
	ups     int
	downs   int
	// gone says that it was forgotten, or made a part of another one, whose id is became: it is neither stored nor shown any
	// more.
	gone   bool
	became string
}

// told says that a card tells of an incident, or may. The caller holds Desk.mu.
func (e *entry) told() bool { return e.Card != "" || e.Begun }

// place is a message of a channel.
type place struct{ channel, ts string }

// state is all incidents, and the ways to find them. It is guarded by Desk.mu.
type state struct {
	incidents map[string]*entry
	// threads leads from a thread's first message, a card, and a post of an alert bot to its incident.
	threads map[place]string
	// alerts leads from an alert's source and id, workloads from a namespace and workload, results from the id of a
	// result to incidents, the latest.
	alerts    map[string]member
	workloads map[string][]string
	// guesses is as workloads, by what the names in an alert tell before anything was looked up.
	guesses map[string][]string
	nodes   map[string][]string
	results map[string]string
	posts   map[string]*post
	mutes   map[string]mute
	// due are the incidents of a channel whose cards may not show what is known; ended is when alerts ended that were
	// not known.
	due   map[string]map[string]*entry
	ended map[string]time.Time
	// sightings are kills of the last minutes, by their nodes.
	sightings map[string][]*sighting
}

func newState() state {
	return state{
		incidents: map[string]*entry{}, threads: map[place]string{}, alerts: map[string]member{}, workloads: map[string][]string{},
		nodes: map[string][]string{}, guesses: map[string][]string{}, results: map[string]string{}, posts: map[string]*post{}, mutes: map[string]mute{},
		due: map[string]map[string]*entry{}, ended: map[string]time.Time{}, sightings: map[string][]*sighting{},
	}
}

// add enters an incident, and again what is new of it, into the ways to find it.
func (s *state) add(e *entry) {
	if e.gone {
		return
	}
	s.incidents[e.ID] = e
	top := e.ID
	for _, ts := range []string{e.Thread, e.Card} {
		if e.Channel != "" && ts != "" {
			s.threads[place{e.Channel, ts}] = top
		}
	}
	e.guess(func(key string) {
		if !slices.Contains(s.guesses[key], e.ID) {
			s.guesses[key] = append(s.guesses[key], e.ID)
		}
	})
	s.killedIn(e, uidOf(e.Ask.Kill))
	if w := workloadKey(e.Cluster, e.Target); w != "" && !slices.Contains(s.workloads[w], e.ID) {
		s.workloads[w] = append(s.workloads[w], e.ID)
	}
	if n := nodeKey(e.Cluster, e.Target.Node); n != "" && !slices.Contains(s.nodes[n], e.ID) {
		s.nodes[n] = append(s.nodes[n], e.ID)
	}
	if e.ResultID != "" {
		s.results[e.ResultID] = e.ID
	}
}

// stale says that a card may not show what is known.
func (s *state) stale(e *entry) {
	if e.gone {
		return
	}
	e.stale = true
	if s.due[e.Channel] == nil {
		s.due[e.Channel] = map[string]*entry{}
	}
	s.due[e.Channel][e.ID] = e
}

// remove forgets an incident.
func (s *state) remove(e *entry) {
	e.gone = true
	delete(s.incidents, e.ID)
	delete(s.due[e.Channel], e.ID)
	for p, id := range s.threads {
		if id == e.ID {
			delete(s.threads, p)
		}
	}
	for _, k := range e.members {
		if s.alerts[k].Incident == e.ID {
			delete(s.alerts, k)
		}
	}
	for _, t := range e.guessed {
		without(s.guesses, guessKey(t), e.ID)
	}
	for _, uid := range e.uids {
		without(s.guesses, uidKey(uid), e.ID)
	}
	without(s.workloads, workloadKey(e.Cluster, e.Target), e.ID)
	without(s.nodes, nodeKey(e.Cluster, e.Target.Node), e.ID)
	if s.results[e.ResultID] == e.ID {
		delete(s.results, e.ResultID)
	}
}

// without takes an id out of a list of them.
func without(m map[string][]string, key, id string) {
	ids := slices.DeleteFunc(m[key], func(other string) bool { return other == id })
	if len(ids) == 0 {
		delete(m, key)
		return
	}
	m[key] = ids
}

// guess calls f with the keys of what an incident may be of, each once for each state of its targets: guessing from
// names takes its time.
func (e *entry) guess(f func(key string)) {
	for _, t := range append(slices.Clone(e.Ask.Targets), e.Target) {
		if !guesses(t, e.Ask.Kill) || slices.Contains(e.guessed, t) {
			continue
		}
		e.guessed = append(e.guessed, t)
		f(guessKey(t))
	}
}

// top returns the incident whose thread tells of e: e itself, or the one that it was folded into.
func (s *state) top(e *entry) *entry {
	for range 8 { // a chain longer than that is damage
		if e == nil || e.Parent == "" {
			return e
		}
		p := s.incidents[e.Parent]
		if p == nil {
			return e
		}
		e = p
	}
	return e
}

// at returns the incident of a thread, a card or an alert's post; nil where there is none.
func (s *state) at(channel, ts string) *entry {
	if ts == "" {
		return nil
	}
	return s.incidents[s.threads[place{channel, ts}]]
}

// sorted are the incidents that keep says, the oldest first.
func (s *state) sorted(keep func(*entry) bool) []*entry {
	var out []*entry
	for _, e := range s.incidents {
		if keep(e) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func alertKey(source, id string) string { return source + "/" + id }

// alert returns the incident of an alert; nil where there is none.
func (s *state) alert(source, id string) *entry {
	return s.incidents[s.alerts[alertKey(source, id)].Incident]
}

// member is an alert of an incident, as it is on the shelf: one that is told of again, or that it ended, is known
// however many the incident has.
type member struct {
	Incident string `json:"incident"`
	Resolved bool   `json:"resolved,omitempty"`
}

// workloadKey is where the incidents of a workload are found; empty for a target of which no workload is known.
func workloadKey(cluster string, t investigations.Target) string {
	if t.Workload == "" {
		return ""
	}
	return cluster + "\x00" + t.Namespace + "\x00" + t.Workload
}

// encode makes the document of an incident.
func (e *entry) encode() (investigations.Doc, error) {
	body, err := json.Marshal(e.stored)
	if err != nil {
		return investigations.Doc{}, fmt.Errorf("write incident %s: %w", e.ID, err)
	}
	return investigations.Doc{Kind: docIncident, Key: e.ID, Body: body}, nil
}

// nodeKey is where the incidents of a node are found; empty where no node is known.
func nodeKey(cluster, node string) string {
	if node == "" {
		return ""
	}
	return cluster + "\x00" + node
}
