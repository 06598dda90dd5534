package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/tools/nodeagent"
	"github.com/oombot/oombot/tools/nodeagent/deliver"
	"github.com/oombot/oombot/tools/nodeagent/follow"
	"github.com/oombot/oombot/tools/nodeagent/heap"
	"github.com/oombot/oombot/tools/nodeagent/names"
	"github.com/oombot/oombot/tools/nodeagent/recorder"
)

// agentParts are the parts of a node agent, joined. recorder is nil where the node's cgroups can't be read, names
// where there is no source of them, and sender where there is no bot.
type agentParts struct {
	app        *app
	config     config.Agent
	kubernetes config.Kubernetes
	log        *slog.Logger
	metrics    *prometheus.Registry

	agent    *nodeagent.Agent
	recorder *recorder.Recorder
	sender   *deliver.Sender
	names    *names.Names
	// heap is nil where no profiles are read; reading ends what it reads.
	heap    *heap.Heap
	reading context.Context //nolint:containedctx // the recorder's callbacks take none
	// onProfile takes profiles once they are clean. profiling is held while one is read: one at a time takes enough memory.
	onProfile func(investigations.NodeProfile)
	profiling sync.Mutex
	// blind is what can't be seen from the start on.
	blind []string

	// ticking guards what the recorder was seen to do last.
	ticking sync.Mutex
	ticks   int64
	ticked  time.Time

	printing sync.Mutex
	printed  printer
}

// printer prints what the agent sees.
type printer struct{ kernlogRun }

func newPrinter(a *app, asJSON bool) printer { return printer{kernlogRun{app: a, json: asJSON}} }

func (p *printer) document(n investigations.NodeReport) error {
	return report.Document(p.stdout, n, "")
}

// build makes all parts. One that the node has not got costs its own part only.
func (p *agentParts) build() error {
	bootID, err := nodeagent.BootID(p.config.Proc)
	if err != nil {
		return err
	}
	p.buildNames()
	if err := p.buildHeap(); err != nil {
		return err
	}
	p.buildRecorder()
	send, waiting := p.printReport, func() bool { return false }
	if p.config.Bot != "" {
		if p.sender, err = deliver.Open(deliver.Options{
			URL: p.config.Bot, Token: p.config.Token.Value, CAFile: p.config.CAFile, Dir: filepath.Join(p.config.StateDir, "spool"),
			Node: p.config.Node, BootID: bootID, Beat: p.beat, Log: p.log,
		}); err != nil {
			return err
		}
		send, waiting = p.sender.Send, p.sender.Waiting
	}
	p.agent, err = nodeagent.New(nodeagent.Options{
		Node: p.config.Node, BootID: bootID, Version: readVersion().Version, StateDir: p.config.StateDir, Reader: string(p.config.KernelLog),
		Open: func(from follow.Position) (nodeagent.KernelLog, error) {
			return follow.Open(follow.Options{Kind: follow.Kind(p.config.KernelLog), From: from, BootID: bootID, Log: p.log})
		},
		Send: send, Waiting: waiting, Recording: p.recording(), Owner: p.owner(), Counted: p.counted(),
		Pod: p.pod(), Faults: p.faults, Registerer: p.metrics, Log: p.log, Now: p.app.now,
	})
	p.register()
	return err
}

// buildRecorder makes the flight recorder. Without it the agent still follows the kernel log.
func (p *agentParts) buildRecorder() {
	var err error
	p.recorder, err = recorder.New(recorder.Options{
		Node: p.config.Node, CgroupRoot: p.config.CgroupRoot, Proc: p.config.Proc, Names: p.name,
		OnKill: func(k investigations.CountedKill) { p.agent.Rise(k) }, OnNear: p.near, Log: p.log, Now: p.app.now,
	})
	if err != nil {
		p.log.Warn("no flight recorder: kills are reported without the minutes before them", "err", err)
		p.blind = append(p.blind, "no flight recorder: "+err.Error())
	}
}

// recording returns what reads the flight recorder; nil where there is none.
func (p *agentParts) recording() func(time.Time, []string, int) *investigations.NodeRecording {
	if p.recorder == nil {
		return nil
	}
	return func(now time.Time, podUIDs []string, largest int) *investigations.NodeRecording {
		r := p.recorder.Recording(now, func(c recorder.Container) bool { return slices.Contains(podUIDs, c.PodUID) }, largest)
		return &r
	}
}

// owner returns what knows the container of a process, and counted what says how far counters were read; nil where there is
// no flight recorder.
func (p *agentParts) owner() func(int64, string, time.Time) (nodeagent.Place, bool) {
	if p.recorder == nil {
		return nil
	}
	return func(pid int64, comm string, at time.Time) (nodeagent.Place, bool) {
		c, ok := p.recorder.Owner(pid, comm, at)
		return nodeagent.Place{Path: c.Path, PodUID: c.PodUID, ContainerID: c.ContainerID}, ok
	}
}

func (p *agentParts) counted() func() time.Time {
	if p.recorder == nil {
		return nil
	}
	return p.recorder.Counted
}

// beat says how the agent is.
func (p *agentParts) beat() investigations.NodeHeartbeat { return p.agent.Beat() }

// faults are what can't be seen at present.
func (p *agentParts) faults() []string {
	out := slices.Clone(p.blind)
	if p.recorder != nil {
		out = append(out, p.recorder.Stats().Faults...)
	}
	if p.names != nil {
		out = append(out, p.names.Faults()...)
	}
	return out
}

// run starts all parts in g.
func (p *agentParts) run(ctx context.Context, g *errgroup.Group) {
	p.reading = ctx
	g.Go(func() error { return p.agent.Run(ctx) })
	if p.recorder != nil {
		g.Go(func() error { return p.recorder.Run(ctx) })
	}
	if p.names != nil {
		g.Go(func() error { return p.names.Run(ctx) })
	}
	if p.sender != nil {
		g.Go(func() error { return p.sender.Run(ctx) })
	}
}

func (p *agentParts) close() {
	if p.heap != nil {
		p.heap.Wait()
	}
	if p.recorder != nil {
		p.recorder.Close()
	}
}
