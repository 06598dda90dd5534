package metrics

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/common/model"
)

// pastQuery gives the time of the last sample of a pod's memory within the days before, for each node that it was
// seen on, where cAdvisor's series have the label node.
const pastQuery = `max by (node) (max_over_time(timestamp(container_memory_working_set_bytes{namespace="$namespace",pod="$pod"$cluster})[$range:1m]))`

// pastRange is how far back a pod is looked for that nobody else knows of any more.
const pastRange = "14d"

// LastSeen returns when a pod's memory was last measured before the moment, and on which node where the series say
// it. A zero time says that it never was; without a server nothing is known.
func (l *Live) LastSeen(ctx context.Context, namespace, pod string, before time.Time) (time.Time, string, error) {
	if !l.configured {
		return time.Time{}, "", nil
	}
	values := map[string]string{"namespace": namespace, "pod": pod, "cluster": "", "range": pastRange}
	if l.opt.Cluster != "" {
		values["cluster"] = `,cluster=~"` + escape(regexp.QuoteMeta(l.opt.Cluster)) + `|"` // a server of one cluster has no such label
	}
	query, missing := expand(pastQuery, values)
	if len(missing) > 0 {
		return time.Time{}, "", fmt.Errorf("look for pod %s/%s: the query lacks %v", namespace, pod, missing)
	}
	value, _, err := l.instant(ctx, query, minTime(before, l.now()))
	if err != nil {
		return time.Time{}, "", fmt.Errorf("look for pod %s/%s in Prometheus: %w", namespace, pod, err)
	}
	var at time.Time
	var node string
	vector, _ := value.(model.Vector) // anything else holds no pod
	for _, s := range vector {
		if t := time.Unix(int64(s.Value), 0).UTC(); t.After(at) {
			at, node = t, string(s.Metric["node"])
		}
	}
	return at, node, nil
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
