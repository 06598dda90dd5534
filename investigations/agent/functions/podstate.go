package functions

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/oombot/oombot/investigations"
)

// stateOf tells how a pod and its containers are, and how they ended.
func stateOf(p *investigations.Pod, a *answer) {
	t := say("pod %s: phase %s", quote(p.Namespace+"/"+p.Name, 200), quote(p.Phase, 20))
	if p.Reason != "" {
		t.and(", reason %s", quote(p.Reason, 60))
	}
	if p.Message != "" {
		t.and(", message %s", quote(p.Message, 160))
	}
	if !p.Created.IsZero() {
		t.and(", created at %s", p.Created)
	}
	if !p.Deleted.IsZero() {
		t.and(", to be deleted at %s", p.Deleted)
	}
	for _, c := range p.Conditions {
		if c.Status != "True" && c.Type != "" {
			t.and("; condition %s is %s since %s", quote(c.Type, 40), quote(c.Status, 10), c.At)
		}
	}
	a.add(p.Created, p.Source, t)
	for i := range p.Containers {
		c := &p.Containers[i]
		t, at := containerState(p, c)
		a.add(at, p.Source, t)
	}
}

func containerState(p *investigations.Pod, c *investigations.Container) (*sentence, time.Time) {
	t := say("container %s of pod %s: restarts %s", quote(c.Name, 60), quote(p.Name, 120), countOf("restarts", c.Restarts))
	switch {
	case !c.State.RunningSince.IsZero():
		t.and(", running since %s", c.State.RunningSince)
	case c.State.WaitingReason != "":
		t.and(", waiting: %s", quote(c.State.WaitingReason, 60))
		if c.State.WaitingMessage != "" {
			t.and(" %s", quote(c.State.WaitingMessage, 120))
		}
	}
	at := time.Time{}
	if e := c.State.Terminated; e != nil {
		t.end("it ended", "", e)
		at = e.FinishedAt
	}
	if e := c.LastState.Terminated; e != nil {
		t.end("its last life before ended", "last_", e)
		at = cmp.Or(at, e.FinishedAt)
	}
	return t, at
}

// end appends how a container ended.
func (s *sentence) end(lead, key string, e *investigations.Termination) {
	s.and("; %s with %s, exit code %s", lead, quote(e.Reason, 40), countOf(key+"exit_code", e.ExitCode))
	if e.Signal != 0 {
		s.and(", signal %s", countOf(key+"signal", e.Signal))
	}
	if !e.FinishedAt.IsZero() {
		s.and(", at %s", e.FinishedAt)
		if !e.StartedAt.IsZero() && e.FinishedAt.After(e.StartedAt) {
			s.and(" after %s", secondsOf(key+"lifetime", e.FinishedAt.Sub(e.StartedAt)))
		}
	}
	if e.Message != "" {
		s.and(", message %s", quote(e.Message, 120))
	}
}

// events tells of those about the pods that were chosen and a node, those nearest to the moment.
func (s *Set) events(p party, node string, chosen []*investigations.Pod, a *answer) {
	if !s.ev.Pods.HasEvents {
		s.blind(a, investigations.ToolPods)
		return
	}
	about := map[[3]string]bool{}
	for _, c := range chosen {
		about[[3]string{"Pod", c.Namespace, c.Name}] = true
	}
	if t := s.target(); len(chosen) == 0 && p.pod == "" && t.Pod != "" {
		about[[3]string{"Pod", t.Namespace, t.Pod}] = true
	} else if len(chosen) == 0 && p.pod != "" {
		about[[3]string{"Pod", cmp.Or(p.namespace, t.Namespace), p.pod}] = true
	}
	if node = s.nodeOf(node, chosen); node != "" {
		about[[3]string{"Node", "", node}] = true
	}
	var found []*investigations.Event
	for i := range s.ev.Pods.Events {
		e := &s.ev.Pods.Events[i]
		key := [3]string{e.Kind, e.Namespace, e.Name}
		if e.Kind == "Node" {
			key[1] = "" // events about nodes stand in the namespace default
		}
		if about[key] {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		a.note("nothing found: %d events were read, none of them about %s or node %s", len(s.ev.Pods.Events), s.asked(p), quote(node, 80))
		return
	}
	moment := s.at()
	slices.SortStableFunc(found, func(x, y *investigations.Event) int {
		return cmp.Or(cmp.Compare(awayFrom(x.Last, moment), awayFrom(y.Last, moment)), cmp.Compare(x.Message, y.Message))
	})
	a.skip(len(found) - a.most)
	found = found[:min(len(found), a.most)]
	slices.SortStableFunc(found, func(x, y *investigations.Event) int { return x.Last.Compare(y.Last) })
	for _, e := range found {
		t := say("event about %s: %s (%s)", quote(e.Kind+" "+e.Name, 140), quote(e.Reason, 60), quote(e.Type, 20))
		if e.Count > 1 {
			t.and(", %s times from %s to %s", countOf("count", e.Count), e.First, e.Last)
		} else {
			t.and(" at %s", e.Last)
		}
		if e.Component != "" {
			t.and(", by %s", quote(e.Component, 40))
		}
		a.add(e.Last, e.Source, t.and(": %s", quote(e.Message, 220)))
	}
}

// numbered is a key for the i-th of several values.
func numbered(key string, i int) string { return key + "_" + strconv.Itoa(i+1) }
