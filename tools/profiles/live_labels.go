package profiles

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
)

// Labels by which profilers name what they profile: the scrapers of Grafana's agents first, then OpenTelemetry's
// collectors, then what programs give themselves.
var (
	podLabels       = []string{"pod", "k8s_pod_name", "kubernetes_pod_name", "pod_name", "hostname"}
	namespaceLabels = []string{"namespace", "k8s_namespace_name", "kubernetes_namespace"}
	containerLabels = []string{"container", "k8s_container_name", "kubernetes_container_name", "container_name"}
)

const profileTypeLabel = "__profile_type__"

// selection is how one site's Pyroscope names the pods of a workload.
type selection struct {
	// pod, namespace and container are names of labels; namespace and container may be empty.
	pod, namespace, container string
	// in is the namespace.
	in string
	// profileType is name:sample type:unit:period type:period unit.
	profileType string
}

// of returns the selector of pods that match a pattern, and of one container of them where it is given.
func (s selection) of(pattern, container string) string {
	parts := []string{s.pod + "=~" + strconv.Quote(pattern)}
	if s.namespace != "" {
		parts = append(parts, s.namespace+"="+strconv.Quote(s.in))
	}
	if s.container != "" && container != "" {
		parts = append(parts, s.container+"="+strconv.Quote(container))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (s selection) groupBy() []string {
	if s.container == "" {
		return []string{s.pod}
	}
	return []string{s.pod, s.container}
}

// discover finds by which labels and under which type the heap of the plan's pods is there.
func (l *Live) discover(ctx context.Context, p plan) (selection, error) {
	to := p.at.Add(late)
	from := to.Add(-maxRange)
	if from.Before(p.from) {
		from = p.from
	}
	results := make([]found, len(podLabels))
	var calls errgroup.Group
	calls.SetLimit(maxParallel)
	for i, name := range podLabels {
		calls.Go(func() error {
			res, err := l.querier.Series(ctx, connect.NewRequest(&querierv1.SeriesRequest{
				// One selector: a newer Pyroscope wants all of them to match, an older one any.
				Matchers:   []string{selection{pod: name}.of(p.podPattern(), "")},
				LabelNames: slices.Concat([]string{name, profileTypeLabel}, namespaceLabels, containerLabels),
				Start:      from.UnixMilli(), End: to.UnixMilli(),
			}))
			if err != nil {
				results[i].err = fault(err)
				return nil
			}
			results[i] = p.found(name, res.Msg)
			return nil
		})
	}
	_ = calls.Wait() // the calls return no errors
	var failed error
	allocations := false
	for _, f := range results {
		if f.sel.profileType != "" {
			return f.sel, nil
		}
		failed = cmp.Or(failed, f.err)
		allocations = allocations || f.allocations
	}
	switch {
	case failed != nil:
		return selection{}, failed
	case allocations:
		return selection{}, p.noneOf("allocations, and no profile of what is in use,")
	}
	return selection{}, p.noneOf("no heap profile")
}

// found is what one label of pods led to.
type found struct {
	sel selection
	// allocations says that there are profiles of allocations.
	allocations bool
	err         error
}

// found reads the series of pods that one label names.
func (p plan) found(podLabel string, res *querierv1.SeriesResponse) found {
	f := found{sel: selection{pod: podLabel, in: p.namespace}}
	best := math.MaxInt
	for _, set := range res.GetLabelsSet() {
		labels := set.GetLabels()
		pod := label(labels, podLabel)
		if !p.related(pod) {
			continue
		}
		var namespace, container string
		for _, name := range namespaceLabels {
			if namespace == "" && label(labels, name) != "" {
				namespace = name
			}
		}
		if namespace != "" && label(labels, namespace) != p.namespace {
			continue
		}
		for _, name := range containerLabels {
			if container == "" && label(labels, name) != "" {
				container = name
			}
		}
		id := label(labels, profileTypeLabel)
		rank, allocations := rankOf(id)
		f.allocations = f.allocations || allocations
		if rank < 0 {
			continue
		}
		if rank *= 2; pod != p.pod {
			rank++
		}
		if rank < best {
			best = rank
			f.sel.namespace, f.sel.container, f.sel.profileType = namespace, container, id
		}
	}
	return f
}

// rankOf ranks a type of profiles: the lower, the better; below zero it is none of memory in use.
func rankOf(id string) (rank int, allocations bool) {
	parts := strings.Split(id, ":")
	if len(parts) != 5 {
		return -1, false
	}
	name, unit := strings.ToLower(parts[1]), unitBytes(parts[2])
	allocations = strings.Contains(name, "alloc")
	switch {
	case unit == 0 || allocations:
		return -1, allocations
	case name == "inuse_space":
		return 0, false
	case strings.Contains(name, "inuse") || strings.Contains(name, "in_use") || strings.Contains(name, "live"):
		return 1, false
	case parts[0] == "memory" || parts[0] == "heap":
		return 2, false
	}
	return -1, false
}

// heapTypes returns the types of memory in use among ids, the best first.
func heapTypes(ids []string) []string {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { rank, _ := rankOf(id); return rank < 0 })
	slices.SortFunc(ids, func(a, b string) int {
		ra, _ := rankOf(a)
		rb, _ := rankOf(b)
		return cmp.Or(cmp.Compare(ra, rb), strings.Compare(a, b))
	})
	return ids
}

// typesText names types in a sentence.
func typesText(ids []string) string {
	const most = 5
	text := strings.Join(ids[:min(len(ids), most)], ", ")
	if more := len(ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return investigations.CleanText(text, 300)
}
