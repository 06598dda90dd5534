package lokitest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// known refuses parameters that the endpoint does not have, or that are given twice.
func known(params url.Values, names ...string) error {
	for name, values := range params {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the endpoint has no parameter %q", name)
		}
		if len(values) != 1 && name != "match[]" {
			return fmt.Errorf("the parameter %q is given %d times", name, len(values))
		}
	}
	return nil
}

// span reads start and end; by default they are some time ago and now.
func (l *Loki) span(params url.Values, ago time.Duration) (from, to time.Time, err error) {
	to = time.Now()
	if v := params.Get("end"); v != "" {
		if to, err = moment(v); err != nil {
			return from, to, err
		}
	}
	from = to.Add(-ago)
	if v := params.Get("start"); v != "" {
		if from, err = moment(v); err != nil {
			return from, to, err
		}
	}
	switch {
	case !from.Before(to):
		return from, to, errors.New("the end timestamp must be after the start time")
	case to.Sub(from) > l.opt.MaxRange:
		return from, to, fmt.Errorf("the query time range exceeds the limit (query length: %s, limit: %s)", to.Sub(from), l.opt.MaxRange)
	}
	return from, to, nil
}

// moment reads nanoseconds, seconds with a fraction, or RFC 3339.
func moment(v string) (time.Time, error) {
	if ns, err := strconv.ParseInt(v, 10, 64); err == nil {
		if len(v) <= 10 {
			return time.Unix(ns, 0), nil
		}
		return time.Unix(0, ns), nil
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return time.UnixMicro(int64(s * 1e6)), nil
	}
	return time.Parse(time.RFC3339Nano, v)
}

// found is an entry that a query found.
type found struct {
	entry
	stream *stream
}

func (l *Loki) queryRange(w http.ResponseWriter, r *http.Request, streams []*stream) {
	params := r.URL.Query()
	if err := known(params, "query", "start", "end", "limit", "direction", "since", "step", "interval"); err != nil {
		refuse(w, err)
		return
	}
	from, to, err := l.span(params, time.Hour)
	if err != nil {
		refuse(w, err)
		return
	}
	limit, err := strconv.Atoi(cmp.Or(params.Get("limit"), "100"))
	switch {
	case err != nil || limit <= 0:
		refuse(w, errors.New("limit must be a positive value"))
		return
	case limit > l.opt.MaxEntries:
		refuse(w, fmt.Errorf("the limit is too high, limit > max_entries_limit_per_query (%d > %d)", limit, l.opt.MaxEntries))
		return
	}
	direction := cmp.Or(params.Get("direction"), "backward")
	if direction != "backward" && direction != "forward" {
		refuse(w, fmt.Errorf("invalid direction '%s'", direction))
		return
	}
	q, err := parseQuery(params.Get("query"))
	if err != nil {
		refuse(w, err)
		return
	}
	hits := find(streams, q, from, to, direction == "backward")
	l.answerStreams(w, hits[:min(len(hits), limit)])
}

// find returns the entries that a query finds, in the order of its direction.
func find(streams []*stream, q query, from, to time.Time, backward bool) []found {
	var hits []found
	for _, s := range streams {
		if !selects(q.selector, s.labels) {
			continue
		}
		for _, e := range s.entries {
			if !e.at.Before(from) && e.at.Before(to) && q.passes(e.line) {
				hits = append(hits, found{e, s})
			}
		}
	}
	// Entries of one moment keep their order when the answer is forward; backward they have no order that can
	// be relied on, and here keep it as well, which is not the reverse.
	slices.SortStableFunc(hits, func(a, b found) int {
		if backward {
			return b.at.Compare(a.at)
		}
		return a.at.Compare(b.at)
	})
	return hits
}

func (l *Loki) answerStreams(w http.ResponseWriter, hits []found) {
	type result struct {
		Stream map[string]string `json:"stream"`
		Values [][]any           `json:"values"`
	}
	results := []*result{}
	of := map[*stream]*result{}
	for _, h := range hits {
		r := of[h.stream]
		if r == nil {
			r = &result{Stream: h.stream.labels}
			of[h.stream] = r
			results = append(results, r)
		}
		v := []any{strconv.FormatInt(h.at.UnixNano(), 10), h.line}
		if l.opt.Categorize {
			v = append(v, map[string]any{"structuredMetadata": map[string]string{"trace_id": "0242ac120002"}, "parsed": map[string]string{}})
		}
		r.Values = append(r.Values, v)
	}
	body := map[string]any{
		"status": "success",
		"data":   map[string]any{"resultType": "streams", "result": results, "stats": map[string]any{}},
	}
	if len(l.opt.Warnings) > 0 {
		body["warnings"] = l.opt.Warnings
	}
	answer(w, body)
}

func (l *Loki) series(w http.ResponseWriter, r *http.Request, streams []*stream) {
	params := r.URL.Query()
	err := known(params, "match[]", "start", "end", "since")
	if err == nil && len(params["match[]"]) == 0 {
		err = errors.New("0 matcher groups supplied")
	}
	l.answerWith(w, params, err, params["match[]"], streams, func(s []*stream) any {
		sets := []map[string]string{}
		for _, one := range s {
			sets = append(sets, one.labels)
		}
		return sets
	})
}

func (l *Loki) labels(w http.ResponseWriter, r *http.Request, streams []*stream) {
	params := r.URL.Query()
	l.answerWith(w, params, known(params, "start", "end", "since", "query"), nil, streams, func(s []*stream) any {
		names := map[string]bool{}
		for _, one := range s {
			for name := range one.labels {
				names[name] = true
			}
		}
		return slices.Sorted(maps.Keys(names))
	})
}

func (l *Loki) values(w http.ResponseWriter, r *http.Request, streams []*stream) {
	params := r.URL.Query()
	l.answerWith(w, params, known(params, "start", "end", "since", "query"), nil, streams, func(s []*stream) any {
		values := map[string]bool{}
		for _, one := range s {
			if v := one.labels[r.PathValue("name")]; v != "" {
				values[v] = true
			}
		}
		return slices.Sorted(maps.Keys(values))
	})
}

// answerWith answers with what build makes of the streams that have entries in the range and match any selector.
func (l *Loki) answerWith(
	w http.ResponseWriter, params url.Values, err error, selectors []string, streams []*stream, build func([]*stream) any,
) {
	if q := params.Get("query"); q != "" {
		selectors = append(selectors, q)
	}
	var parsed [][]matcher
	for _, text := range selectors {
		m, perr := parseSelector(text)
		err = errors.Join(err, perr)
		parsed = append(parsed, m)
	}
	from, to, serr := l.span(params, 6*time.Hour)
	if err = errors.Join(err, serr); err != nil {
		refuse(w, err)
		return
	}
	var hits []*stream
	for _, s := range streams {
		inRange := slices.ContainsFunc(s.entries, func(e entry) bool { return !e.at.Before(from) && e.at.Before(to) })
		matched := len(parsed) == 0 || slices.ContainsFunc(parsed, func(m []matcher) bool { return selects(m, s.labels) })
		if inRange && matched {
			hits = append(hits, s)
		}
	}
	answer(w, map[string]any{"status": "success", "data": build(hits)})
}
