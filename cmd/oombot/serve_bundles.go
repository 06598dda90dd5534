package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/internal/suggest"
	"github.com/oombot/oombot/investigations"
)

// recordings is a bot.Investigator whose cluster are recorded incidents. What they recorded as the moment is the present:
// when somebody asks, or an alert fires, changes nothing.
type recordings struct {
	investigating
	all []recorded
}

var _ bot.Investigator = (*recordings)(nil)

// Find implements bot.Investigator: of several that match as well, the incident of the cluster that is asked for, else the
// newest.
func (c *recordings) Find(_ context.Context, ask bot.Ask) (bot.Case, error) {
	if ask.Kill != nil {
		return c.findKill(ask)
	}
	all, err := wantedOf(ask)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if found := c.best(w, ask.Cluster); found != nil {
			return &recordedCase{in: c.investigating, recorded: found}, nil
		}
	}
	return nil, c.unknown(all[0])
}

// best returns the incident that is what is wanted; nil where none is.
func (c *recordings) best(w wanted, cluster string) *recorded {
	var found *recorded
	var best int
	for i := range c.all {
		r := &c.all[i]
		rank := r.match(w)
		if rank == matchNone {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(rank, best), compareBool(r.req.Cluster == cluster, found.req.Cluster == cluster),
			r.req.At.Compare(found.req.At)) > 0 {
			found, best = r, rank
		}
	}
	return found
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// mostListed is how many of the incidents that there are an error lists.
const mostListed = 5

// unknown says that no incident is what is wanted, and which there are where the asker may look.
func (c *recordings) unknown(w wanted) error {
	var names, firsts []string
	for i := range c.all {
		r := &c.all[i]
		if r.target.Namespace != "" && !w.among.allow(r.target.Namespace) {
			continue
		}
		names = append(names, r.names()...)
		firsts = append(firsts, r.names()[0])
	}
	text := "no recorded incident is about " + w.String()
	if near := suggest.Nearest(w.String(), names); near != "" {
		return noTargetf("%s; did you mean %s?", text, near)
	}
	slices.Sort(firsts)
	firsts = slices.Compact(firsts)
	switch more := len(firsts) - mostListed; {
	case len(firsts) == 0:
		return noTargetf("%s", text)
	case more > 0:
		return noTargetf("%s; there are %s and %s", text, strings.Join(firsts[:mostListed], ", "), count(more, "other"))
	}
	return noTargetf("%s; there are %s", text, strings.Join(firsts, ", "))
}

// recordedCase is a recorded incident that was found.
type recordedCase struct {
	in       investigating
	recorded *recorded
}

// Target implements bot.Case.
func (c *recordedCase) Target() investigations.Target { return c.recorded.target }

// Investigate implements bot.Case.
func (c *recordedCase) Investigate(ctx context.Context, w bot.Watch) (*investigations.Result, *investigations.Evidence, error) {
	b, err := c.recorded.open()
	if err != nil {
		return nil, nil, err
	}
	defer b.Close()
	return investigateRecorded(ctx, b, c.in.past.page(w.AskedBy), c.in.options(w))
}
