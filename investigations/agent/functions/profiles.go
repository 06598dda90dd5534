package functions

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// How much of profiles is told.
const (
	mostProfiles  = 3
	mostFunctions = 4
	mostGrowths   = 2
	// maxFunction is how much of a function's name is quoted.
	maxFunction = 160
)

// profiles answers from heap profiles.
func (s *Set) profiles(_ context.Context, args args, a *answer) error {
	p, err := s.party("profiles", args)
	if err != nil {
		return err
	}
	if s.ev.Profiles == nil || len(s.ev.Profiles.Profiles) == 0 {
		s.blind(a, investigations.ToolProfiles)
		return nil
	}
	chosen := s.chooseProfiles(p, cmp.Or(args.time("at"), s.at()))
	if len(chosen) == 0 {
		a.note("nothing found: %d heap profiles were read, none of them of %s", len(s.ev.Profiles.Profiles), s.asked(p))
		return nil
	}
	if name := args.text("function"); name != "" {
		s.functionIn(chosen, name, a)
		return nil
	}
	for i, h := range chosen[:min(len(chosen), mostProfiles)] {
		t := say("heap profile of %s at %s: %s in use", quote(h.Namespace+"/"+h.Pod+"/"+h.Container, 200), h.At, bytesOf("in_use", h.InUseBytes))
		a.add(h.At, h.Source, t)
		if i > 0 {
			continue // the nearest one is told in full
		}
		for _, f := range h.Functions[:min(len(h.Functions), mostFunctions)] {
			a.add(h.At, h.Source, ofFunction(h, f))
		}
	}
	if rest := len(chosen) - mostProfiles; rest > 0 {
		a.note("%d further profiles not shown: ask with at, or with function", rest)
	}
	grown := 0
	for i := range s.ev.Profiles.Growth {
		g := &s.ev.Profiles.Growth[i]
		if !p.fits(g.Namespace, g.AfterPod, g.Container) && !p.fits(g.Namespace, g.BeforePod, g.Container) {
			continue
		}
		if grown++; grown > mostGrowths {
			a.skip(1)
			continue
		}
		s.growth(g, "", a)
	}
	return nil
}

// chooseProfiles returns the profiles that a call is about, the nearest to a moment first.
func (s *Set) chooseProfiles(p party, moment time.Time) []*investigations.HeapProfile {
	var out []*investigations.HeapProfile
	t := s.target()
	for i := range s.ev.Profiles.Profiles {
		if h := &s.ev.Profiles.Profiles[i]; p.fits(h.Namespace, h.Pod, h.Container) {
			out = append(out, h)
		}
	}
	rank := func(h *investigations.HeapProfile) int {
		if p == (party{}) && (h.Namespace != t.Namespace || h.Pod != t.Pod) {
			return 1 // the target's own come first where nothing is named
		}
		return 0
	}
	slices.SortStableFunc(out, func(x, y *investigations.HeapProfile) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(awayFrom(x.At, moment), awayFrom(y.At, moment)), strings.Compare(x.Source, y.Source))
	})
	return out
}

// ofFunction tells what one function holds in a profile.
func ofFunction(h *investigations.HeapProfile, f investigations.FunctionBytes) *sentence {
	t := say("in the heap profile of %s at %s function %s holds %s", quote(h.Pod+"/"+h.Container, 160), h.At, quote(f.Function, maxFunction), bytesOf("function", f.Bytes))
	if h.InUseBytes > 0 {
		t.and(", %s of all in use", percentOf("share", 100*float64(f.Bytes)/float64(h.InUseBytes)))
	}
	return t
}

// growth tells of the difference of two profiles; of one function where it is named.
func (s *Set) growth(g *investigations.ProfileGrowth, function string, a *answer) {
	source := g.AfterSource
	if g.BeforeSource != "" && g.BeforeSource != g.AfterSource {
		source = g.BeforeSource + "; " + g.AfterSource
	}
	lead := func() *sentence {
		return say("from the heap profile of %s at %s to that of %s at %s ", quote(g.BeforePod+"/"+g.Container, 140), g.Before, quote(g.AfterPod+"/"+g.Container, 140), g.After)
	}
	if function == "" {
		a.add(g.After, source, lead().and("memory in use went from %s to %s", bytesOf("before", g.BeforeBytes), bytesOf("after", g.AfterBytes)))
	}
	for i, f := range g.Functions {
		if function != "" && !matches(f.Function, function) || function == "" && i >= 2 {
			continue
		}
		a.add(g.After, source, lead().and("what function %s holds grew by %s", quote(f.Function, maxFunction), bytesOf("grown", f.Bytes)))
	}
}

// matches says whether a function is the one that is named, whole or in part, whatever the case.
func matches(function, named string) bool {
	return strings.Contains(strings.ToLower(function), strings.ToLower(named))
}

// functionIn tells what a function holds in each profile, and how much it grew.
func (s *Set) functionIn(chosen []*investigations.HeapProfile, name string, a *answer) {
	slices.SortStableFunc(chosen, func(x, y *investigations.HeapProfile) int { return x.At.Compare(y.At) })
	without := 0
	for _, h := range chosen {
		found := false
		for _, f := range h.Functions {
			if matches(f.Function, name) {
				found = true
				a.add(h.At, h.Source, ofFunction(h, f))
			}
		}
		if !found {
			without++
		}
	}
	for i := range s.ev.Profiles.Growth {
		s.growth(&s.ev.Profiles.Growth[i], name, a)
	}
	if a.empty() {
		a.note("nothing found: no function that is named like %s is among the largest ones of %d profiles", quote(name, 100), len(chosen))
		return
	}
	if without > 0 {
		a.note("in %d of %d profiles it is not among the largest functions, which alone were kept", without, len(chosen))
	}
}
