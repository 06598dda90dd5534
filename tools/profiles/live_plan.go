package profiles

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// plan is what of a subject matters for its profiles.
type plan struct {
	subject investigations.Subject
	// namespace and pod are the target's; pod is empty where there is none.
	namespace, pod string
	// container is empty where the request names none.
	container string
	from, at  time.Time
}

func newPlan(s investigations.Subject) plan {
	t := s.Request.Target
	p := plan{
		subject: s, namespace: t.Namespace, container: t.Container, from: s.Request.From(), at: s.Request.At,
	}
	if names := s.PodNames(); len(names) > 0 && t.Node == "" {
		p.pod = names[0]
	} else {
		p.pod = t.Pod
	}
	return p
}

// step is how long the spans are in which a survey adds profiles up.
func (p plan) step() time.Duration {
	if p.at.Sub(p.from) > maxRange {
		return longStep
	}
	return shortStep
}

// podPattern is a regular expression of the pods of the target's workload, old revisions among them. It may match
// more: related sorts them out.
func (p plan) podPattern() string {
	prefix := cutLast(p.pod)
	if hash(p.pod) != "" {
		prefix = cutLast(prefix)
	}
	if prefix == "" {
		return regexp.QuoteMeta(p.pod)
	}
	return regexp.QuoteMeta(prefix) + "-.+"
}

// related says whether a pod is the target, or of its workload.
func (p plan) related(pod string) bool {
	return nameShape.MatchString(pod) && (pod == p.pod || sameWorkload(pod, p.pod))
}

// containerOf returns a container of a pod by its name; nil where the cluster doesn't know it.
func (p plan) containerOf(pod, name string) *investigations.SubjectContainer {
	for i := range p.subject.Pods {
		if p.subject.Pods[i].Name != pod {
			continue
		}
		for j, c := range p.subject.Pods[i].Containers {
			if c.Name == name {
				return &p.subject.Pods[i].Containers[j]
			}
		}
	}
	return nil
}

// soleContainer is what a profile without a container's name is taken to be of.
func (p plan) soleContainer() string {
	if p.container != "" {
		return p.container
	}
	for i := range p.subject.Pods {
		containers := p.subject.Pods[i].Containers
		for _, c := range containers {
			if c.Running {
				return c.Name
			}
		}
		if len(containers) > 0 {
			return containers[0].Name
		}
	}
	return "unknown"
}

// point is a span of time that ends at at, in which a container was profiled, and what its heap held.
type point struct {
	at    time.Time
	value float64
}

// owner is a container of a pod.
type owner struct{ pod, container string }

// pick is a profile to fetch: the last one in the span that ends at at.
type pick struct {
	owner
	at time.Time
}

const (
	// maxContainers is how many containers of the target's pod are looked at where the request names none.
	maxContainers = 2
	// settling is how long after its start a container's heap is still being filled: a comparison with it shows what
	// every start allocates.
	settling = 5 * time.Minute
	// longLife is from when on a life is long enough to leave its beginning out.
	longLife = 30 * time.Minute
)

// picks chooses what to fetch: for each container of the target a profile early in the life before the moment, the
// last one before the moment, and the last one of another revision's pod from before that.
func (p plan) picks(series map[owner][]point) []pick {
	var own []owner
	for o := range series {
		if o.pod == p.pod && (p.container == "" || o.container == p.container) && len(p.before(series[o])) > 0 {
			own = append(own, o)
		}
	}
	slices.SortFunc(own, func(a, b owner) int {
		return cmp.Or(cmp.Compare(lastOf(series[b]).value, lastOf(series[a]).value), strings.Compare(a.container, b.container))
	})
	var out []pick
	for _, o := range own[:min(len(own), maxContainers)] {
		points := p.before(series[o])
		last := points[len(points)-1]
		early := p.early(o, points)
		out = append(out, pick{o, last.at})
		if early.at.Before(last.at) {
			out = append(out, pick{o, early.at})
		}
		if other, ok := p.other(o, last.at, series); ok {
			out = append(out, other)
		}
	}
	if len(own) == 0 { // what its siblings hold is better than nothing
		if other, ok := p.other(owner{p.pod, p.container}, p.at.Add(late), series); ok {
			out = append(out, other)
		}
	}
	return out
}

// before returns the points up to the moment.
func (p plan) before(points []point) []point {
	end := len(points)
	for end > 0 && points[end-1].at.After(p.at.Add(late)) {
		end--
	}
	return points[:end]
}

func lastOf(points []point) point { return points[len(points)-1] }

// early returns the point to compare the last one with.
func (p plan) early(o owner, points []point) point {
	last := lastOf(points)
	start, life := p.lifeStart(o, points), points
	for len(life) > 1 && life[0].at.Before(start) {
		life = life[1:]
	}
	if last.at.Sub(life[0].at) < longLife {
		return life[0]
	}
	for _, pt := range life {
		if pt.at.Sub(life[0].at) >= settling {
			return pt
		}
	}
	return life[0]
}

// lifeStart returns when the life before the moment began: as the cluster says, or else where the heap fell to less
// than a half. The last point is no fall: the end of a life cuts it short.
func (p plan) lifeStart(o owner, points []point) time.Time {
	var start time.Time
	if c := p.containerOf(o.pod, o.container); c != nil {
		for _, at := range c.Started {
			if at.After(start) && at.Before(lastOf(points).at) && at.Before(p.at) {
				start = at
			}
		}
	}
	if !start.IsZero() {
		return start
	}
	for i := 1; i < len(points)-1; i++ {
		if points[i].value < points[i-1].value/2 {
			start = points[i].at
		}
	}
	return start
}

// other returns the last profile of another pod of the workload before a moment, of an older revision if there is one.
func (p plan) other(o owner, before time.Time, series map[owner][]point) (pick, bool) {
	var best pick
	bestRank := -1
	for c, points := range series {
		if c.pod == o.pod || o.container != "" && c.container != o.container {
			continue
		}
		rank := 0
		if revision(c.pod) != revision(o.pod) {
			rank = 1
		}
		for _, pt := range points {
			if !pt.at.Before(before) || rank < bestRank {
				continue
			}
			if rank > bestRank || pt.at.After(best.at) || pt.at.Equal(best.at) && c.pod < best.pod {
				best, bestRank = pick{c, pt.at}, rank
			}
		}
	}
	return best, bestRank >= 0
}

// noneOf says that Pyroscope holds nothing of the target.
func (p plan) noneOf(what string) error {
	return fmt.Errorf("%w: Pyroscope holds %s of %s/%s: give its profiles the labels namespace and pod, as the scraper "+
		"of its Helm chart does", investigations.ErrNotFound, what, p.namespace, p.pod)
}
