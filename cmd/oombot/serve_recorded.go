package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/pods"
	"github.com/oombot/oombot/tools/rollouts"
)

// recorded is a recorded incident, and what it is found by.
type recorded struct {
	// dir says where it lies, and open opens it there.
	dir  string
	open func() (*bundle.Bundle, error)
	req  investigations.Request
	// target is the request's, with the pod's workload and node as far as they are recorded.
	target investigations.Target
	// containers are the target pod's; none where they are not recorded.
	containers []string
	// siblings are the other recorded pods of the target's workload.
	siblings []string
	// kills are the uids of pods, and the ids of containers, that kills are found by, with how well each tells.
	kills map[string]int
}

// openRecorded reads what the incidents in the folders below dir are about. One that can't be used is logged, and costs
// only itself; an error says that none can be.
func openRecorded(ctx context.Context, dir string, log *slog.Logger) ([]recorded, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("--bundles: read the folder of recorded incidents: %w", err)
	}
	var places []recordedPlace
	for _, e := range entries {
		folder := filepath.Join(dir, e.Name())
		if _, err := os.Stat(filepath.Join(folder, "incident.yaml")); !e.IsDir() || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		places = append(places, recordedPlace{folder, func() (*bundle.Bundle, error) { return bundle.Open(folder) }})
	}
	out, err := readAllRecorded(ctx, places, log)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		hint := "give the folder whose sub-folders are bundles, each with an incident.yaml"
		if _, err := os.Stat(filepath.Join(dir, "incident.yaml")); err == nil {
			hint = "it is a bundle itself: give the folder above it"
		}
		return nil, fmt.Errorf("--bundles %s: no recorded incident in it can be used; %s", oneLine(dir), hint)
	}
	return out, nil
}

// recordedPlace is where a recorded incident lies: what its dir and open will be.
type recordedPlace struct {
	dir  string
	open func() (*bundle.Bundle, error)
}

// openExamples reads what the incidents that are shipped are about.
func openExamples(ctx context.Context, log *slog.Logger) ([]recorded, error) {
	entries, err := fs.ReadDir(examples.FS, ".")
	if err != nil {
		return nil, fmt.Errorf("read the examples: %w", err)
	}
	var places []recordedPlace
	for _, e := range entries {
		places = append(places, recordedPlace{"examples/" + e.Name(), func() (*bundle.Bundle, error) {
			fsys, err := fs.Sub(examples.FS, e.Name())
			if err != nil {
				return nil, err
			}
			return bundle.OpenFS(fsys)
		}})
	}
	return readAllRecorded(ctx, places, log)
}

// readAllRecorded reads what incidents are about, some at a time, and returns them in their order. One that can't be
// used is logged; an error says that ctx is over.
func readAllRecorded(ctx context.Context, places []recordedPlace, log *slog.Logger) ([]recorded, error) {
	all := make([]*recorded, len(places))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range places {
		group.Go(func() error {
			r, err := readRecorded(ctx, p)
			if err != nil {
				log.Warn("a recorded incident can't be used", "dir", p.dir, "err", err)
				return nil
			}
			all[i] = r
			return nil
		})
	}
	_ = group.Wait() // what goes wrong is logged
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var out []recorded
	for _, r := range all {
		if r != nil {
			out = append(out, *r)
		}
	}
	return out, nil
}

// readRecorded reads what an incident is about. What the recording does not tell of its target is left empty.
func readRecorded(ctx context.Context, p recordedPlace) (*recorded, error) {
	b, err := p.open()
	if err != nil {
		return nil, err
	}
	defer b.Close()
	r := &recorded{dir: p.dir, open: p.open, req: b.Request(), target: b.Request().Target}
	tools := []investigations.Tool{pods.New(b.FS()), rollouts.New(b.FS())}
	// The rules join a pod with its owners and its node; of what else they judge nothing is used.
	result, evidence, err := diagnose(ctx, r.req, tools, investigations.Options{})
	if err != nil {
		return nil, err
	}
	if found := result.Target.Workload; r.target.Workload == "" || strings.HasSuffix(found, "/"+r.target.Workload) {
		r.target.Workload = found // with its kind, where only its name was asked for
	}
	r.target.Node = cmp.Or(r.target.Node, result.Target.Node)
	if r.target.Pod != "" && evidence.Pods != nil {
		r.addPods(evidence.Pods.Pods)
	}
	r.addKills(ctx, b.FS(), evidence.Pods, cmp.Or(r.target.Pod, result.Target.Pod))
	return r, nil
}

