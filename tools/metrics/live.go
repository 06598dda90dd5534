package metrics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
	promapi "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/tools/endpoint"
)

// LiveOptions are what a Live takes beside its endpoint.
type LiveOptions struct {
	// Cluster is the value of the label cluster of our cluster's series, where a server holds those of several.
	Cluster string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Agents answers what node agents recorded; nil where nothing listens to any.
	Agents investigations.NodeLedger
}

// Live reads a running Prometheus, and what node agents recorded; or instead of Prometheus what speaks its API: Mimir, Thanos, VictoriaMetrics. It is safe for concurrent
// use.
type Live struct {
	opt        LiveOptions
	configured bool
	client     api.Client
	queries    []liveQuery

	mu       sync.Mutex
	foreseen *foreseen
}

var (
	_ investigations.LiveSource = (*Live)(nil)
	_ investigations.Checker    = (*Live)(nil)
)

// NewLive returns a Live that reads the server of cfg; of the zero Config one that has nothing to read. Its error
// names all that is wrong with cfg.
func NewLive(cfg endpoint.Config, opt LiveOptions) (*Live, error) {
	faults := checkQueries(cfg.Queries)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	l := &Live{opt: opt, configured: cfg.Configured(), queries: liveQueries(cfg.Queries)}
	if l.configured {
		hc, err := cfg.Client("prometheus", maxAnswer)
		if err == nil {
			l.client, err = api.NewClient(api.Config{Address: cfg.URL, Client: hc})
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Live) now() time.Time { return l.opt.Now() }

// Describe implements investigations.LiveSource.
func (l *Live) Describe() investigations.Description {
	d := New(nil).Describe()
	d.Permissions = []string{"prometheus query", "prometheus query_range", "prometheus series"}
	return d
}

var errNoServer = fmt.Errorf("%w: set prometheus.url in the configuration, or OOMBOT_PROMETHEUS_URL",
	investigations.ErrNotConfigured)

// Record implements investigations.LiveSource.
func (l *Live) Record(ctx context.Context, s investigations.Subject, to investigations.Sink) error {
	l.recordAgent(ctx, s, to)
	all := investigations.Origin{Name: "Prometheus", Source: "Prometheus"}
	if !l.configured {
		to.Miss("metrics", all, errNoServer)
		return nil
	}
	p := l.look(ctx, s)
	if err := cmp.Or(p.failed, l.foreign(p)); err != nil {
		to.Miss("metrics", all, err)
		return nil
	}
	if p.nothing {
		to.Blind(investigations.BlindSpot{
			Tool: investigations.ToolMetrics, WouldTell: investigations.WouldTell(investigations.ToolMetrics),
			Why: "Prometheus knows nothing of the target, its pods or its node around that time: check that it scrapes " +
				"the kubelets' /metrics/cadvisor of this cluster, how long it keeps samples, and the labels " +
				"namespace, pod and container (docs/prometheus.md)",
		})
	}
	pieces := p.rhythm.pieces(s.Request, l.now(), max(1, p.series))
	if len(pieces) == 0 {
		to.Miss("metrics", all, fmt.Errorf("%w: the moment lies in the future of this machine's clock", investigations.ErrUnavailable))
		return nil
	}
	slots := make(chan struct{}, parallel)
	errs := make([]error, len(l.queries))
	var g errgroup.Group
	for i, q := range l.queries {
		g.Go(func() error {
			errs[i] = l.record(ctx, recording{query: q, subject: s, probe: p, pieces: pieces, slots: slots, to: to})
			return nil
		})
	}
	_ = g.Wait()                     // its functions return no errors: each has its place in errs
	if !slices.Contains(errs, nil) { // there will be no folder that could say why each file is missing
		errs = slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, errNoneOfNodes) })
		to.Miss("metrics", all, errs[0])
	}
	return nil
}

// errNoneOfNodes says that a query is not asked of a node: it has no containers of its own.
var errNoneOfNodes = errors.New("asked of pods only")

// foreign says why the series that bear the target's names can't be used.
func (l *Live) foreign(p probe) error {
	if len(p.clusters) == 0 {
		return nil
	}
	var names []string
	for _, c := range p.clusters {
		names = append(names, fmt.Sprintf("%q", clean(c)))
	}
	list := strings.Join(names[:min(len(names), 10)], ", ")
	if l.opt.Cluster != "" {
		return fmt.Errorf("%w: no series of the cluster %q, but of %s, bear these names: set cluster in the configuration "+
			"to the value that the label cluster has", investigations.ErrNotFound, l.opt.Cluster, list)
	}
	return fmt.Errorf("%w: series of several clusters bear these names, with the label cluster %s: set cluster in the "+
		"configuration to ours", investigations.ErrNotConfigured, list)
}

// recording is the recording of one query.
type recording struct {
	query   liveQuery
	subject investigations.Subject
	probe   probe
	pieces  []piece
	slots   chan struct{}
	to      investigations.Sink
}

