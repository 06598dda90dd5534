package rules

import (
	"fmt"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// ceilingExits are the codes with which a runtime ends when its heap's ceiling ran out, and programs seldom else: V8
// aborts (134; 133 and 5 where it traps), and a JVM ends with 3 by ExitOnOutOfMemoryError or aborts by
// CrashOnOutOfMemoryError. A code like 1 says nothing.
var ceilingExits = map[string]struct {
	kind  string
	codes []int32
}{
	"node": {investigations.LogV8Heap, []int32{134, 133, 5}},
	"java": {investigations.LogJavaOOM, []int32{3, 134}},
}

// exitAtCeiling: without a log of the container, an exit code that its runtime uses for a heap that ran out, and a
// heap that stood at its ceiling just before, make one likely. Either alone tells nothing.
func (s *scene) exitAtCeiling() (*investigations.LogMatch, string) {
	c := containerSpec(s.pod, s.container)
	if s.death == nil || c == nil || s.hasLogOf(s.container) {
		return nil, ""
	}
	f := readFlags(c, s.specLimit(), s.startedWith(new(bool)))
	exits, known := ceilingExits[f.runtime]
	if !known || f.heap <= 0 || !slices.Contains(exits.codes, s.death.term.ExitCode) {
		return nil, ""
	}
	level, what, at := s.heapAtEnd()
	if level < 0.85*f.heap {
		return nil, ""
	}
	m := &investigations.LogMatch{Kind: exits.kind}
	m.At = s.death.term.FinishedAt
	m.Text = fmt.Sprintf("%s stood at %s, %s of the ceiling of %s (%s), at %s, and the exit code is %d",
		what, bytesOf(level), percent(level/f.heap), bytesOf(f.heap), f.text, stamp(fromSeconds(at)), s.death.term.ExitCode)
	return m, s.podSource()
}

// heapAtEnd returns the managed heap just before the container's end, by its own metric, else by anonymous memory,
// which holds it; 0 where neither is known.
func (s *scene) heapAtEnd() (level float64, what string, at float64) {
	end := seconds(s.death.term.FinishedAt)
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryRuntimeHeap].Series {
		if sr.Pod == s.target.Pod && sr.Namespace == s.target.Namespace {
			if x, _, ok := pointsOf(sr).last(end); ok && end-x <= 600 {
				return pointsOf(sr).highBefore(end), "the managed heap", x
			}
		}
	}
	rss := s.curve(investigations.QueryRSS, s.target.Pod, s.container)
	if x, _, ok := rss.last(end); ok && end-x <= 600 {
		return rss.highBefore(end), "anonymous memory", x
	}
	return 0, "", 0
}

// sayRuntimeEnd states how one knows that the runtime gave up: by its own words, or by what was left of it.
func (s *scene) sayRuntimeEnd(m *investigations.LogMatch, src string) string {
	if s.runtime.inferred {
		return s.fact("logs/runtime", investigations.ToolPods, m.At, src, map[string]float64{"exit_code": float64(s.death.term.ExitCode)},
			"The %s runtime probably gave up at its heap's ceiling: %s; no log shows its error.", s.runtime.name, m.Text)
	}
	return s.fact("logs/runtime", investigations.ToolLogs, m.At, src, nil,
		"The %s runtime itself gave up: %s.", s.runtime.name, investigations.Quote(m.Text, 240))
}
