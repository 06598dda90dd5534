package pods

import (
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// wouldTell says what a file tells.
var wouldTell = map[string]string{
	podsFile:       investigations.WouldTell(investigations.ToolPods),
	nodesFile:      "how much memory the node has, how much of it pods may use, and whether it was under pressure",
	eventsFile:     "whether a failed probe, an eviction, a preemption or someone's deletion ended the container",
	namespacesFile: "whether the namespace was being deleted",
	rangesFile:     "whether a default of the namespace set the limit",
	quotasFile:     "how high a limit the namespace's quota leaves room for",
}

// minor are the files whose absence is told in one sentence.
var minor = []string{namespacesFile, rangesFile, quotasFile}

// blindSpots returns all that could not be seen.
func (r *reader) blindSpots() []investigations.BlindSpot {
	if !r.looked {
		r.blind("the bundle holds none of the files of kubernetes/ that tell about pods, as "+podsFile, wouldTell[podsFile])
		return r.spots
	}
	var lesser []string
	for _, file := range r.missing {
		if slices.Contains(minor, file) {
			lesser = append(lesser, file)
		} else {
			r.blindf(wouldTell[file], "%s was not recorded", file)
		}
	}
	if len(lesser) > 0 {
		r.blindf("whether defaults or quotas of the namespace bound the limit", "not recorded: %s", strings.Join(lesser, ", "))
	}
	r.targetGaps()
	r.eventGaps()
	return r.spots
}

// targetGaps tells where the files do not hold what was asked for.
func (r *reader) targetGaps() {
	t := r.req.Target
	found := targetPods(t, r.ev.Pods, 1)
	switch {
	case !r.ev.HasPods || t == (investigations.Target{}):
	case len(found) == 0 && t.Node != "":
		r.blindf("what ran on the node", "%s holds no pod on node %.100q", podsFile, t.Node)
	case len(found) == 0:
		r.blindf("how the container ended, and under which limits", "%s does not hold %.200q: it was gone already, or has another name",
			podsFile, t.String())
	case t.Container != "" && !hasContainer(found[0], t.Container):
		r.blindf("how that container ended, and under which limits", "pod %.100q has no container %.100q, only %.200q",
			t.Pod, t.Container, containerNames(found[0]))
	}
	node := targetNode(t, r.ev.Pods)
	if !r.ev.HasNodes || node == "" {
		return
	}
	if !slices.ContainsFunc(r.ev.Nodes, func(n investigations.Node) bool { return n.Name == node }) {
		r.blindf(wouldTell[nodesFile], "%s does not hold node %.100q", nodesFile, node)
	}
}

func hasContainer(p *investigations.Pod, name string) bool {
	return slices.ContainsFunc(p.Containers, func(c investigations.Container) bool { return c.Name == name })
}

func containerNames(p *investigations.Pod) []string {
	var names []string
	for _, c := range p.Containers[:min(len(p.Containers), 10)] {
		names = append(names, c.Name)
	}
	return names
}

// eventGaps tells where the events do not reach back to the moment.
func (r *reader) eventGaps() {
	if !r.ev.HasEvents {
		return
	}
	var oldest time.Time
	for i := range r.ev.Events {
		if first := r.ev.Events[i].First; !first.IsZero() && (oldest.IsZero() || first.Before(oldest)) {
			oldest = first
		}
	}
	switch {
	case oldest.IsZero():
		r.blindf(wouldTell[eventsFile], "%s holds no event: the API server drops them after an hour by default", eventsFile)
	case !r.req.At.IsZero() && oldest.After(r.req.At):
		r.blindf(wouldTell[eventsFile], "%s begins at %s, after the kill: the API server drops events after an hour by default",
			eventsFile, oldest.Format(time.RFC3339))
	}
}
