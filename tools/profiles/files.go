package profiles

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// file is one profile of a bundle.
type file struct {
	path                      string
	namespace, pod, container string
	// at is the time in the name; zero where there is none.
	at time.Time
}

const (
	// maxProfiles bounds what is read, and maxOfOne what is read of one container of one pod.
	maxProfiles, maxOfOne = 200, 8
	// maxFolders bounds the folders that are listed.
	maxFolders = 5_000

	timeLayout = "20060102T150405Z"
)

// list returns the profiles to read, the target's first. It reports false where there is none.
func (t *Tool) list(ctx context.Context, req investigations.Request, n *notes) ([]file, bool) {
	namespaces, err := fs.ReadDir(t.fsys, "profiles")
	if errors.Is(err, fs.ErrNotExist) {
		n.add("no heap profile was recorded: there is no folder profiles/")
		return nil, false
	}
	if err != nil {
		n.add("profiles/ %s", reason(err))
		if len(namespaces) == 0 {
			return nil, false
		}
	}
	var containers []file
	for _, ns := range namespaces {
		for _, pod := range t.names(ctx, path.Join("profiles", ns.Name()), n) {
			folder := path.Join("profiles", ns.Name(), pod)
			for _, c := range t.names(ctx, folder, n) {
				containers = append(containers, file{
					path: path.Join(folder, c), namespace: ns.Name(), pod: pod, container: c,
				})
			}
		}
		if len(containers) > maxFolders {
			break
		}
	}
	rank := func(f file) int { return near(req.Target, f.namespace, f.pod, f.container) }
	slices.SortStableFunc(containers, func(a, b file) int { return cmp.Compare(rank(a), rank(b)) })
	var out []file
	for _, c := range containers {
		if len(out) >= maxProfiles {
			n.add("%s and others were not read: more than %d profiles", c.path, maxProfiles)
			break
		}
		out = append(out, spread(t.ofContainer(ctx, c, n), req.At)...)
	}
	return out[:min(len(out), maxProfiles)], true
}

// names lists a folder; what can't be listed is noted.
func (t *Tool) names(ctx context.Context, folder string, n *notes) []string {
	if ctx.Err() != nil {
		return nil
	}
	entries, err := fs.ReadDir(t.fsys, folder)
	if err != nil {
		n.add("%s %s", folder, reason(err))
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// ofContainer returns the profiles of a container in the order of their time.
func (t *Tool) ofContainer(ctx context.Context, c file, n *notes) []file {
	var out []file
	for _, name := range t.names(ctx, c.path, n) {
		stem, ok := strings.CutSuffix(name, ".pb.gz")
		if !ok {
			continue
		}
		f := c
		f.path = path.Join(c.path, name)
		if at, err := time.Parse(timeLayout, stem); err == nil {
			f.at = at
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b file) int { return a.at.Compare(b.at) })
	return out
}

// spread picks maxOfOne profiles evenly: the first, the last before the moment, and some between.
func spread(files []file, at time.Time) []file {
	if len(files) <= maxOfOne {
		return files
	}
	last := len(files) - 1
	for last > 0 && files[last].at.After(at) {
		last--
	}
	var out []file
	for i := range maxOfOne {
		f := files[last*i/(maxOfOne-1)]
		if len(out) == 0 || out[len(out)-1].path != f.path {
			out = append(out, f)
		}
	}
	return out
}

// near ranks a container by the target: the lower, the nearer.
func near(t investigations.Target, namespace, pod, container string) int {
	switch {
	case about(t, namespace, pod, container):
		return 0
	case namespace == t.Namespace && t.Pod != "" && sameWorkload(pod, t.Pod):
		return 1
	case namespace == t.Namespace:
		return 2
	}
	return 3
}

// about tells whether a container is the target, or of its workload.
func about(t investigations.Target, namespace, pod, container string) bool {
	if namespace != t.Namespace || t.Container != "" && container != t.Container {
		return false
	}
	if t.Pod != "" {
		return pod == t.Pod
	}
	_, workload, _ := strings.Cut(t.Workload, "/")
	return workload != "" && strings.HasPrefix(pod, workload+"-")
}

// sameWorkload tells from their names whether two pods have one controller, whatever their revisions.
func sameWorkload(a, b string) bool {
	set, setB := cutLast(a), cutLast(b)
	if set == setB {
		return set != "" // pods of one ReplicaSet, StatefulSet, DaemonSet
	}
	return hash(a) != "" && hash(b) != "" && cutLast(set) == cutLast(setB)
}

// revision is what pods of one revision have in common in their names.
func revision(pod string) string {
	if hash(pod) != "" {
		return cutLast(pod)
	}
	return ""
}

func cutLast(s string) string { return s[:max(strings.LastIndexByte(s, '-'), 0)] }

// hash returns the pod-template-hash in the name of a Deployment's pod; "" for other pods. Kubernetes writes it,
// and the five letters behind it, in an alphabet without vowels (apimachinery's rand.SafeEncodeString).
func hash(pod string) string {
	set := cutLast(pod)
	i := strings.LastIndexByte(set, '-')
	if i < 0 || len(pod)-len(set) != 6 {
		return ""
	}
	h := set[i+1:]
	if len(h) < 6 || len(h) > 10 || strings.Trim(h, "bcdfghjklmnpqrstvwxz2456789") != "" {
		return ""
	}
	return h
}
