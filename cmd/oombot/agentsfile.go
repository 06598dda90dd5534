package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/nodes"
)

// agentsFile is what node agents told a bot, as its memory file has it. The zero agentsFile has nothing.
type agentsFile struct {
	store  memory.Store
	ledger *nodes.Ledger
	err    error
	log    *slog.Logger
}

// openAgents reads from the memory file which agents were heard. Where no file is named, or there is none, nothing was told:
// it makes none.
func (a *app) openAgents(ctx context.Context, c config.Memory, log *slog.Logger) agentsFile {
	f := agentsFile{log: log}
	if c.File == config.MemoryNone || c.File == "" {
		return f
	}
	if _, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) {
		return f
	}
	if f.store, f.err = a.openFile(ctx, c.File, log); f.err == nil {
		f.ledger, f.err = nodes.Open(ctx, nodes.Options{Shelf: f.store, Log: log, Now: a.now})
	}
	return f
}

func (f agentsFile) close() {
	if f.store == nil {
		return
	}
	if err := f.store.Close(); err != nil {
		f.log.Warn("close the memory file", "err", err)
	}
}

// heard answers what agents told; nil where none was ever heard.
func (f agentsFile) heard() investigations.NodeLedger {
	if f.err != nil || f.ledger == nil || f.ledger.Agents(time.Time{}).Heard == 0 {
		return nil
	}
	return f.ledger
}

// blind is what a verdict lacks where the file can't be read.
func (f agentsFile) blind() investigations.BlindSpot {
	return investigations.BlindSpot{
		Tool: investigations.ToolKernlog, Why: "what node agents told could not be read: " + f.err.Error(),
		WouldTell: investigations.WouldTell(investigations.ToolKernlog),
	}
}
