package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/live"
)

// liveCluster is a bot.Investigator of a running cluster. Connections are made once; what is read is read anew for each
// investigation.
type liveCluster struct {
	investigating
	config  *config.Config
	cluster *kubeclient.Cluster
	sources []investigations.LiveSource
	now     func() time.Time
}

var _ bot.Investigator = (*liveCluster)(nil)

// newLiveCluster returns the cluster that is configured; it sends nothing yet.
func newLiveCluster(cfg *config.Config, in investigating) (*liveCluster, error) {
	cluster, err := connect(cfg, in.log)
	if err != nil {
		return nil, err
	}
	return &liveCluster{
		investigating: in, config: cfg, cluster: cluster, sources: sourcesOf(cfg, cluster, kernelLogs{agents: in.agents}), now: in.app.now,
	}, nil
}

// session returns a look at the cluster that has read nothing yet.
func (l *liveCluster) session() *session {
	cluster := l.cluster.Anew()
	return &session{
		config: l.config, cluster: cluster, sources: withCluster(l.sources, cluster), recording: bundle.NewRecording(), log: l.log,
	}
}

// Find implements bot.Investigator. Where the API server can't be asked, what the ask says is found.
func (l *liveCluster) Find(ctx context.Context, ask bot.Ask) (bot.Case, error) {
	if ask.Kill != nil {
		return l.findKill(ctx, ask)
	}
	all, err := wantedOf(ask)
	if err != nil {
		return nil, err
	}
	var first error
	for _, w := range all {
		c, err := l.find(ctx, w, ask)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, bot.ErrNoTarget) {
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func (l *liveCluster) find(ctx context.Context, w wanted, ask bot.Ask) (*liveCase, error) {
	s := l.session()
	words := w.Words
	if w.Namespace == "" && w.Node == "" {
		var err error
		if words, err = s.place(ctx, w); err != nil {
			return nil, err
		}
	}
	c := &liveCase{in: l, alert: ask.Alert, ask: live.Ask{
		Words: words, At: ask.At, Window: ask.Window, Cluster: l.config.Cluster, Kill: killOf(ask),
	}}
	return c, c.look(ctx, s)
}

// place looks in which namespace there is what was asked for without one.
func (s *session) place(ctx context.Context, w wanted) (live.Words, error) {
	if len(w.among.names()) == 1 {
		w.Namespace = w.among[0]
		return w.Words, nil
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(s.config.Limits.SourceTimeout))
	defer cancel()
	found, err := s.resolver().Anywhere(limited, w.Kind, w.Name, w.among.allow)
	if errors.Is(err, investigations.ErrForbidden) && len(found) == 0 {
		found = s.tryEach(limited, w)
	}
	if cause := context.Cause(ctx); cause != nil {
		return live.Words{}, cause
	}
	switch {
	case len(found) == 1:
		found[0].Container = w.Container
		return found[0], nil
	case len(found) > 1:
		return live.Words{}, noTargetf("several things are called %s: ask for one of %s", w.Name, wordsOf(found))
	case errors.Is(err, investigations.ErrForbidden):
		return live.Words{}, noTargetf("%s can't be looked for without its namespace, since the role lacks the permission (deploy/rbac-serve.yaml has it): "+
			"ask for NAMESPACE/%s", w, w.Name)
	case err != nil:
		return live.Words{}, err
	case len(w.among) > 0:
		return live.Words{}, noTargetf("none of the namespaces %s has anything called %s", strings.Join(w.among, ", "), w.Name)
	}
	return live.Words{}, noTargetf("no namespace has anything called %s", w.Name)
}

// tryEach asks for it in one namespace after the other, which needs no permission beyond them.
func (s *session) tryEach(ctx context.Context, w wanted) []live.Words {
	var found []live.Words
	for _, namespace := range w.among.names() {
		words := w.Words
		words.Namespace = namespace
		if _, err := s.resolver().Resolve(ctx, live.Ask{Words: words}); err == nil && ctx.Err() == nil {
			found = append(found, words)
		}
	}
	return found
}

func wordsOf(found []live.Words) string {
	var names []string
	for _, f := range found[:min(len(found), mostListed)] {
		names = append(names, f.String())
	}
	if more := len(found) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// liveCase is a target that was found in a running cluster.
type liveCase struct {
	in    *liveCluster
	ask   live.Ask
	alert *investigations.Alert
	// looked is when session read the target.
	looked  time.Time
	session *session
	// used says that session was investigated with.
	used bool
}

// fresh is how long what was read of a target holds: what waits for longer is looked at anew.
const fresh = 20 * time.Second

// look finds the target with a session.
func (c *liveCase) look(ctx context.Context, s *session) error {
	err := s.find(ctx, c.ask)
	switch {
	case errors.Is(err, live.ErrNoTarget), errors.Is(err, live.ErrAmbiguous), errors.Is(err, live.ErrTarget):
		return noTargetf("%v", err)
	case err != nil:
		return err
	}
	s.subject.Request.Alert = c.alert
	c.session, c.looked = s, c.in.now()
	return nil
}

// Target implements bot.Case.
func (c *liveCase) Target() investigations.Target { return targetOf(c.session.subject) }

// Investigate implements bot.Case.
func (c *liveCase) Investigate(ctx context.Context, w bot.Watch) (*investigations.Result, *investigations.Evidence, error) {
	if err := c.renew(ctx); err != nil {
		return nil, nil, err
	}
	c.session.past, c.used = c.in.past.page(w.AskedBy), true
	return c.session.investigate(ctx, c.in.options(w))
}

// renew looks at the target anew where it was found long ago, or investigated with what was read then. The kill stays the
// one that was found, and what is gone meanwhile stays as it was.
func (c *liveCase) renew(ctx context.Context) error {
	if !c.used && c.in.now().Sub(c.looked) < fresh {
		return nil
	}
	before := c.session.subject
	if !before.NoEnd {
		c.ask.At = before.Request.At
	}
	s := c.in.session()
	err := c.look(ctx, s)
	if errors.Is(err, bot.ErrNoTarget) {
		c.in.log.Info("the target is gone since it was found", "case", before.Request.Target.String(), "err", slog.StringValue(err.Error()))
		s.subject = before
		c.session, c.looked, err = s, c.in.now(), nil
	}
	return err
}
