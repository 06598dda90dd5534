package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/live"
	"github.com/oombot/oombot/tools/logs"
	"github.com/oombot/oombot/tools/loki"
	"github.com/oombot/oombot/tools/metrics"
	"github.com/oombot/oombot/tools/pods"
	"github.com/oombot/oombot/tools/profiles"
	"github.com/oombot/oombot/tools/rollouts"
)

// liveSources are the sources of a running cluster, in the order of their readers. One that can't be set up costs its
// own part only. cluster may be nil, where there is none: then its sources are left out.
func liveSources(cfg *config.Config, cluster *kubeclient.Cluster, kernel kernelLogs) []liveSource {
	return withCluster(sourcesOf(cfg, cluster, kernel), cluster)
}

// sourcesOf are those of liveSources. The ones that read through HTTP clients of their own can be used again.
func sourcesOf(cfg *config.Config, cluster *kubeclient.Cluster, kernel kernelLogs) []investigations.LiveSource {
	lokiClient, lokiErr := lokiOf(cfg)
	sources := []investigations.LiveSource{
		orBroken(kernlog.NewLive(kernel.files, lokiClient, kernlog.LiveOptions{Stdin: kernel.stdin, Now: time.Now, Agents: kernel.agents}), onlyWithout(kernel, lokiErr),
			investigations.ToolKernlog, "kernel"),
		pods.NewLive(cluster),
		rollouts.NewLive(cluster),
	}
	prometheus, err := metrics.NewLive(cfg.Prometheus, metrics.LiveOptions{Cluster: cfg.Cluster, Now: time.Now, Agents: kernel.agents})
	sources = append(sources, orBroken(prometheus, err, investigations.ToolMetrics, "metrics"))
	var typed kubernetes.Interface
	if cluster != nil {
		typed = cluster.Typed()
	}
	// Without Loki the logs of the API are left: what is wrong with it is said, and told by the kernel logs too.
	sources = append(sources, logs.NewLive(typed, lokiClient, logs.LiveOptions{Now: time.Now}))
	pyroscope, err := profiles.NewLive(cfg.Pyroscope, profiles.LiveOptions{ScrapePods: cfg.Profiles.ScrapePods, Now: time.Now, Agents: kernel.agents})
	return append(sources, orBroken(pyroscope, err, investigations.ToolProfiles, "profiles"))
}

// withCluster returns the sources with their readers; those that read objects of the API do it through cluster.
func withCluster(sources []investigations.LiveSource, cluster *kubeclient.Cluster) []liveSource {
	var out []liveSource
	for i, read := range readers() {
		source := sources[i]
		switch source.(type) {
		case *pods.Live:
			source = pods.NewLive(cluster)
		case *rollouts.Live:
			source = rollouts.NewLive(cluster)
		}
		out = append(out, liveSource{source, read})
	}
	return out
}

// lokiOf returns a client of Loki; nil where none is configured, or where what is configured can't be used.
func lokiOf(cfg *config.Config) (*loki.Client, error) {
	if !cfg.Loki.Configured() {
		return nil, nil
	}
	return loki.New(cfg.Loki)
}

// onlyWithout returns err unless kernel logs are given by name, which don't need Loki.
func onlyWithout(kernel kernelLogs, err error) error {
	if len(kernel.files) > 0 {
		return nil
	}
	return err
}

// orBroken returns source, or one that says why it can't be used.
func orBroken(source investigations.LiveSource, err error, tool, folder string) investigations.LiveSource {
	if err == nil {
		return source
	}
	return broken{tool: tool, folder: folder, err: err}
}

// broken is a source that can't be set up.
type broken struct {
	tool, folder string
	err          error
}

// Describe names the source.
func (b broken) Describe() investigations.Description {
	return investigations.Description{Name: b.tool}
}

// Record says what is wrong.
func (b broken) Record(_ context.Context, _ investigations.Subject, to investigations.Sink) error {
	to.Miss(b.folder, investigations.Origin{Name: b.tool, Source: b.tool}, fmt.Errorf("its configuration can't be used: %w", b.err))
	return nil
}

// Check says what is wrong.
func (b broken) Check(context.Context, investigations.Subject) []investigations.Check {
	return []investigations.Check{{
		Tool: b.tool, Name: "configuration", State: investigations.CheckFail, Says: b.err.Error(),
		Fix: "correct it; docs/configuration.md explains every key",
	}}
}

var _ live.Past = (*metrics.Live)(nil) // found by its methods, since the two packages don't know each other

// pastOf returns the source that knows pods which are gone; nil where none does.
func pastOf(sources []liveSource) live.Past {
	for _, s := range sources {
		if p, ok := s.LiveSource.(live.Past); ok {
			return p
		}
	}
	return nil
}
