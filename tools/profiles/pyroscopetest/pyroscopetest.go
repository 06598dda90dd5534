// Package pyroscopetest is a stand-in for Pyroscope's query API in tests. It speaks the protocol through the handlers
// that Pyroscope's published API module generates, and answers from profiles in memory as Pyroscope's querier does:
// the sums of a step lie at its end, the profiles of a range are added up with both ends included, and labels that
// begin with two underscores tell what kind of profile a series is of.
//
// It is strict: a range that is missing, reversed or longer than Pyroscope allows by default, a selector or a type
// that can't be read, a step of nothing, several selectors where versions of Pyroscope disagree on what they mean, and
// a missing tenant are errors, with the codes that Pyroscope gives.
package pyroscopetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/google/pprof/profile"
	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"google.golang.org/protobuf/proto"
)

// MaxRange is the longest range that is answered.
const MaxRange = 24 * time.Hour

// Profile is a profile that was pushed.
type Profile struct {
	// Name is the first part of its types, as memory.
	Name   string
	Labels map[string]string
	At     time.Time
	// Data is what was pushed. It is not changed.
	Data *profile.Profile
}

// Pyroscope holds profiles, and answers for them as an http.Handler. It is safe for concurrent use once it is set up.
type Pyroscope struct {
	querierv1connect.UnimplementedQuerierServiceHandler

	// Profiles are what it holds.
	Profiles []Profile
	// Tenant is the X-Scope-OrgID that a request must carry; "" asks for none.
	Tenant string

	once    sync.Once
	handler http.Handler
	mu      sync.Mutex
	calls   map[string]int
	// merging is held while profiles are encoded, which changes them inside.
	merging sync.Mutex
}

var (
	_ querierv1connect.QuerierServiceHandler = (*Pyroscope)(nil)
	_ http.Handler                           = (*Pyroscope)(nil)
)

// ServeHTTP answers a call of the querier's service.
func (p *Pyroscope) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.once.Do(func() {
		mux := http.NewServeMux()
		mux.Handle(querierv1connect.NewQuerierServiceHandler(p))
		p.handler = mux
	})
	if p.Tenant != "" && r.Header.Get("X-Scope-OrgID") != p.Tenant {
		http.Error(w, "no org id", http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	if p.calls == nil {
		p.calls = map[string]int{}
	}
	p.calls[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]++
	p.mu.Unlock()
	p.handler.ServeHTTP(w, r)
}

// Calls returns how many calls there were of each procedure.
func (p *Pyroscope) Calls() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]int{}
	for name, n := range p.calls {
		out[name] = n
	}
	return out
}

func invalid(format string, args ...any) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf(format, args...))
}

// checkRange refuses what Pyroscope's query frontend refuses.
func checkRange(start, end int64) error {
	switch {
	case start == 0 || end == 0:
		return invalid("missing time range in the query")
	case start > end:
		return invalid("query start time is after end time")
	case time.Duration(end-start)*time.Millisecond > MaxRange:
		return invalid("the query time range exceeds the limit (query length: %s, limit: %s)",
			time.Duration(end-start)*time.Millisecond, MaxRange)
	}
	return nil
}

// series is one type of a profile that was pushed.
type series struct {
	*Profile
	typeID string
	// index is of the sample's value.
	index int
}

func (p *Pyroscope) all() []series {
	var out []series
	for i := range p.Profiles {
		stored := &p.Profiles[i]
		period := stored.Data.PeriodType
		if period == nil {
			period = &profile.ValueType{}
		}
		for j, t := range stored.Data.SampleType {
			id := strings.Join([]string{stored.Name, t.Type, t.Unit, period.Type, period.Unit}, ":")
			out = append(out, series{stored, id, j})
		}
	}
	slices.SortStableFunc(out, func(a, b series) int { return a.At.Compare(b.At) })
	return out
}

// label returns a label of the series, those that Pyroscope adds among them.
func (s series) label(name string) string {
	if name == "__profile_type__" {
		return s.typeID
	}
	return s.Labels[name]
}

func (s series) total() (sum int64) {
	for _, sample := range s.Data.Sample {
		sum += sample.Value[s.index]
	}
	return sum
}

