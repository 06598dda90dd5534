package logs

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// file is one log of a bundle.
type file struct {
	path                      string
	namespace, pod, container string
	previous                  bool
	// rank is how near the log is to the target; the lower, the earlier it is read.
	rank int
}

// Ranks of a file.
const (
	rankContainer = iota
	rankPod
	rankWorkload
	rankNamespace
	rankOther
)

// maxFolders bounds the folders that are listed.
const maxFolders = 5_000

// list returns the logs of the bundle, the target's first. It reports false where there are none to read.
func (t *Tool) list(ctx context.Context, target investigations.Target, n *notes) ([]file, bool) {
	namespaces, err := fs.ReadDir(t.fsys, "logs")
	if errors.Is(err, fs.ErrNotExist) {
		n.add("no container logs were recorded: there is no folder logs/")
		return nil, false
	}
	if err != nil {
		n.add("logs/ %s", reason(err))
		if len(namespaces) == 0 {
			return nil, false
		}
	}
	var pods []file
	for _, ns := range namespaces {
		for _, name := range t.names(ctx, path.Join("logs", ns.Name()), n) {
			f := file{path: path.Join("logs", ns.Name(), name), namespace: ns.Name(), pod: name}
			f.rank = f.near(target)
			pods = append(pods, f)
		}
	}
	slices.SortStableFunc(pods, func(a, b file) int { return cmp.Compare(a.rank, b.rank) })
	var files []file
	for i, p := range pods {
		if i >= maxFolders || len(files) > maxLogs {
			break
		}
		files = append(files, t.logsOf(ctx, p, target, n)...)
	}
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Compare(a.rank, b.rank) })
	if len(files) > maxLogs {
		n.add("%s and others were not read: more than %d logs", files[maxLogs].path, maxLogs)
		files = files[:maxLogs]
	}
	return files, true
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

func (t *Tool) logsOf(ctx context.Context, pod file, target investigations.Target, n *notes) []file {
	var files []file
	for _, name := range t.names(ctx, pod.path, n) {
		base, ok := strings.CutSuffix(name, ".log")
		if !ok {
			continue
		}
		f := pod
		f.path = path.Join(pod.path, name)
		f.container, f.previous = strings.CutSuffix(base, ".previous")
		f.rank = f.near(target)
		files = append(files, f)
	}
	return files
}

// near ranks a log, or a pod's folder, by the target.
func (f file) near(t investigations.Target) int {
	_, workload, _ := strings.Cut(t.Workload, "/")
	switch {
	case f.namespace != t.Namespace:
		return rankOther
	case t.Pod != "" && f.pod == t.Pod && (t.Container == "" || f.container == t.Container):
		return rankContainer
	case t.Pod != "" && f.pod == t.Pod:
		return rankPod
	case workload != "" && strings.HasPrefix(f.pod, workload+"-"):
		return rankWorkload
	}
	return rankNamespace
}
