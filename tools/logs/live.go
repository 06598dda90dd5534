package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki"
)

// LiveOptions bound what a live source of logs reads. Zero values mean the defaults.
type LiveOptions struct {
	// Parallel is how many logs are read at once; 6 by default.
	Parallel int
	// OtherPods is how many pods of the workload are read beside the target; 4 by default.
	OtherPods int
	// Lines is how many of the last lines are asked for of each log of the target, 10,000 by default; of other
	// pods a fifth of it.
	Lines int64
	// Bytes bounds what is kept of each log of the target, 4 MiB by default; of other pods a fourth of it.
	Bytes int64
	// Now is the present; time.Now by default.
	Now func() time.Time
}

func (o LiveOptions) withDefaults() LiveOptions {
	for _, d := range []struct {
		value *int64
		to    int64
	}{{&o.Lines, 10_000}, {&o.Bytes, 4 << 20}} {
		if *d.value <= 0 {
			*d.value = d.to
		}
	}
	if o.Parallel <= 0 {
		o.Parallel = 6
	}
	if o.OtherPods <= 0 {
		o.OtherPods = 4
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Live reads the containers' logs of a running cluster, and of Loki what the cluster has no more. It is safe for
// concurrent use.
type Live struct {
	client kubernetes.Interface
	loki   *loki.Client
	opt    LiveOptions
}

var (
	_ investigations.LiveSource = (*Live)(nil)
	_ investigations.Checker    = (*Live)(nil)
)

// NewLive returns a Live. A nil client means that there is no cluster, a nil loki that none is configured.
func NewLive(client kubernetes.Interface, loki *loki.Client, opt LiveOptions) *Live {
	return &Live{client: client, loki: loki, opt: opt.withDefaults()}
}

// Describe implements investigations.LiveSource.
func (l *Live) Describe() investigations.Description {
	d := (&Tool{}).Describe()
	d.Permissions = []string{"get pods/log", "loki query_range, series"}
	return d
}

// apiShare is which part of the time that is left the cluster's API may take before Loki is asked, in percent.
const apiShare = 60

// Record implements investigations.LiveSource.
func (l *Live) Record(ctx context.Context, s investigations.Subject, to investigations.Sink) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read logs: %w", err)
	}
	r := &recording{live: l, subject: s, to: to}
	pods := plan(s, l.opt)
	if len(pods) == 0 && !s.GonePod {
		to.Miss("logs", investigations.Origin{Name: "the logs of " + s.Request.Target.String()}, noPods(s))
		return nil
	}
	var g errgroup.Group
	g.SetLimit(l.opt.Parallel)
	gone := make(chan struct{})
	go func() { // ends with Record, which waits for it
		defer close(gone)
		if s.GonePod {
			t := s.Request.Target
			r.fromLoki(ctx, &podPlan{namespace: t.Namespace, name: t.Pod, gone: true, target: true})
		}
	}()
	api, cancel := l.apiTime(ctx)
	defer cancel()
	for _, p := range pods {
		for _, c := range p.containers {
			g.Go(func() error {
				r.container(api, p, c)
				return nil
			})
		}
	}
	_ = g.Wait() // what goes wrong stands in the containers
	for _, p := range pods {
		g.Go(func() error {
			r.settle(ctx, p)
			return nil
		})
	}
	_ = g.Wait() // the same
	<-gone
	r.reportMisses()
	return nil
}

// apiTime leaves time for Loki, where there is one.
func (l *Live) apiTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if l.loki == nil || !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)*apiShare/100)
}

// noPods says why there are no logs to read.
func noPods(s investigations.Subject) error {
	t := s.Request.Target
	if t.Pod == "" && t.Workload == "" {
		return fmt.Errorf("%w: a node has no logs of containers; ask about one of its pods to see them", investigations.ErrNotFound)
	}
	return fmt.Errorf("%w: the cluster knows no pod of %s", investigations.ErrNotFound, t)
}

// recording is one run of Record.
type recording struct {
	live    *Live
	subject investigations.Subject
	to      investigations.Sink

	mu     sync.Mutex
	kept   int
	misses []miss
}

// miss is a log that could not be read.
type miss struct {
	path, folder string
	from         investigations.Origin
	why          error
}

func (r *recording) keep(path string, from investigations.Origin, data []byte) {
	r.mu.Lock()
	r.kept++
	r.mu.Unlock()
	r.to.Keep(path, from, masked(data))
}

func (r *recording) miss(m miss) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.misses = append(r.misses, m)
}

func (r *recording) blind(format string, args ...any) {
	n := notes{}
	n.add(format, args...)
	r.to.Blind(n.spots[0])
}

// reportMisses hands on what could not be read: where that is everything and for one reason, as one.
func (r *recording) reportMisses() {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.misses, func(a, b miss) int {
		switch {
		case a.path < b.path:
			return -1
		case a.path > b.path:
			return 1
		}
		return 0
	})
	if len(r.misses) > 1 && r.kept == 0 && sameReason(r.misses) {
		r.to.Miss("logs", investigations.Origin{Name: "the logs of " + r.subject.Request.Target.String()}, r.misses[0].why)
		return
	}
	for _, m := range r.misses {
		r.to.Miss(m.path, m.from, m.why)
	}
}

// sameReason says whether all logs were missed for one reason.
func sameReason(misses []miss) bool {
	for _, kind := range []error{
		investigations.ErrForbidden, investigations.ErrNotFound, investigations.ErrUnavailable, investigations.ErrNotConfigured,
	} {
		is := func(m miss) bool { return errors.Is(m.why, kind) }
		if is(misses[0]) {
			return !slices.ContainsFunc(misses, func(m miss) bool { return !is(m) })
		}
	}
	return false
}
