package profiles

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/announce"
	"github.com/oombot/oombot/tools/endpoint"
)

// LiveOptions say what Live reads beside Pyroscope. The zero value reads nothing else.
type LiveOptions struct {
	// ScrapePods allows to read the pprof endpoints that pods announce in their annotations.
	ScrapePods bool
	// AllowLoopback allows pods on the loopback interface, which only a test has.
	AllowLoopback bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Agents answers which profiles node agents took; nil where nothing listens to any.
	Agents investigations.NodeLedger
}

// Live records the heap profiles of a running cluster. It is safe for concurrent use.
type Live struct {
	// querier is nil where Pyroscope is not configured.
	querier querierv1connect.QuerierServiceClient
	pods    *http.Client
	opt     LiveOptions
}

var (
	_ investigations.LiveSource = (*Live)(nil)
	_ investigations.Checker    = (*Live)(nil)
)

// NewLive returns a source that reads the Pyroscope of cfg, which may be the zero Config, and pods as opt says. An
// error means that cfg can't be used.
func NewLive(cfg endpoint.Config, opt LiveOptions) (*Live, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	l := &Live{pods: announce.Client(podTimeout), opt: opt}
	if !cfg.Configured() {
		return l, nil
	}
	client, err := cfg.Client("pyroscope", maxUnpacked)
	if err != nil {
		return nil, err
	}
	l.querier = querierv1connect.NewQuerierServiceClient(client, cfg.URL, connect.WithReadMaxBytes(maxUnpacked))
	return l, nil
}

// Describe implements investigations.LiveSource.
func (l *Live) Describe() investigations.Description {
	d := New(nil).Describe()
	d.Permissions = []string{"pyroscope querier.v1 Series, SelectSeries, SelectMergeProfile, ProfileTypes"}
	if l.opt.ScrapePods {
		d.Permissions = append(d.Permissions, "reach the annotated pprof port of the workload's pods")
	}
	return d
}

// folder is where profiles are, and what stands in its place in sentences.
const folder = "profiles"

var folderOrigin = investigations.Origin{Name: "the profile source", Source: "pyroscope"}

// errNothing says how to get profiles at all.
var errNothing = fmt.Errorf("%w: set pyroscope.url, or announce a pprof endpoint in the pods' annotations "+
	"(profiles.grafana.com/memory.scrape and .port)", investigations.ErrNotConfigured)

// Record implements investigations.LiveSource.
func (l *Live) Record(ctx context.Context, s investigations.Subject, to investigations.Sink) error {
	p := newPlan(s)
	keep := &keeper{to: to}
	faults := l.recordAgent(ctx, s, keep)
	if p.pod == "" {
		if keep.count() == 0 {
			faults = append(faults, fmt.Errorf("%w: a heap profile is of a pod, and %.200q names none", investigations.ErrNotFound, s.Request.Target.String()))
		}
		keep.close(faults)
		return nil
	}
	if l.querier != nil {
		faults = append(faults, l.recordPyroscope(ctx, p, keep)...)
	}
	if l.opt.ScrapePods && !keep.has(p.pod) {
		faults = append(faults, l.recordPods(ctx, p, keep)...)
	}
	if len(faults) == 0 && keep.count() == 0 {
		faults = append(faults, errNothing)
	}
	keep.close(faults)
	return nil
}

// close says what went wrong: of the whole folder where nothing was kept.
func (k *keeper) close(faults []error) {
	if len(faults) == 0 {
		return
	}
	if k.count() == 0 {
		k.to.Miss(folder, folderOrigin, errors.Join(faults...))
		return
	}
	for _, err := range faults {
		k.to.Blind(investigations.BlindSpot{
			Tool: investigations.ToolProfiles, Why: investigations.CleanText(err.Error(), 400),
			WouldTell: investigations.WouldTell(investigations.ToolProfiles),
		})
	}
}
