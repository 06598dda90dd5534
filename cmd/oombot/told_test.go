package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/metrics"
)

// toldLedger is what agents would have told of the kernel logs that a bundle has, by node.
type toldLedger map[string]investigations.NodeAccount

func (l toldLedger) Account(_ context.Context, node string, from, to time.Time) (investigations.NodeAccount, error) {
	a, ok := l[node]
	if !ok {
		return a, fmt.Errorf("node %s: %w", node, investigations.ErrNotFound)
	}
	in := func(at time.Time) bool { return !at.Before(from) && !at.After(to) }
	a.Reports = slices.DeleteFunc(slices.Clone(a.Reports), func(r investigations.KernelReport) bool { return r.At == nil || !in(*r.At) })
	a.UserKills = slices.DeleteFunc(slices.Clone(a.UserKills), func(k investigations.UserKill) bool { return !in(k.At) })
	return a, nil
}

// toldOf reads the bundle's kernel logs as agents do, which lose nothing of what the logs cover. It is nil where a log
// has no clock, or does not cover the moment.
func toldOf(t *testing.T, fsys fs.FS, req investigations.Request) toldLedger {
	t.Helper()
	res, err := kernlog.New(fsys).Query(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if res.Evidence.Kernel == nil {
		return nil
	}
	told := toldLedger{}
	for _, l := range res.Evidence.Kernel.Logs {
		if l.From.IsZero() || l.From.After(req.At.Add(-time.Hour)) || len(l.Lost) > 0 {
			return nil
		}
		told[l.Node] = investigations.NodeAccount{
			Node: l.Node, Reports: l.Reports, UserKills: l.UserKills, LosslessFrom: l.From, LosslessTo: req.At.Add(10 * time.Minute),
		}
	}
	return told
}

// TestToldByAgents has every example whose kernel log is whole investigated with what agents would have told in its place:
// the verdict is the same.
func TestToldByAgents(t *testing.T) {
	dirs, err := filepath.Glob("../../examples/*/incident.yaml")
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, file := range dirs {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			b, err := bundle.Open(filepath.Dir(file))
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			told := toldOf(t, b.FS(), b.Request())
			if told == nil {
				return // the example is about a log that is not whole
			}
			done++
			want, _, err := diagnose(t.Context(), b.Request(), bundleTools(b.FS(), b.BlindSpots, nil), investigations.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := likeLive(t, b.FS(), askFor(t, b.Request()))
			for i, src := range s.sources {
				if src.Describe().Name == investigations.ToolKernlog {
					s.sources[i].LiveSource = kernlog.NewLive(nil, nil, kernlog.LiveOptions{Agents: told})
				}
			}
			got, _, err := s.investigate(t.Context(), investigations.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Verdict.Mechanism, got.Verdict.Mechanism) + cmp.Diff(want.Verdict.Boundary, got.Verdict.Boundary) +
				cmp.Diff(want.Verdict.Cause, got.Verdict.Cause) + cmp.Diff(want.Verdict.Victim, got.Verdict.Victim) +
				cmp.Diff(want.Verdict.Culprit, got.Verdict.Culprit) + cmp.Diff(want.Verdict.Confidence, got.Verdict.Confidence); diff != "" {
				t.Errorf("(-log +agent)\n%s", diff)
			}
			for _, g := range gradesOf(t, b.FS(), got) {
				if !g.Right {
					t.Errorf("%s: want %s, got %s", g.Field, g.Want, g.Got)
				}
			}
		})
	}
	if done < 10 {
		t.Errorf("only %d examples have a whole kernel log", done)
	}
}

// TestToldSilence: a recorder alone, whose agent followed the kernel log over the moment, leaves no blind spot about the
// kernel log.
func TestToldSilence(t *testing.T) {
	b, err := bundle.Open("../../examples/liveness-probe")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	req := b.Request()
	s := likeLive(t, b.FS(), askFor(t, req))
	node := s.subject.Node
	told := toldLedger{node: {Node: node, LosslessFrom: req.At.Add(-24 * time.Hour), LosslessTo: req.At.Add(time.Minute)}}
	for i, src := range s.sources {
		switch src.Describe().Name {
		case investigations.ToolKernlog:
			s.sources[i].LiveSource = kernlog.NewLive(nil, nil, kernlog.LiveOptions{})
		case investigations.ToolMetrics:
			live, err := metrics.NewLive(s.config.Prometheus, metrics.LiveOptions{Agents: told})
			if err != nil {
				t.Fatal(err)
			}
			s.sources[i].LiveSource = live
		}
	}
	got, _, err := s.investigate(t.Context(), investigations.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, spot := range got.BlindSpots {
		if spot.Tool == investigations.ToolKernlog {
			t.Error(spot)
		}
	}
	followed := slices.ContainsFunc(got.Facts, func(f investigations.Fact) bool {
		return strings.HasPrefix(f.Says, "The node agent followed the kernel log of "+node+" without loss from")
	})
	if got.Verdict.Mechanism != investigations.SigkillNotOOM || !followed {
		t.Errorf("%s %v", got.Verdict.Mechanism, got.Facts)
	}
}
