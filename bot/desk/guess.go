package desk

import (
	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
	"github.com/oombot/oombot/investigations"
)

// guess is the name of the workload that a target is of, as far as its own names tell.
func guess(t investigations.Target) string {
	switch {
	case t.Workload != "":
		return baseName(t.Workload)
	case t.Pod != "":
		return alerts.WorkloadGuess(t.Pod)
	}
	return t.Node
}

// belongs returns the open incident that an alert is of before anything was looked up: that of its pod or of its
// workload's name. The caller holds d.mu.
func (d *Desk) belongs(e bot.Event, a bot.Alert) *entry {
	var best *entry
	var fits bool
	for _, key := range guessKeys(a.Targets, a.Kill) {
		for _, id := range d.state.guesses[key] {
			x := d.state.incidents[id]
			if x == nil || !d.shownFor(x, e, a) || !d.takes(x) || a.Cluster != "" && x.Cluster != "" && a.Cluster != x.Cluster {
				continue
			}
			// One whose own kill was of the same kind goes before one that is newer.
			if fit := x.fits(a); best == nil || fit && !fits || fit == fits && x.OpenedAt.After(best.OpenedAt) {
				best, fits = x, fit
			}
		}
	}
	return best
}

// guessKey is where the incidents are found that a target may be of: by its namespace and what its names tell of its
// workload.
func guessKey(t investigations.Target) string { return t.Namespace + "/" + guess(t) }

// guessKeys are where the incidents are found that an alert may be of.
func guessKeys(targets []investigations.Target, k *bot.Kill) []string {
	var out []string
	if uid := uidOf(k); uid != "" {
		out = append(out, uidKey(uid))
	}
	for _, t := range targets {
		if guesses(t, k) {
			out = append(out, guessKey(t))
		}
	}
	return out
}

// guesses says whether a target tells of which workload something is: a name alone may be of many things, and so is the
// node of what was killed in a pod.
func guesses(t investigations.Target, k *bot.Kill) bool {
	return t.Namespace != "" || t.Node != "" && (k == nil || k.PodUID == "")
}
