package main

import (
	"context"
	"io/fs"
	"log/slog"
	"math"
	"runtime/debug"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/rules"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/logs"
	"github.com/oombot/oombot/tools/metrics"
	"github.com/oombot/oombot/tools/pods"
	"github.com/oombot/oombot/tools/profiles"
	"github.com/oombot/oombot/tools/rollouts"
)

const (
	// bundleTimeout bounds each source of a bundle, so that any bundle ends within ten seconds.
	bundleTimeout = 8 * time.Second
	// bundleMemory is where the garbage collector begins to work hard: any bundle is to end within 400 MB.
	bundleMemory = 320 << 20
)

// bundleTools are the sources of a recorded incident, in the order in which their facts are numbered. Whoever
// adds a source adds it here.
func bundleTools(fsys fs.FS) []investigations.Tool {
	return []investigations.Tool{
		kernlog.New(fsys),
		pods.New(fsys),
		rollouts.New(fsys),
		metrics.New(fsys),
		logs.New(fsys),
		profiles.New(fsys),
	}
}

// diagnose investigates what req asks in the bundle that fsys holds.
func diagnose(
	ctx context.Context, req investigations.Request, fsys fs.FS, log *slog.Logger, progress func(investigations.Progress),
) (*investigations.Result, *investigations.Evidence, error) {
	return investigations.Run(ctx, req, bundleTools(fsys), rules.New(), investigations.Options{
		SourceTimeout: bundleTimeout,
		Progress:      progress,
		Log:           log,
		Redact:        redact.Text,
	})
}

// limitMemory bounds the heap softly, where GOMEMLIMIT hasn't done so already.
func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bundleMemory)
	}
}
