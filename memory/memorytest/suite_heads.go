package memorytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

var headsTests = []check{
	{"the newest kill first, whatever the order of the ids", func(s *store) {
		var want []string
		for i, at := range []time.Time{
			time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), Epoch.Add(2 * time.Nanosecond), Epoch.Add(time.Nanosecond), Epoch,
			time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(1677, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC),
		} {
			want = append(want, fmt.Sprintf("id-%d", i*7%8))
			t := brief(want[i], 0, investigations.Features{})
			t.Result.At = at
			s.keep(t)
		}
		s.same("ids", want, s.listed(investigations.Filter{}))
		s.same("the first ids", want[:3], s.listed(investigations.Filter{Limit: 3}))
	}},
	{"every filter selects what it says", headsByFilter},
	{"a filter by ids takes them from the newest, each once", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{}), brief("b", 2, investigations.Features{}), brief("c", 3, investigations.Features{}))
		s.same("ids", []string{"c", "a"}, s.listed(investigations.Filter{IDs: []string{"a", "c", "nobody", "a", ""}}))
		s.same("ids", []string{"c"}, s.listed(investigations.Filter{IDs: []string{"a", "c"}, Limit: 1}))
		s.same("ids", []string(nil), s.listed(investigations.Filter{IDs: []string{"nobody"}}))
		s.same("ids", []string{"a"}, s.listed(investigations.Filter{IDs: []string{"a", "c"}, Before: Epoch.Add(2 * time.Minute)}))
	}},
	{"an id is no prefix", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{}), brief("ab", 2, investigations.Features{}), brief("a/b", 3, investigations.Features{}))
		s.same("ids", []string{"a"}, s.listed(investigations.Filter{IDs: []string{"a"}}))
	}},
	{"bounds of time are to the nanosecond", func(s *store) {
		for i := range 3 {
			t := brief(fmt.Sprint(i), 0, investigations.Features{})
			t.Result.At = Epoch.Add(time.Duration(i))
			s.keep(t)
		}
		s.same("since", []string{"2", "1"}, s.listed(investigations.Filter{Since: Epoch.Add(1)}))
		s.same("before", []string{"0"}, s.listed(investigations.Filter{Before: Epoch.Add(1)}))
		s.same("both, in another zone", []string{"1"}, s.listed(investigations.Filter{Since: Epoch.Add(1).In(time.FixedZone("", 7200)), Before: Epoch.Add(2)}))
		s.same("neither", []string(nil), s.listed(investigations.Filter{Since: Epoch.Add(1), Before: Epoch.Add(1)}))
	}},
	{"a listing can be left early, and asked for again", func(s *store) {
		s.keep(history(30)...)
		seq := s.Heads(s.Context(), investigations.Filter{})
		for n := range 5 {
			got := 0
			for _, err := range seq {
				if err != nil {
					s.Fatal(err)
				}
				if got++; got > n {
					break
				}
			}
			if got != n+1 {
				s.Errorf("left after %d heads, want %d", got, n+1)
			}
		}
		s.keep(Trace(1, 30)) // nothing that was left holds it up
		if n := len(s.listed(investigations.Filter{})); n != 31 {
			s.Errorf("%d heads, want 31", n)
		}
	}},
	{"who lists may read and write meanwhile", func(s *store) {
		s.keep(history(8)...)
		n := 0
		for h, err := range s.Heads(s.Context(), investigations.Filter{}) {
			if err != nil {
				s.Fatal(err)
			}
			s.same("head", h, memory.HeadOf(s.trace(h.ID)))
			var more []investigations.Trace
			for i := range 30 {
				more = append(more, Trace(2, 30*n+i))
			}
			s.keep(more...)
			if s.forget(investigations.Filter{IDs: []string{h.ID}}) != 1 {
				s.Errorf("%s could not be forgotten", h.ID)
			}
			n++
		}
		if n != 8 {
			s.Errorf("%d heads, want the 8 that were there at first", n)
		}
		if n := len(s.listed(investigations.Filter{})); n != 240 {
			s.Errorf("%d heads, want 240", n)
		}
	}},
	{"a listing that is never begun costs nothing", func(s *store) {
		_ = s.Heads(s.Context(), investigations.Filter{})
		s.keep(Trace(1, 0))
	}},
}

// headsByFilter compares what a store selects with what memory.Matches says of every trace.
func headsByFilter(s *store) {
	traces := history(120)
	s.keep(traces...)
	heads := make([]investigations.Head, 0, len(traces))
	for _, t := range traces {
		heads = append(heads, memory.HeadOf(t))
	}
	slices.Reverse(heads)
	some := heads[17].Features
	_, name, _ := cutLast(some.Workload)
	filters := map[string]investigations.Filter{
		"all": {}, "cluster": {Cluster: some.Cluster}, "namespace": {Namespace: some.Namespace}, "workload": {Workload: some.Workload},
		"workload's name": {Workload: name}, "container": {Container: some.Container}, "cause": {Cause: investigations.CauseLeak},
		"since": {Since: heads[40].At}, "before": {Before: heads[40].At}, "between": {Since: heads[60].At, Before: heads[20].At},
		"words": {Words: []string{"LEAK", some.Namespace}}, "words with blanks": {Words: []string{"undersized limit"}}, "no such word": {Words: []string{"leak", "zebra"}},
		"several":                {Cause: investigations.CauseLeak, Cluster: "prod-eu", Since: heads[100].At, Words: []string{"steady"}},
		"namespace and workload": {Namespace: some.Namespace, Workload: some.Workload, Before: heads[10].At},
		"no such namespace":      {Namespace: some.Namespace[:1]}, "no such cause": {Cause: "lea"},
	}
	for what, f := range filters {
		var want []investigations.Head
		for _, h := range heads {
			if memory.Matches(f, h) {
				want = append(want, h)
			}
		}
		s.same(what, want, s.heads(f))
		for _, limit := range []int{1, 2, len(want), len(want) + 1} {
			f.Limit = limit
			if limit > 0 {
				s.same(fmt.Sprintf("%s, at most %d", what, limit), ids(want[:min(limit, len(want))]), s.listed(f))
			}
		}
	}
}

// cutLast cuts at the last slash.
func cutLast(v string) (before, after string, found bool) {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] == '/' {
			return v[:i], v[i+1:], true
		}
	}
	return "", v, false
}