// addPods takes what the recorded pods tell of the target's and of those beside it.
func (r *recorded) addPods(all []investigations.Pod) {
	i := slices.IndexFunc(all, func(p investigations.Pod) bool {
		return p.Namespace == r.target.Namespace && p.Name == r.target.Pod
	})
	if i < 0 {
		return
	}
	pod := &all[i]
	for _, c := range pod.Containers {
		r.containers = append(r.containers, c.Name)
	}
	for j := range all {
		p := &all[j]
		if j != i && p.Namespace == pod.Namespace && p.OwnerName != "" && ownedAlike(p, pod, r.target.Workload) {
			r.siblings = append(r.siblings, p.Name)
		}
	}
}

// ownedAlike says whether two pods are of one workload: of one owner, or of two revisions of one Deployment.
func ownedAlike(p, q *investigations.Pod, workload string) bool {
	if p.OwnerKind == q.OwnerKind && p.OwnerName == q.OwnerName {
		return true
	}
	name, ok := strings.CutPrefix(workload, "deployment/")
	hash, revision := strings.CutPrefix(p.OwnerName, name+"-")
	return ok && revision && p.OwnerKind == "replicaset" && !strings.Contains(hash, "-")
}

// The ranks of matches, the best last.
const (
	matchNone = iota
	// matchOnNode is of an incident on a node that is asked for.
	matchOnNode
	// matchSibling is of another pod of the workload.
	matchSibling
	matchWorkload
	matchPod
	// matchWhole is of what the incident itself says that it is about.
	matchWhole
)

// match says how well an incident is what is wanted.
func (r *recorded) match(w wanted) int {
	if w.Node != "" {
		switch w.Node {
		case r.req.Target.Node:
			return matchWhole
		case r.target.Node:
			return matchOnNode
		}
		return matchNone
	}
	if w.Namespace != r.target.Namespace && (w.Namespace != "" || !w.among.allow(r.target.Namespace)) || r.target.Namespace == "" {
		return matchNone
	}
	if w.Kind == "" || w.Kind == "pod" {
		if rank := r.matchPod(w); rank != matchNone || w.Kind == "pod" {
			return rank
		}
	}
	return r.matchWorkload(w)
}

func (r *recorded) matchPod(w wanted) int {
	own := w.Container == "" || w.Container == r.target.Container
	switch {
	case w.Name == r.target.Pod && w.Container != "" && own:
		return matchWhole
	case w.Name == r.target.Pod && (own || r.target.Container == "" && slices.Contains(r.containers, w.Container)):
		return matchPod
	case own && slices.Contains(r.siblings, w.Name):
		return matchSibling
	}
	return matchNone
}

func (r *recorded) matchWorkload(w wanted) int {
	if w.Container != "" {
		return matchNone
	}
	for _, workload := range []string{r.req.Target.Workload, r.target.Workload} {
		kind, name, both := strings.Cut(workload, "/")
		if !both {
			kind, name = "", workload
		}
		if name == w.Name && name != "" && (w.Kind == "" || kind == "" || w.Kind == kind) {
			return matchWorkload
		}
	}
	return matchNone
}

// names are what a person may write to mean the incident.
func (r *recorded) names() []string {
	t := r.target
	if t.Namespace == "" {
		return []string{t.String()}
	}
	var out []string
	if _, name, both := strings.Cut(t.Workload, "/"); both {
		out = append(out, t.Namespace+"/"+name)
	}
	if t.Pod != "" {
		out = append(out, t.Namespace+"/"+t.Pod)
	}
	if t.Container != "" || len(out) == 0 {
		out = append(out, t.String())
	}
	return out
}
