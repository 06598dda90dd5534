package main

import (
	"context"
	"errors"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/live"
)

// killOf is what a node agent knows of who was killed; nil where no agent saw it.
func killOf(ask bot.Ask) *live.Kill {
	if ask.Kill == nil {
		return nil
	}
	return &live.Kill{Node: ask.Kill.Node, PodUID: ask.Kill.PodUID, ContainerID: ask.Kill.ContainerID}
}

// podsIn are the pods that an ask names.
func podsIn(ask bot.Ask) []wanted {
	all, err := wantedOf(ask)
	if err != nil {
		return nil // it names nothing
	}
	var out []wanted
	for _, w := range all {
		if w.Kind == "pod" {
			out = append(out, w)
		}
	}
	return out
}

// findKill finds what a kill that a node agent saw is of: the pod that the agent knew by name, else the pod of its uid,
// else the node, with all that its kernel told. A kill is told of whatever the API server answers, or does not.
func (l *liveCluster) findKill(ctx context.Context, ask bot.Ask) (bot.Case, error) {
	var first error
	for _, next := range []func() ([]wanted, error){
		func() ([]wanted, error) { return podsIn(ask), nil },
		func() ([]wanted, error) { return l.byUID(ctx, ask) },
		func() ([]wanted, error) { return nodeOf(ask) },
	} {
		some, err := next()
		for _, w := range some {
			var c *liveCase
			if c, err = l.find(ctx, w, ask); err == nil {
				return c, nil
			}
		}
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		if err != nil {
			l.log.Info("look for the pod of a kill", "node", ask.Kill.Node, "uid", ask.Kill.PodUID, "err", err)
		}
		if first == nil {
			first = err
		}
	}
	return nil, noTargetf("%v", first)
}

// byUID looks for the pod of a kill among those of its node.
func (l *liveCluster) byUID(ctx context.Context, ask bot.Ask) ([]wanted, error) {
	kill := killOf(ask)
	if kill.PodUID == "" && kill.ContainerID == "" {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(l.config.Limits.SourceTimeout)/findShare)
	defer cancel()
	words, err := l.session().resolver().Killed(limited, *kill)
	if err != nil {
		return nil, err
	}
	return []wanted{{Words: words}}, nil
}

var errNoNode = errors.New("what was killed is on a node without a name")

// nodeOf is the node of a kill.
func nodeOf(ask bot.Ask) ([]wanted, error) {
	if ask.Kill.Node == "" || !investigations.IsName(ask.Kill.Node) {
		return nil, errNoNode
	}
	return []wanted{{Words: live.Words{Node: ask.Kill.Node}}}, nil
}