// selected returns the series of a type, "" for all, between two moments, both included.
func (p *Pyroscope) selected(typeID, selector string, start, end int64) ([]series, error) {
	if typeID != "" && len(strings.Split(typeID, ":")) != 5 {
		return nil, invalid("parsing profile type ID %q: profile-type selection must be of the form "+
			"<name>:<type>:<unit>:<period-type>:<period-unit>", typeID)
	}
	matchers, err := parseSelector(selector)
	if err != nil {
		return nil, invalid("parsing label selector %q: %w", selector, err)
	}
	var out []series
	for _, s := range p.all() {
		at := s.At.UnixMilli()
		if (typeID == "" || s.typeID == typeID) && at >= start && at <= end && matchers.match(s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// ProfileTypes lists the types of a range.
func (p *Pyroscope) ProfileTypes(
	_ context.Context, req *connect.Request[querierv1.ProfileTypesRequest],
) (*connect.Response[querierv1.ProfileTypesResponse], error) {
	if err := checkRange(req.Msg.Start, req.Msg.End); err != nil {
		return nil, err
	}
	found, err := p.selected("", "{}", req.Msg.Start, req.Msg.End)
	if err != nil {
		return nil, err
	}
	res := &querierv1.ProfileTypesResponse{}
	seen := map[string]bool{}
	for _, s := range found {
		if seen[s.typeID] {
			continue
		}
		seen[s.typeID] = true
		parts := strings.Split(s.typeID, ":")
		res.ProfileTypes = append(res.ProfileTypes, &typesv1.ProfileType{
			ID: s.typeID, Name: parts[0], SampleType: parts[1], SampleUnit: parts[2], PeriodType: parts[3], PeriodUnit: parts[4],
		})
	}
	return connect.NewResponse(res), nil
}

// Series lists the label sets of a range, reduced to the names that are asked for.
func (p *Pyroscope) Series(
	_ context.Context, req *connect.Request[querierv1.SeriesRequest],
) (*connect.Response[querierv1.SeriesResponse], error) {
	if err := checkRange(req.Msg.Start, req.Msg.End); err != nil {
		return nil, err
	}
	if len(req.Msg.Matchers) != 1 {
		return nil, invalid("%d selectors: versions of Pyroscope disagree on what several mean", len(req.Msg.Matchers))
	}
	found, err := p.selected("", req.Msg.Matchers[0], req.Msg.Start, req.Msg.End)
	if err != nil {
		return nil, err
	}
	res := &querierv1.SeriesResponse{}
	seen := map[string]bool{}
	for _, s := range found {
		labels, key := s.reduced(req.Msg.LabelNames)
		if !seen[key] {
			seen[key] = true
			res.LabelsSet = append(res.LabelsSet, &typesv1.Labels{Labels: labels})
		}
	}
	return connect.NewResponse(res), nil
}

// reduced returns the labels of the names that the series has, and a key of them.
func (s series) reduced(names []string) (labels []*typesv1.LabelPair, key string) {
	for _, name := range slices.Sorted(slices.Values(names)) {
		if v := s.label(name); v != "" {
			labels = append(labels, &typesv1.LabelPair{Name: name, Value: v})
			key += fmt.Sprintf("%q=%q,", name, v)
		}
	}
	return labels, key
}

// SelectSeries sums the profiles of each step up.
func (p *Pyroscope) SelectSeries(
	_ context.Context, req *connect.Request[querierv1.SelectSeriesRequest],
) (*connect.Response[querierv1.SelectSeriesResponse], error) {
	m := req.Msg
	if err := checkRange(m.Start, m.End); err != nil {
		return nil, err
	}
	step := time.Duration(m.Step * float64(time.Second)).Milliseconds()
	if step < 1 {
		return nil, invalid("step must be >= 1ms")
	}
	found, err := p.selected(cmp.Or(m.ProfileTypeID, ":"), m.LabelSelector, m.Start-step+1, m.End)
	if err != nil {
		return nil, err
	}
	res := &querierv1.SelectSeriesResponse{}
	byKey := map[string]*typesv1.Series{}
	for _, s := range found {
		at := m.Start + (s.At.UnixMilli()-m.Start+step-1)/step*step
		if s.At.UnixMilli() <= m.Start {
			at = m.Start
		}
		if at > m.End {
			continue // the last step is not whole
		}
		labels, key := s.reduced(m.GroupBy)
		group := byKey[key]
		if group == nil {
			group = &typesv1.Series{Labels: labels}
			byKey[key] = group
			res.Series = append(res.Series, group)
		}
		if n := len(group.Points); n == 0 || group.Points[n-1].Timestamp != at {
			group.Points = append(group.Points, &typesv1.Point{Timestamp: at})
		}
		group.Points[len(group.Points)-1].Value += float64(s.total())
	}
	return connect.NewResponse(res), nil
}

// SelectMergeProfile adds the profiles of a range up.
func (p *Pyroscope) SelectMergeProfile(
	_ context.Context, req *connect.Request[querierv1.SelectMergeProfileRequest],
) (*connect.Response[googlev1.Profile], error) {
	m := req.Msg
	if err := checkRange(m.Start, m.End); err != nil {
		return nil, err
	}
	found, err := p.selected(cmp.Or(m.ProfileTypeID, ":"), m.LabelSelector, m.Start, m.End)
	if err != nil {
		return nil, err
	}
	out := &googlev1.Profile{}
	if len(found) == 0 {
		return connect.NewResponse(out), nil
	}
	p.merging.Lock()
	defer p.merging.Unlock()
	var parts []*profile.Profile
	for _, s := range found {
		part := s.Data.Copy()
		part.SampleType = []*profile.ValueType{part.SampleType[s.index]}
		part.DefaultSampleType = ""
		for _, sample := range part.Sample {
			sample.Value = []int64{sample.Value[s.index]}
		}
		parts = append(parts, part)
	}
	merged, err := profile.Merge(parts)
	if err != nil {
		return nil, connect.NewError(connect.CodeInternal, err)
	}
	merged.TimeNanos = m.End * int64(time.Millisecond)
	merged.DurationNanos = (m.End - m.Start) * int64(time.Millisecond)
	var data bytes.Buffer
	if err := errors.Join(merged.WriteUncompressed(&data), proto.Unmarshal(data.Bytes(), out)); err != nil {
		return nil, connect.NewError(connect.CodeInternal, err)
	}
	return connect.NewResponse(out), nil
}
