package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/nodes"
	"github.com/oombot/oombot/tools/bundle"
)

// casebook is what one command remembers: an open file of past incidents, or why it can't be used. An investigation
// answers without it.
type casebook struct {
	app       *app
	store     memory.Store
	err       error
	retention time.Duration
	audit     *bundle.Audit
	askedBy   string
	log       *slog.Logger
}

// openPast opens the file of past incidents; nil where nothing is to be remembered.
func (a *app) openPast(ctx context.Context, c config.Memory, log *slog.Logger) *casebook {
	if c.File == config.MemoryNone || c.File == "" {
		return nil
	}
	p := a.newPast(nil, c, log)
	p.store, p.err = a.openFile(ctx, c.File, log)
	return p
}

// newPast returns the casebook of an open file.
func (a *app) newPast(store memory.Store, c config.Memory, log *slog.Logger) *casebook {
	return (&casebook{app: a, store: store, retention: time.Duration(c.Retention), log: log}).page(a.user())
}

// page returns the casebook for one more investigation, for which somebody asks: what it reads is noted apart from what
// others read. Pages may be used at the same time.
func (p *casebook) page(askedBy string) *casebook {
	if p == nil {
		return nil
	}
	c := *p
	c.audit, c.askedBy = bundle.NewAudit(p.app.now), redact.Text(askedBy)
	return &c
}

func (p *casebook) close() {
	if p == nil || p.store == nil {
		return
	}
	if err := p.store.Close(); err != nil {
		p.log.Warn("close the file of past incidents", "err", err)
	}
}

// agents answers what node agents told a bot that keeps its memory in the same file; nil where it heard none.
func (p *casebook) agents(ctx context.Context) investigations.NodeLedger {
	if p == nil || p.store == nil {
		return nil
	}
	f := agentsFile{}
	if f.ledger, f.err = nodes.Open(ctx, nodes.Options{Shelf: p.store, Log: p.log, Now: p.app.now}); f.err != nil {
		p.log.Warn("read what node agents told", "err", f.err)
	}
	return f.heard()
}

// recaller is nil where nothing is remembered.
func (p *casebook) recaller() investigations.Recaller {
	switch {
	case p == nil:
		return nil
	case p.err != nil:
		// Which process has the file says more than that the time was up.
		return noRecaller{errors.New(p.err.Error())}
	}
	return memory.NewRecaller(p.store)
}

// noRecaller says why there is no memory.
type noRecaller struct{ err error }

// Recall implements investigations.Recaller.
func (r noRecaller) Recall(context.Context, investigations.RecallQuery) ([]investigations.Recalled, error) {
	return nil, r.err
}

// watched returns read with a note of what it reads, for the trace.
func (p *casebook) watched(read reader) reader {
	if p == nil {
		return read
	}
	return func(fsys fs.FS) investigations.Tool {
		return read(p.audit.Watch(read(fsys).Describe().Name, fsys))
	}
}

// keep stores an investigation. What prevents it is a blind spot of the result: the verdict is given all the same.
func (p *casebook) keep(
	ctx context.Context, req investigations.Request, res *investigations.Result, ev *investigations.Evidence, origins map[string]investigations.Origin,
) {
	if p == nil || p.err != nil {
		return
	}
	_, err := memory.NewKeeper(p.store, p.app.now).Remember(ctx, memory.Investigation{
		Request: req, Result: res, Evidence: ev, Sources: p.audit.Answers(origins), AskedBy: p.askedBy,
	})
	switch {
	case errors.Is(err, memory.ErrNotLearned):
		p.log.Warn("an earlier incident could not be told of this one", "err", err)
	case err != nil:
		res.BlindSpots = append(res.BlindSpots, investigations.BlindSpot{
			Tool:      investigations.ToolMemory,
			Why:       "this incident could not be stored: " + redact.Text(investigations.CleanText(err.Error(), 300)),
			WouldTell: "to later investigations, what happened here",
		})
		return
	}
	if p.retention > 0 {
		n, err := p.store.Forget(ctx, investigations.Filter{Before: p.app.now().Add(-p.retention)})
		if err != nil {
			p.log.Warn("forget incidents beyond the retention", "err", err)
		} else if n > 0 {
			p.log.Info("forgot incidents beyond the retention", "incidents", n)
		}
	}
}
