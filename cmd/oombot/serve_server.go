package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/agents"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/nodes"
)

// server is a running `oombot serve`.
type server struct {
	app     *app
	config  *config.Config
	cluster opener
	model   *llm
	front   *front
	// election is nil where there is one replica only.
	election *election
	// reviewer says whose the tokens of node agents are; nil where no cluster does.
	reviewer agents.Reviewer
	// oldestKill bounds how old a kill may be that a node agent tells of; 0: any.
	oldestKill time.Duration
	// incidents is how many recorded ones there are.
	incidents int
	log       *slog.Logger
}

const (
	// stopWithin bounds everything that is done at the end: whatever hangs then goes on at the next start.
	stopWithin = 8 * time.Second
	// ownWithin is how long it is waited for that another process gives up the memory file.
	ownWithin = 5 * time.Second
)

// run serves until ctx ends, which is no error.
func (s *server) run(ctx context.Context) error {
	listener, err := listen(ctx, s.config.HTTP.Listen)
	if err != nil {
		return err
	}
	s.log.Info("listening", "addr", listener.Addr().String())
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	part := func(work func(context.Context) error) {
		parts.Go(func() {
			if err := work(inner); err != nil {
				cancel(err)
			}
		})
	}
	part(func(ctx context.Context) error { return s.front.serve(ctx, listener) })
	part(s.lead)
	<-inner.Done()
	s.log.Info("stopping")
	ended := make(chan struct{})
	go func() { // ends with the parts, or with the program
		parts.Wait()
		close(ended)
	}()
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	select {
	case <-ended:
		s.log.Info("stopped")
	case <-late.C:
		s.log.Warn("not everything ended in time; it goes on at the next start")
	}
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(inner)
}

// lead works while this replica is to.
func (s *server) lead(ctx context.Context) error {
	if s.election == nil {
		return s.work(ctx)
	}
	return s.election.run(ctx, func() { s.front.close(idleStandby) }, s.work)
}

// work opens what is remembered, takes events, and deals with them until ctx ends.
func (s *server) work(ctx context.Context) (err error) {
	s.front.close(idleStarting)
	defer s.front.close(idleStopping)
	store, err := s.openOwn(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	o, err := s.open(ctx, store)
	if err != nil {
		return ended(ctx, err)
	}
	if err := o.desk.Load(ctx); err != nil {
		return ended(ctx, err)
	}
	s.front.open(o.works)
	s.log.Info("working")
	inner, cancel := context.WithCancel(ctx)
	var hearing sync.WaitGroup
	for _, e := range o.works.ready.ears {
		if e.run != nil {
			hearing.Go(func() { e.run(inner) })
		}
	}
	err = o.desk.Run(inner)
	cancel()
	s.front.close(idleStopping)
	hearing.Wait()
	if err == nil && ctx.Err() == nil {
		err = errors.New("the bot ended by itself")
	}
	return ended(ctx, err)
}

// ended returns err unless ctx is over, which is no error.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// office is what works.
type office struct {
	desk  *desk.Desk
	works *works
}

// open joins all parts over a store.
func (s *server) open(ctx context.Context, store memory.Store) (*office, error) {
	past := s.app.newPast(store, s.config.Memory, s.log)
	ledger, err := nodes.Open(ctx, nodes.Options{Shelf: store, Log: s.log, Now: s.app.now})
	if err != nil {
		return nil, err
	}
	cluster, err := s.cluster(investigating{app: s.app, model: s.model, past: past, agents: ledger, log: s.log})
	if err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	client := s.slackClient()
	var slack bot.Slack // nil, and not a nil client, where there is none
	if client != nil {
		slack = client
	}
	d, err := desk.New(desk.Options{
		Slack: slack, Pager: s.pager(), Investigator: cluster, Answerer: answerer{s.app, s.model}, Store: store,
		Recaller: past.recaller(), Policy: policyOf(s.config.Slack), KillChannel: agentChannel(s.config),
		Concurrent: s.config.Limits.Concurrent, StartsPerMinute: s.config.Limits.StartsPerMinute, Cluster: s.config.Cluster,
		Links:      linksOf(s.config.Links),
		Registerer: metrics, Log: s.log, Now: s.app.now,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the bot: %w", err)
	}
	ears := s.ears(client, store, ledger, d, metrics)
	return &office{desk: d, works: &works{
		events: eventsMux(ears), metrics: metrics,
		ready: &readiness{inbox: &probe{shelf: store, now: s.app.now}, ears: ears},
	}}, nil
}

// openOwn opens the memory file for this process alone. Others that only look something up have it for a moment, and
// are waited for.
func (s *server) openOwn(ctx context.Context) (memory.Store, error) {
	path := s.config.Memory.File
	deadline := s.app.now().Add(ownWithin)
	for {
		store, err := s.app.openFile(ctx, path, s.log)
		if err != nil {
			return nil, err
		}
		file, shared := store.(interface{ Holder() int })
		if !shared || file.Holder() == os.Getpid() {
			return store, nil
		}
		pid := file.Holder()
		if err := store.Close(); err != nil {
			return nil, err
		}
		if s.app.now().After(deadline) {
			return nil, fmt.Errorf("open memory file %s: process %d has it open, and serve must have it alone: end that process, or name another file by --memory",
				oneLine(path), pid)
		}
		t := time.NewTimer(100 * time.Millisecond)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil, context.Cause(ctx)
		case <-t.C:
		}
	}
}
