package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// maxParallel is how many calls run at a time.
	maxParallel = 4
	// maxRange is the longest range that Pyroscope answers by default (querier.max-query-length), and maxRanges how
	// many of them are asked for: it looks back seven days by default (querier.max-query-lookback).
	maxRange, maxRanges = 24 * time.Hour, 7
	// shortStep is that of the survey of which pods were profiled when, longStep that of a long window. A profile is
	// looked for in steps of fine.
	shortStep, longStep, fine = time.Minute, 5 * time.Minute, time.Second
)

// recordPyroscope keeps Pyroscope's profiles of the plan. What it returns went wrong.
func (l *Live) recordPyroscope(ctx context.Context, p plan, keep *keeper) []error {
	sel, err := l.discover(ctx, p)
	if err != nil {
		return []error{err}
	}
	series, err := l.survey(ctx, p, sel)
	if err != nil && len(series) == 0 {
		return []error{err}
	}
	picks := p.picks(series)
	if len(picks) == 0 {
		return []error{cmp.Or(err, p.noneOf("no heap profile"))}
	}
	var mu sync.Mutex
	var faults []error
	if err != nil {
		faults = append(faults, err)
	}
	var calls errgroup.Group
	calls.SetLimit(maxParallel)
	for _, pick := range picks {
		calls.Go(func() error {
			if err := l.fetch(ctx, p, sel, pick, keep); err != nil {
				mu.Lock()
				defer mu.Unlock()
				faults = append(faults, fmt.Errorf("profile of %s/%s: %w", pick.pod, pick.container, err))
			}
			return nil
		})
	}
	_ = calls.Wait() // the calls return no errors
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// survey returns when which containers of the workload were profiled. It may return a part, and an error for the rest.
func (l *Live) survey(ctx context.Context, p plan, sel selection) (map[owner][]point, error) {
	by, end := p.step(), p.at.Add(late)
	var mu sync.Mutex
	series := map[owner][]point{}
	var first error
	var calls errgroup.Group
	calls.SetLimit(maxParallel)
	for range maxRanges {
		length := min(maxRange, end.Sub(p.from)).Truncate(by)
		if length < by {
			break
		}
		from, to := end.Add(by-length), end
		end = end.Add(-length)
		calls.Go(func() error {
			got, err := l.selectSeries(ctx, p, sel, sel.of(p.podPattern(), ""), from, to, by)
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = err
			}
			for o, points := range got {
				series[o] = append(series[o], points...)
			}
			return nil
		})
	}
	_ = calls.Wait() // the calls return no errors
	for _, points := range series {
		slices.SortFunc(points, func(a, b point) int { return a.at.Compare(b.at) })
	}
	return series, first
}

// selectSeries asks for the sums of profiles. A point at a moment stands for the step that ends at it.
func (l *Live) selectSeries(
	ctx context.Context, p plan, sel selection, selector string, from, to time.Time, by time.Duration,
) (map[owner][]point, error) {
	res, err := l.querier.SelectSeries(ctx, connect.NewRequest(&querierv1.SelectSeriesRequest{
		ProfileTypeID: sel.profileType, LabelSelector: selector, GroupBy: sel.groupBy(),
		Start: from.UnixMilli(), End: to.UnixMilli(), Step: by.Seconds(),
	}))
	if err != nil {
		return nil, fault(err)
	}
	out := map[owner][]point{}
	for _, s := range res.Msg.GetSeries() {
		o := owner{label(s.GetLabels(), sel.pod), label(s.GetLabels(), sel.container)}
		if !p.related(o.pod) {
			continue
		}
		if o.container == "" {
			o.container = p.soleContainer()
		}
		for _, pt := range s.GetPoints() {
			if v := pt.GetValue(); v > 0 && !math.IsInf(v, 0) {
				out[o] = append(out[o], point{time.UnixMilli(pt.GetTimestamp()).UTC(), v})
			}
		}
	}
	return out, nil
}

// fetch keeps one profile. Pyroscope adds up all profiles of a range, which is no use for what is held at one moment;
// so the moment of one is looked up first, to the second, and that second asked for.
func (l *Live) fetch(ctx context.Context, p plan, sel selection, k pick, keep *keeper) error {
	selector := sel.of(regexp.QuoteMeta(k.pod), k.container)
	by := p.step()
	got, err := l.selectSeries(ctx, p, sel, selector, k.at.Add(fine-by), k.at, fine)
	if err != nil {
		return err
	}
	points := got[k.owner]
	if len(points) == 0 {
		return fmt.Errorf("%w: none between %s and %s", investigations.ErrNotFound, clock(k.at.Add(-by)), clock(k.at))
	}
	at := points[0].at
	for _, pt := range points {
		if pt.at.After(at) {
			at = pt.at
		}
	}
	from := at.Add(time.Millisecond - fine)
	//nolint:staticcheck // what is to replace it is not known to the servers that run today, which keep this one
	res, err := l.querier.SelectMergeProfile(ctx, connect.NewRequest(&querierv1.SelectMergeProfileRequest{
		ProfileTypeID: sel.profileType, LabelSelector: selector, Start: from.UnixMilli(), End: at.UnixMilli(),
	}))
	if err != nil {
		return fault(err)
	}
	if len(res.Msg.GetSample()) == 0 {
		return fmt.Errorf("%w: the profile of %s is empty", investigations.ErrNotFound, clock(at))
	}
	data, err := proto.Marshal(res.Msg)
	if err != nil {
		return broken(err)
	}
	return keep.keep(p.namespace, k.pod, k.container, at, data, investigations.Origin{
		Name: fmt.Sprintf("Pyroscope's profile of %s/%s at %s", k.pod, k.container, clock(at)),
		Source: fmt.Sprintf("profilecli query profile --profile-type %s --query '%s' --from %s --to %s",
			sel.profileType, selector, from.UTC().Format(time.RFC3339Nano), at.UTC().Format(time.RFC3339Nano)),
	})
}

func label(labels []*typesv1.LabelPair, name string) string {
	for _, l := range labels {
		if name != "" && l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// fault says what an error of the client means, in investigations' sentinels, and what to do.
func fault(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: Pyroscope did not answer in time", investigations.ErrUnavailable)
	}
	text := investigations.CleanText(redact.Text(err.Error()), 200)
	if ce, ok := errors.AsType[*connect.Error](err); ok {
		text = investigations.CleanText(redact.Text(ce.Message()), 200)
	}
	if errors.Is(err, investigations.ErrTooLarge) {
		return fmt.Errorf("%w: Pyroscope's answer is over %d bytes", investigations.ErrTooLarge, maxUnpacked)
	}
	switch connect.CodeOf(err) {
	case connect.CodeDeadlineExceeded, connect.CodeCanceled:
		return fmt.Errorf("%w: Pyroscope did not answer in time", investigations.ErrUnavailable)
	case connect.CodeUnauthenticated, connect.CodePermissionDenied:
		return fmt.Errorf("%w: Pyroscope refused to answer (%s): check pyroscope.bearer_token_file, .basic_user and the "+
			"tenant in pyroscope.headers", investigations.ErrForbidden, text)
	case connect.CodeUnimplemented, connect.CodeNotFound:
		return fmt.Errorf("%w: there is no Pyroscope API at pyroscope.url (%s): give the address at which its API begins",
			investigations.ErrUnavailable, text)
	case connect.CodeResourceExhausted:
		return fmt.Errorf("%w: %s", investigations.ErrTooLarge, text)
	}
	return fmt.Errorf("%w: Pyroscope: %s", investigations.ErrUnavailable, text)
}
