package main

import (
	"cmp"
	"context"
	"io/fs"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/live"
)

// The ranks of incidents that a kill may be of, the best last.
const (
	killNone = iota
	// killBeside is of a pod that is recorded beside the target.
	killBeside
	// killReported is one that the recorded kernel log tells of.
	killReported
	// killOwn is of the target's own pod.
	killOwn
)

// addKills takes what kills are found by: the uids of pods, and the ids of their containers. The kernel logs are read
// only where the target's pod is not recorded, since a log may be long.
func (r *recorded) addKills(ctx context.Context, fsys fs.FS, pods *investigations.PodEvidence, own string) {
	r.kills = map[string]int{}
	if pods != nil {
		for i := range pods.Pods {
			p := &pods.Pods[i]
			rank := killBeside
			if p.Name == own && p.Namespace == r.target.Namespace {
				rank = killOwn
			}
			r.addPodKills(p, rank)
		}
	}
	for _, rank := range r.kills {
		if rank == killOwn {
			return
		}
	}
	res, err := kernlog.New(fsys).Query(ctx, r.req)
	if err != nil || res.Evidence.Kernel == nil {
		return // an investigation will say what is wrong with it
	}
	for _, l := range res.Evidence.Kernel.Logs {
		for i := range l.Reports {
			r.addKill(l.Reports[i].PodUID, killReported)
			r.addKill(l.Reports[i].ContainerID, killReported)
		}
	}
}

func (r *recorded) addPodKills(p *investigations.Pod, rank int) {
	r.addKill(p.UID, rank)
	r.addKill(p.Annotations["kubernetes.io/config.hash"], rank)
	for i := range p.Containers {
		c := &p.Containers[i]
		r.addKill(c.ContainerID, rank)
		for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
			if t != nil {
				r.addKill(t.ContainerID, rank)
			}
		}
	}
}

func (r *recorded) addKill(id string, rank int) {
	if id != "" {
		r.kills[id] = max(r.kills[id], rank)
	}
}

// findKill finds the incident that a kill is of: by the uid of its pod or the id of its container, else by its name, else
// one of its node.
func (c *recordings) findKill(ask bot.Ask) (bot.Case, error) {
	found := c.killed(*ask.Kill, ask.Cluster)
	names := podsIn(ask)
	if ask.Kill.Node != "" {
		names = append(names, wanted{Words: live.Words{Node: ask.Kill.Node}})
	}
	for _, w := range names {
		if found == nil {
			found = c.best(w, ask.Cluster)
		}
	}
	if found != nil {
		return &recordedCase{in: c.investigating, recorded: found}, nil
	}
	if ask.Kill.PodUID == "" {
		return nil, noTargetf("no recorded incident is of the node %s", ask.Kill.Node)
	}
	return nil, noTargetf("no recorded incident is about a pod with uid %s, nor of the node %s", ask.Kill.PodUID, ask.Kill.Node)
}

// killed returns the incident that knows the pod or container of a kill; nil where none does. Of several it is the one
// of its node, else of about the kill's moment, else of its cluster, else the newest.
func (c *recordings) killed(k bot.Kill, cluster string) *recorded {
	var found *recorded
	var best int
	near := func(r *recorded) bool { return r.req.At.Sub(k.At).Abs() <= time.Hour }
	for i := range c.all {
		r := &c.all[i]
		rank := max(r.kills[k.PodUID], r.kills[k.ContainerID])
		if rank == killNone {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(rank, best), compareBool(r.target.Node == k.Node, found.target.Node == k.Node), compareBool(near(r), near(found)),
			compareBool(r.req.Cluster == cluster, found.req.Cluster == cluster), r.req.At.Compare(found.req.At)) > 0 {
			found, best = r, rank
		}
	}
	return found
}
