package alerts

import (
	"path"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/internal/glob"
	"github.com/oombot/oombot/investigations"
)

// Mute returns the first of the globs that mutes an alert: one without a slash by the name of its rule, one with a
// slash, NS/WORKLOAD, by what it may be about, as far as names alone tell. It mutes only where everything that it may
// be about in a namespace is muted. A glob that is malformed mutes nothing.
func Mute(globs []string, a bot.Alert) (by string, muted bool) {
	for _, g := range globs {
		if !strings.Contains(g, "/") && a.Name != "" && glob.Match(g, a.Name) {
			return g, true
		}
	}
	for _, t := range a.Targets {
		if t.Namespace == "" || t.Pod == "" && t.Workload == "" {
			continue
		}
		workload := t.Workload
		if workload == "" {
			workload = WorkloadGuess(t.Pod)
		}
		g, ok := MuteWorkload(globs, t.Namespace, workload)
		if !ok {
			return "", false
		}
		if !muted {
			by, muted = g, true
		}
	}
	return by, muted
}

// MuteWorkload returns the first of the globs that mutes a workload, which is kind/name or a name alone. A glob is
// NS/NAME, or NS/KIND/NAME.
func MuteWorkload(globs []string, namespace, workload string) (by string, muted bool) {
	name := path.Base(workload)
	for _, g := range globs {
		if !strings.Contains(g, "/") {
			continue
		}
		ns, rest, _ := strings.Cut(g, "/")
		if kind, n, ok := strings.Cut(rest, "/"); ok {
			rest = investigations.WorkloadKind(kind) + "/" + n
			if glob.Match(ns, namespace) && glob.Match(rest, workload) {
				return g, true
			}
			continue
		}
		if glob.Match(ns, namespace) && glob.Match(rest, name) {
			return g, true
		}
	}
	return "", false
}
