package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// runtimeEnd is the error with which a program's own runtime gave up.
type runtimeEnd struct {
	kind, name, text, detail string
	// heap is the heap's size at its end, in bytes, where the line tells; else 0.
	heap float64
	fact string
	// inferred says that nobody saw the error: the exit code and the level of the heap tell.
	inferred bool
}

// runtimeExits are the exit codes with which each runtime ends when its own memory ran out.
var runtimeExits = map[string]struct {
	name  string
	codes []int32
}{
	investigations.LogJavaOOM:   {"Java", []int32{1, 3, 134, 137, 143}},
	investigations.LogV8Heap:    {"V8 (Node.js)", []int32{134, 5, 133, 1}},
	investigations.LogPythonOOM: {"Python", []int32{1, 2, 3}},
	investigations.LogGoOOM:     {"Go", []int32{2}},
	investigations.LogDotnetOOM: {".NET", []int32{1, 134, 139, 255}},
	investigations.LogRubyOOM:   {"Ruby", []int32{1}},
	investigations.LogPHPOOM:    {"PHP", []int32{1, 255}},
	investigations.LogRustOOM:   {"Rust", []int32{134, 101}},
	investigations.LogNativeOOM: {"C++", []int32{134, 1}},
}

// byRuntimeError: the log (or the termination message) holds the runtime's own out-of-memory error, and the
// exit code fits it, or the container still runs.
func (s *scene) byRuntimeError() bool {
	if s.kill != nil {
		return false
	}
	if s.death != nil && s.death.term.Reason == "OOMKilled" && s.death.term.ExitCode == 137 {
		return false
	}
	m, src := s.runtimeMatch()
	if m == nil {
		m, src = s.exitOnOOM()
	}
	inferred := m == nil
	if inferred {
		m, src = s.exitAtCeiling()
	}
	if m == nil {
		return false
	}
	info := runtimeExits[m.Kind]
	if s.death != nil {
		fits := false
		for _, c := range info.codes {
			fits = fits || c == s.death.term.ExitCode
		}
		// With 137 something else may have killed it while it was struggling: a probe, most of all.
		if !fits || s.death.term.ExitCode == 137 && s.stopReason() != nil {
			return false
		}
	}
	s.runtime = &runtimeEnd{kind: m.Kind, name: info.name, text: m.Text, detail: m.Detail, heap: float64(m.Bytes), inferred: inferred}
	s.runtime.fact = s.sayRuntimeEnd(m, src)
	s.mechanism = investigations.RuntimeOOM
	if s.death != nil {
		s.sayDeath(s.death)
	} else if !m.At.IsZero() {
		s.at = m.At
	}
	return true
}

// exitOnOOM: without a log, the JVM's exit code 3 beside -XX:+ExitOnOutOfMemoryError (or 134 beside
// -XX:+CrashOnOutOfMemoryError) tells what it did.
func (s *scene) exitOnOOM() (*investigations.LogMatch, string) {
	if s.death == nil || s.hasLogOf(s.container) {
		return nil, ""
	}
	flag := map[int32]string{3: "-XX:+ExitOnOutOfMemoryError", 134: "-XX:+CrashOnOutOfMemoryError"}[s.death.term.ExitCode]
	c := containerSpec(s.pod, s.container)
	if flag == "" || c == nil {
		return nil, ""
	}
	text := strings.Join(append(slices.Clone(c.Command), c.Args...), " ")
	for _, e := range c.Env {
		text += " " + e.Value
	}
	if !strings.Contains(text, flag) {
		return nil, ""
	}
	m := &investigations.LogMatch{Kind: investigations.LogJavaOOM}
	m.At, m.Text = s.death.term.FinishedAt, fmt.Sprintf("exit code %d beside %s", s.death.term.ExitCode, flag)
	return m, s.podSource()
}

func (s *scene) runtimeMatch() (*investigations.LogMatch, string) {
	var best *investigations.LogMatch
	src := ""
	for i := range s.ev.Logs.Logs {
		l := &s.ev.Logs.Logs[i]
		if l.Namespace != s.target.Namespace || l.Pod != s.target.Pod || s.container != "" && l.Container != s.container {
			continue
		}
		for j := range l.Matches {
			m := &l.Matches[j]
			if _, ok := runtimeExits[m.Kind]; !ok {
				continue
			}
			if !m.At.IsZero() && (m.At.After(s.at.Add(ahead)) || m.At.Before(s.at.Add(-15*time.Minute))) {
				continue
			}
			if best == nil || m.At.After(best.At) {
				best, src = m, fmt.Sprintf("%s:%d", l.Source, m.Line)
			}
		}
	}
	if best == nil && s.death != nil {
		if kind, detail := runtimeInText(s.death.term.Message); kind != "" {
			best = &investigations.LogMatch{Kind: kind, Detail: detail}
			best.Text, best.At = investigations.CleanText(s.death.term.Message, 400), s.death.term.FinishedAt
			src = s.death.pod.Source
		}
	}
	return best, src
}

// runtimeInText looks for a runtime's error in a termination message, which with the policy
// FallbackToLogsOnError is the end of the log. The last one counts.
func runtimeInText(msg string) (kind, detail string) {
	for line := range strings.Lines(msg) {
		if k, d := investigations.RuntimeError(strings.TrimRight(line, "\r\n")); k != "" {
			kind, detail = k, d
		}
	}
	return kind, detail
}
