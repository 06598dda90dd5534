package functions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

const (
	// weaker is the least similarity of incidents that are recalled on demand, and mostRecalled how many of them.
	weaker       = 0.25
	mostRecalled = 8
	mostReasons  = 6
)

// pastIncidents answers from what memory recalled, and recalls more where that is asked for.
func (s *Set) pastIncidents(ctx context.Context, args args, a *answer) error {
	id := args.text("id")
	similar, _ := args.flag("similar")
	var known []investigations.Recalled
	if s.ev.Memory != nil {
		known = slices.Clone(s.ev.Memory.Precedents)
	}
	is := func(p investigations.Recalled) bool { return strings.EqualFold(p.ID, id) }
	looked := s.ev.Memory != nil
	if similar || id != "" && !slices.ContainsFunc(known, is) {
		more, err := s.recallMore(ctx, a)
		if err != nil {
			return err
		}
		looked = looked || more != nil
		for _, p := range more {
			if !slices.ContainsFunc(known, func(k investigations.Recalled) bool { return k.ID == p.ID }) {
				known = append(known, p)
			}
		}
	}
	if len(known) == 0 && a.couldNot {
		return nil
	}
	if !looked {
		s.blind(a, investigations.ToolMemory)
		return nil
	}
	if id != "" {
		i := slices.IndexFunc(known, is)
		if i < 0 {
			return s.noSuchIncident(id, known)
		}
		precedent(&known[i], a)
		details(&known[i], a)
		return nil
	}
	if len(known) == 0 {
		a.note("nothing found: no past incident that memory holds resembles this one")
		if !similar && s.recall != nil {
			a.note("similar=true looks for weaker ones")
		}
	}
	for i := range known {
		if a.full() {
			a.skip(len(known) - i)
			break
		}
		precedent(&known[i], a)
	}
	return nil
}

// recallMore asks memory for weaker precedents; nil says that it could not be asked.
func (s *Set) recallMore(ctx context.Context, a *answer) ([]investigations.Recalled, error) {
	if s.recall == nil {
		return nil, nil
	}
	f := s.res.Features.Of(s.res.Target, s.res.Verdict)
	if f.Cluster == "" {
		f.Cluster = s.req.Cluster
	}
	more, err := s.recall.Recall(ctx, investigations.RecallQuery{
		ID: s.res.ID, Features: f, Limit: mostRecalled, Least: weaker,
		Draft: &investigations.Draft{Request: s.req, Result: s.res, Evidence: s.ev},
	})
	if cause := context.Cause(ctx); cause != nil {
		return nil, fmt.Errorf("call past_incidents: %w", cause)
	}
	if err != nil {
		a.couldNot = true
		a.note("could not look: memory did not answer: %s", quote(err.Error(), 200))
		return nil, nil
	}
	if more == nil {
		more = []investigations.Recalled{}
	}
	return more, nil
}

func (s *Set) noSuchIncident(id string, known []investigations.Recalled) error {
	says := "no incident " + quote(id, 60) + " is among those that resemble this one"
	var ids []string
	for _, p := range known[:min(len(known), mostNamed)] {
		ids = append(ids, p.ID)
	}
	if len(ids) > 0 {
		says += perhaps(id, ids) + "; there are: " + strings.Join(ids, ", ")
	}
	return &ArgumentError{Function: "past_incidents", Argument: "id", Says: plain(says, maxSays)}
}

// precedent tells of a past incident: what it was, and how far to trust that.
func precedent(p *investigations.Recalled, a *answer) {
	where := strings.Trim(p.Target.Namespace+"/"+p.Target.Workload, "/")
	if p.Target.Workload == "" {
		where = p.Target.String()
	}
	t := say("past incident %s of %s at %s, similarity %s: ", quote(p.ID, 40), quote(where, 160), p.At, numberOf("similarity", p.Similarity))
	if p.Cause == p.Told || p.Told == "" {
		t.and("its cause was %s", words(string(p.Cause)))
	} else {
		t.and("its verdict said %s, and people say %s", words(string(p.Told)), words(string(p.Cause)))
	}
	t.and("; trust: %s (%s, %s); its advice: %s", words(string(p.Trust)), things("up_votes", p.Ups, "vote for it", "votes for it"),
		things("down_votes", p.Downs, "vote against it", "votes against it"), words(string(p.Outcome)))
	if p.SameWorkload {
		t.and("; it is of the same workload")
	}
	if len(p.Why) > 0 {
		t.and("; %s", quote(strings.Join(p.Why[:min(len(p.Why), mostReasons)], ", "), 300))
	}
	a.add(p.At, sourceOfIncident(p), t)
}

// details tell the rest of what is known of a past incident.
func details(p *investigations.Recalled, a *answer) {
	f := p.Features
	var parts []string
	for _, x := range []struct{ name, value string }{
		{"mechanism", string(f.Mechanism)},
		{"boundary", string(f.Boundary)},
		{"trigger", string(f.Trigger)},
		{"shape", string(f.Shape)},
		{"runtime", f.Runtime},
		{"process", f.Comm},
		{"image", strings.Trim(f.Image+":"+f.Version, ":")},
		{"changed", strings.Join(f.Changed, ", ")},
		{"functions that grew", strings.Join(f.Functions, ", ")},
		{"culprit", f.Culprit},
		{"container", f.Container},
		{"node", f.Node},
	} {
		if x.value != "" {
			parts = append(parts, x.name+" "+quote(x.value, 120))
		}
	}
	if len(parts) > 0 {
		a.add(p.At, sourceOfIncident(p), say("past incident %s: %s", quote(p.ID, 40), strings.Join(parts, ", ")))
	}
	if o := p.Learned; o.State != "" && o.State != investigations.OutcomeUnknown {
		t := say("past incident %s: what became of its advice is %s", quote(p.ID, 40), words(string(o.State)))
		for i, x := range o.Fix {
			if i == 0 {
				t.and("; done was %s", words(string(x)))
			} else {
				t.and(", %s", words(string(x)))
			}
		}
		if !o.At.IsZero() {
			t.and(", known since %s", o.At)
		}
		if o.Why != "" {
			t.and(": %s", quote(o.Why, 220))
		}
		a.add(o.At, sourceOfIncident(p), t)
	}
	if p.Note != "" {
		a.add(p.At, sourceOfIncident(p), say("past incident %s: a person wrote %s", quote(p.ID, 40), quote(p.Note, 300)))
	}
}

// sourceOfIncident is how a person opens it.
func sourceOfIncident(p *investigations.Recalled) string { return "oombot history show " + p.ID }
