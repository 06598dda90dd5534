package main

import (
	"context"
	"io/fs"
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

// reader makes the tool that reads its source's part of a bundle, whether that lies in a folder or is being recorded.
type reader func(fs.FS) investigations.Tool

// readers are those of all sources, in the order in which their facts are numbered. Whoever adds a source adds it
// here, and its live form in liveSources.
func readers() []reader {
	return []reader{
		func(f fs.FS) investigations.Tool { return kernlog.New(f) },
		func(f fs.FS) investigations.Tool { return pods.New(f) },
		func(f fs.FS) investigations.Tool { return rollouts.New(f) },
		func(f fs.FS) investigations.Tool { return metrics.New(f) },
		func(f fs.FS) investigations.Tool { return logs.New(f) },
		func(f fs.FS) investigations.Tool { return profiles.New(f) },
	}
}

// bundleTools are the sources of a recorded incident. told says what its collector could not see; it may be nil, and so
// may the past, which notes what is read.
func bundleTools(fsys fs.FS, told func(tool string) []investigations.BlindSpot, past *casebook) []investigations.Tool {
	var tools []investigations.Tool
	for _, read := range readers() {
		tool := past.watched(read)(fsys)
		if told != nil {
			tool = investigations.WithBlindSpots(tool, told)
		}
		tools = append(tools, tool)
	}
	return tools
}

// diagnose investigates what req asks with the tools of a bundle. What opt says of time and redaction is set.
func diagnose(
	ctx context.Context, req investigations.Request, tools []investigations.Tool, opt investigations.Options,
) (*investigations.Result, *investigations.Evidence, error) {
	opt.SourceTimeout, opt.Redact = bundleTimeout, redact.Text
	return investigations.Run(ctx, req, tools, rules.New(), opt)
}

// limitMemory bounds the heap softly, where GOMEMLIMIT hasn't done so already.
func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bundleMemory)
	}
}