// record reads one query. It returns why nothing was kept.
func (l *Live) record(ctx context.Context, r recording) error {
	spec := r.query.querySpec
	from := investigations.Origin{Name: "Prometheus query " + spec.name, Source: "Prometheus"}
	promql, uses, missing := r.choose(piece{})
	if promql == "" {
		if t := r.subject.Request.Target; spec.target && t.Pod == "" && t.Workload == "" {
			return errNoneOfNodes
		} else if spec.name == investigations.QueryTraffic && t.Pod == "" && t.Workload == "" {
			missing = []string{"requests are counted by workload, not by node"}
		}
		slices.Sort(missing)
		err := fmt.Errorf("%w: not known of the target: %s",
			investigations.ErrNotFound, strings.Join(slices.Compact(missing), ", "))
		r.to.Miss(spec.file(), from, err)
		return err
	}
	from.Source = redact.Text(promql)
	a, err := l.ranges(ctx, r)
	if err != nil {
		r.to.Miss(spec.file(), from, err)
		return err
	}
	a.name(spec, r.probe.values["node"], ownersOf(r.subject))
	if spec.name == investigations.QueryTraffic && !r.query.configured {
		r.counted(a, uses)
	}
	r.to.Keep(spec.file(), from, a.encode())
	return nil
}

// choose returns the expression to ask for a piece, with the names of what it reads; where none can be asked, the
// placeholders that have no value.
func (r recording) choose(p piece) (promql string, uses, missing []string) {
	chosen, probed := r.probe.chosen[r.query.name]
	var parts []string
	for i, a := range r.query.alternatives {
		if probed && chosen >= 0 && i != chosen {
			continue
		}
		template := a.promql
		if r.probe.unlabelled && a.unlabelled != "" {
			template = a.unlabelled
		}
		query, lack := p.expand(template, r.probe.values, r.query.shortage)
		if len(lack) > 0 {
			missing = append(missing, lack...)
			continue
		}
		parts, uses = append(parts, query), append(uses, a.uses)
	}
	if len(parts) < 2 {
		return strings.Join(parts, ""), uses, missing
	}
	// Whatever there is, the first that has data at a moment before the others.
	return "(" + strings.Join(parts, ") or on () (") + ")", uses, nil
}

// counted says whose requests were counted, or which counters were looked for.
func (r recording) counted(a *answer, uses []string) {
	for _, s := range a.series {
		s.labels["namespace"] = r.subject.Request.Target.Namespace
	}
	if len(a.series) == 0 {
		r.to.Blind(investigations.BlindSpot{
			Tool: investigations.ToolMetrics, WouldTell: r.query.wouldTell,
			Why: "no counter of requests to the workload was found; tried " + strings.Join(uses, ", ") +
				"; set prometheus.queries.traffic",
		})
	}
}

// ranges asks for all pieces of a query.
func (l *Live) ranges(ctx context.Context, r recording) (*answer, error) {
	a := &answer{}
	var mu sync.Mutex
	errs := make([]error, len(r.pieces))
	var g errgroup.Group
	for i, p := range r.pieces {
		g.Go(func() error {
			select {
			case r.slots <- struct{}{}:
				defer func() { <-r.slots }()
			case <-ctx.Done():
				errs[i] = failure(ctx, ctx.Err())
				return nil
			}
			m, warnings, partial, err := l.ask(ctx, p, r)
			if tooMany(err) {
				m, warnings, partial, err = l.ask(ctx, p.wider(), r)
			}
			mu.Lock()
			defer mu.Unlock()
			if errs[i] = err; err == nil {
				a.add(m, warnings, partial)
			}
			return nil
		})
	}
	_ = g.Wait() // its functions return no errors: each has its place in errs
	for i, err := range errs {
		switch p := r.pieces[i]; {
		case err == nil:
		case i == 0: // the newest, without which the rest says little
			return nil, sentinel(ctx, err)
		default:
			a.warnings = append(a.warnings, fmt.Sprintf("%s to %s was not read: %s", clock(p.start.UnixMilli()),
				clock(p.end.UnixMilli()), clean(err.Error())))
		}
	}
	return a, nil
}

// ask asks for one piece.
func (l *Live) ask(
	ctx context.Context, p piece, r recording,
) (m model.Matrix, warnings promapi.Warnings, partial bool, err error) {
	c := &caller{Client: l.client}
	at := promapi.Range{Start: p.start, End: p.end, Step: p.step}
	// Servers that don't know the parameter look back their own five minutes.
	back := promapi.WithLookbackDelta(min(defaultLookback, max(time.Minute, 2*p.step)).Round(time.Second))
	promql, _, _ := r.choose(p)
	v, warnings, _, err := promapi.NewAPI(c).QueryRange(ctx, promql, at, back)
	if err != nil {
		if tooMany(err) {
			return nil, nil, false, err
		}
		return nil, nil, false, failure(ctx, err)
	}
	m, ok := v.(model.Matrix)
	if !ok {
		return nil, nil, false, fmt.Errorf("%w: the answer is no matrix", investigations.ErrUnavailable)
	}
	return m, warnings, c.partial, nil
}

// sentinel makes sure that an error wraps one of the sentinels.
func sentinel(ctx context.Context, err error) error {
	for _, s := range []error{
		investigations.ErrForbidden, investigations.ErrNotFound, investigations.ErrUnavailable, investigations.ErrTooLarge,
	} {
		if errors.Is(err, s) {
			return err
		}
	}
	return failure(ctx, err)
}
