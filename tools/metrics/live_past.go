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

// killQuery gives the last moment at which a kill of a process in the pods was some minutes old at most.
const killQuery = `max(max_over_time(timestamp(changes(container_oom_events_total{namespace="$namespace",pod=~"$pods"$cluster}[2m]) > 0)[$range:1m]))`

// LastKill returns when the kernel last killed a process in one of the pods between two moments, up to two minutes
// late; a zero time where it did not, or where no server is configured.
func (l *Live) LastKill(ctx context.Context, namespace string, pods []string, from, before time.Time) (time.Time, error) {
	if !l.configured || len(pods) == 0 {
		return time.Time{}, nil
	}
	values := l.pastValues(namespace)
	values["pods"], values["range"] = anyOf(pods), promDuration(before.Sub(from))
	at, _, err := l.latest(ctx, killQuery, values, before)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for kills in namespace %s in Prometheus: %w", namespace, err)
	}
	return at, nil
}

// LastSeen returns when a pod's memory was last measured before the moment, and on which node where the series say
// it. A zero time says that it never was; without a server nothing is known.
func (l *Live) LastSeen(ctx context.Context, namespace, pod string, before time.Time) (time.Time, string, error) {
	if !l.configured {
		return time.Time{}, "", nil
	}
	values := l.pastValues(namespace)
	values["pod"], values["range"] = pod, pastRange
	at, node, err := l.latest(ctx, pastQuery, values, before)
	if err != nil {
		return time.Time{}, "", fmt.Errorf("look for pod %s/%s in Prometheus: %w", namespace, pod, err)
	}
	return at, node, nil
}

func (l *Live) pastValues(namespace string) map[string]string {
	values := map[string]string{"namespace": namespace, "cluster": ""}
	if l.opt.Cluster != "" {
		values["cluster"] = `,cluster=~"` + escape(regexp.QuoteMeta(l.opt.Cluster)) + `|"` // a server of one cluster has no such label
	}
	return values
}

// latest asks a query whose values are moments, and returns the latest with the node that it is of.
func (l *Live) latest(ctx context.Context, template string, values map[string]string, before time.Time) (time.Time, string, error) {
	query, missing := expand(template, values)
	if len(missing) > 0 {
		return time.Time{}, "", fmt.Errorf("the query lacks %v", missing)
	}
	value, _, err := l.instant(ctx, query, minTime(before, l.now()))
	if err != nil {
		return time.Time{}, "", err
	}
	var at time.Time
	var node string
	vector, _ := value.(model.Vector) // anything else holds no moment
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
