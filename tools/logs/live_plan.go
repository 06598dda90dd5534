package logs

import (
	"cmp"
	"path"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// maxContainers bounds the containers of one pod that are read.
const maxContainers = 20

// podPlan is a pod whose logs are read.
type podPlan struct {
	namespace, name string
	// target says that it is what the investigation is about, or stands for it.
	target bool
	// gone says that the cluster does not know it.
	gone       bool
	containers []*containerPlan
}

// folder is where its logs are in a bundle.
func (p *podPlan) folder() string { return path.Join("logs", p.namespace, p.name) }

// containerPlan is a container whose logs are read, and what was found.
type containerPlan struct {
	name     string
	restarts int32
	running  bool
	// lines and bytes bound each of its logs.
	lines, bytes int64
	// current and previous are the logs of its life now and of the one before; nil where there is none.
	current, previous *part
	// why says why a log could not be read.
	why error
}

// path is where one of its logs is in a bundle.
func (c *containerPlan) path(p *podPlan, previous bool) string { return logPath(p, c.name, previous) }

func logPath(p *podPlan, container string, previous bool) string {
	if previous {
		container += ".previous"
	}
	return path.Join(p.folder(), container+".log")
}

// lacks tells whether the life at the moment is not in what the cluster gave, although there was one: the
// container has restarted since. The cluster keeps two lives.
func (c *containerPlan) lacks(at time.Time) bool {
	if c.why != nil {
		return true
	}
	first := c.first()
	return c.restarts > 0 && !first.IsZero() && first.After(at)
}

// first is the time of the earliest line; zero where there is none.
func (c *containerPlan) first() time.Time {
	var first time.Time
	for _, p := range []*part{c.current, c.previous} {
		if p != nil && !p.first.IsZero() && (first.IsZero() || p.first.Before(first)) {
			first = p.first
		}
	}
	return first
}

// plan chooses what to read: of the target's pod all containers, of a few other pods of the workload those that
// restarted, most restarts first.
func plan(s investigations.Subject, opt LiveOptions) []*podPlan {
	var out []*podPlan
	others := slices.Clone(s.Pods)
	if t := s.Request.Target; t.Pod != "" {
		others = slices.DeleteFunc(others, func(p investigations.SubjectPod) bool {
			if p.Name != t.Pod {
				return false
			}
			if s.GonePod {
				return true // a younger pod of the same name
			}
			out = append(out, planPod(p, opt, true))
			return true
		})
	}
	slices.SortStableFunc(others, func(a, b investigations.SubjectPod) int { return cmp.Compare(restarts(b), restarts(a)) })
	for _, p := range others[:min(len(others), opt.OtherPods)] {
		// Where the workload as a whole is the target, its first pod stands for it.
		first := len(out) == 0 && !s.GonePod
		if pp := planPod(p, opt, first); first || len(pp.containers) > 0 {
			out = append(out, pp)
		}
	}
	return out
}

func restarts(p investigations.SubjectPod) int32 {
	var n int32
	for _, c := range p.Containers {
		n += c.Restarts
	}
	return n
}

func planPod(p investigations.SubjectPod, opt LiveOptions, target bool) *podPlan {
	out := &podPlan{namespace: p.Namespace, name: p.Name, target: target}
	for _, c := range p.Containers {
		if len(out.containers) == maxContainers || c.Restarts == 0 && !target {
			continue
		}
		plan := &containerPlan{name: c.Name, restarts: c.Restarts, running: c.Running, lines: opt.Lines, bytes: opt.Bytes}
		if !target {
			plan.lines, plan.bytes = max(plan.lines/5, 1), max(plan.bytes/4, 1)
		}
		out.containers = append(out.containers, plan)
	}
	return out
}
