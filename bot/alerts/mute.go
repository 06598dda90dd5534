package alerts

import (
	"path"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// Mute returns the first of the globs that mutes an alert: one without a slash by the name of its rule, one with a
// slash, NS/WORKLOAD, by what it may be about, as far as names alone tell. It mutes only where everything that it may
// be about in a namespace is muted. A glob that is malformed is taken literally.
func Mute(globs []string, a bot.Alert) (glob string, muted bool) {
	for _, g := range globs {
		if !strings.Contains(g, "/") && a.Name != "" && matches(g, a.Name) {
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
			glob, muted = g, true
		}
	}
	return glob, muted
}

// MuteWorkload returns the first of the globs that mutes a workload, which is kind/name or a name alone. A glob is
// NS/NAME, or NS/KIND/NAME.
func MuteWorkload(globs []string, namespace, workload string) (glob string, muted bool) {
	name := path.Base(workload)
	for _, g := range globs {
		if !strings.Contains(g, "/") {
			continue
		}
		ns, rest, _ := strings.Cut(g, "/")
		if kind, n, ok := strings.Cut(rest, "/"); ok {
			rest = investigations.WorkloadKind(kind) + "/" + n
			if matches(ns, namespace) && matches(rest, workload) {
				return g, true
			}
			continue
		}
		if matches(ns, namespace) && matches(rest, name) {
			return g, true
		}
	}
	return "", false
}

// matches says whether a glob matches a name.
func matches(glob, name string) bool {
	ok, err := path.Match(glob, name)
	if err != nil {
		return glob == name
	}
	return ok
}
