package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/live"
)

// liveFlags are the flags of commands that look at a running cluster.
type liveFlags struct {
	at, window string
	kernelLogs []string
}

func (f *liveFlags) add(cmd *cobra.Command) {
	configFlag(cmd)
	cmd.Flags().StringVar(&f.at, "at", "", "when it was killed, as 2026-03-04T02:17:09Z (default: the latest kill that the cluster knows of)")
	cmd.Flags().StringVar(&f.window, "window", "24h", "how far back to look, up to 30d")
	cmd.Flags().StringArrayVar(&f.kernelLogs, "kernel-log", nil, "a `FILE` with the node's kernel log, - for standard input; may be repeated")
}

// ask reads the flags and the target's words.
func (f *liveFlags) ask(target string) (live.Ask, error) {
	words, err := live.ParseTarget(target)
	if err != nil {
		return live.Ask{}, usageError{err}
	}
	ask := live.Ask{Words: words}
	if f.at != "" {
		if ask.At, err = investigations.ParseTime(f.at); err != nil {
			return live.Ask{}, usagef("--at %w", err)
		}
	}
	if ask.Window, err = investigations.ParseWindow(f.window); err != nil {
		return live.Ask{}, usagef("--%w", err)
	}
	return ask, nil
}

// kernelLogs are the kernel logs that the command line names, with what - stands for among them, and what is told of
// nodes without being asked for.
type kernelLogs struct {
	files []kernlog.KernelFile
	stdin io.Reader
	// agents is what node agents told; nil where nothing listens to any.
	agents investigations.NodeLedger
}

func (f *liveFlags) kernel(stdin io.Reader) kernelLogs {
	k := kernelLogs{stdin: stdin}
	for _, path := range f.kernelLogs {
		k.files = append(k.files, kernlog.KernelFile{Path: path})
	}
	return k
}

// liveSource is one source of a running cluster, and what reads its recording.
type liveSource struct {
	investigations.LiveSource
	read reader
}

// session is one look at a running cluster.
type session struct {
	config    *config.Config
	cluster   *kubeclient.Cluster
	sources   []liveSource
	recording *bundle.Recording
	subject   investigations.Subject
	log       *slog.Logger
	// past is what is remembered; nil where nothing is.
	past *casebook
}

// openSession connects the sources and finds the target.
func openSession(
	ctx context.Context, cfg *config.Config, ask live.Ask, kernel kernelLogs, log *slog.Logger,
) (*session, error) {
	s := &session{config: cfg, recording: bundle.NewRecording(), log: log}
	ask.Cluster = cfg.Cluster
	var err error
	if s.cluster, err = connect(cfg, log); err != nil {
		return nil, err
	}
	s.sources = liveSources(cfg, s.cluster, kernel)
	s.foresee(ctx, ask)
	return s, s.find(ctx, ask)
}

// findShare is the part of a source's time that one call may take while the target is looked for.
const findShare = 3

// find resolves the target. What the cluster does not tell in time is done without. The error says that there is no
// such thing, or ctx's own.
func (s *session) find(ctx context.Context, ask live.Ask) error {
	timeout := time.Duration(s.config.Limits.SourceTimeout)
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var err error
	s.subject, err = s.resolver().Resolve(limited, ask)
	if err == nil && s.subject.NoEnd {
		s.moment(limited)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (s *session) resolver() *live.Resolver {
	return &live.Resolver{
		Cluster: s.cluster, Past: pastOf(s.sources), Now: time.Now,
		Patience: time.Duration(s.config.Limits.SourceTimeout) / findShare,
	}
}

// moment has a kernel log that was given by name say when something was killed of which nobody else knew.
func (s *session) moment(ctx context.Context) {
	for _, src := range s.sources {
		logs, ok := src.LiveSource.(*kernlog.Live)
		if !ok {
			continue
		}
		if at := logs.LastKill(ctx, s.subject); !at.IsZero() {
			s.subject.Request.At, s.subject.NoEnd = at, false
		}
	}
}

// foresee has sources begin with what the words say, while the target is looked for.
func (s *session) foresee(ctx context.Context, ask live.Ask) {
	early := investigations.Subject{Request: investigations.Request{
		At: ask.At, Window: ask.Window, Cluster: ask.Cluster,
		Target: investigations.Target{Namespace: ask.Namespace, Pod: ask.Name, Container: ask.Container},
	}}
	if ask.Kind != "" && ask.Kind != "pod" {
		early.Request.Target = investigations.Target{Namespace: ask.Namespace, Workload: ask.Kind + "/" + ask.Name}
	}
	if ask.At.IsZero() {
		early.Request.At = time.Now()
	}
	for _, src := range s.sources {
		if f, ok := src.LiveSource.(investigations.Foreseer); ok {
			f.Foresee(ctx, early)
		}
	}
}

// connect reads where the cluster is.
func connect(cfg *config.Config, log *slog.Logger) (*kubeclient.Cluster, error) {
	rest, err := restConfig(cfg, log)
	if err != nil {
		return nil, err
	}
	return kubeclient.Connect(rest, log)
}

// restConfig reads where the cluster is, for clients whose messages go to log.
func restConfig(cfg *config.Config, log *slog.Logger) (*rest.Config, error) {
	klog.SetSlogLogger(log) // client-go's own messages, which would else go to standard error as they are
	return kubeclient.RESTConfig(kubeclient.Access{
		Kubeconfig: cfg.Kubernetes.Kubeconfig, Context: cfg.Kubernetes.Context, UserAgent: "oombot/" + readVersion().Version,
	})
}

// tools are the session's sources as tools that record what they read.
func (s *session) tools() []investigations.Tool {
	var out []investigations.Tool
	for _, src := range s.sources {
		out = append(out, live.NewTool(src, s.subject, s.recording, s.past.watched(src.read)))
	}
	return out
}
