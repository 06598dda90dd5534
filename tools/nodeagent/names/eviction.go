package names

import (
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// evictedReason and lowOnMemory are what the kubelet writes into the status of a pod that it evicts for want of memory
	// (pkg/kubelet/eviction/helpers.go). What it does not admit has the same reason, and another message ("The node had
	// condition: …"): such a pod never ran.
	evictedReason = "Evicted"
	lowOnMemory   = "The node was low on resource: memory"
	// recent is how old an eviction may be that the agent finds when it starts: older ones were told by the one before.
	recent = 5 * time.Minute
	// maxText is how much of a message is told, in bytes.
	maxText = 500
)

// evictions tells each eviction for want of memory once. It is used by one goroutine.
type evictions struct {
	tell func(investigations.UserKill)
	told map[string]bool
}

// see looks at a pod. first says that it is of the first list, so that its end may be long ago.
func (e *evictions) see(o *object, first bool, now time.Time) {
	uid := o.Metadata.UID
	if e.tell == nil || e.told[uid] || !forMemory(o) {
		return
	}
	if e.told == nil || len(e.told) > maxPods+maxGone {
		e.told = map[string]bool{}
	}
	e.told[uid] = true
	at := evictedAt(o)
	if at.IsZero() {
		if first {
			return
		}
		at = now
	}
	if now.Sub(at) > recent {
		return
	}
	e.tell(investigations.UserKill{
		At: at.UTC(), Killer: investigations.UserKillKubeletEviction, PodUID: uid,
		Text: investigations.CleanText(redact.Text(strings.TrimSpace(o.Status.Message)), maxText),
	})
}

func forMemory(o *object) bool {
	after, ok := strings.CutPrefix(o.Status.Message, lowOnMemory)
	return ok && o.Status.Phase == "Failed" && o.Status.Reason == evictedReason && (after == "" || strings.ContainsAny(after[:1], ". ,"))
}

// evictedAt is when the kubelet decided, else when the last container ended; zero where the status tells neither.
func evictedAt(o *object) time.Time {
	for _, c := range o.Status.Conditions {
		if c.Type == "DisruptionTarget" && c.Reason == "TerminationByKubelet" {
			return c.LastTransitionTime
		}
	}
	var last time.Time
	for _, c := range o.Status.Containers {
		if t := c.State.Terminated; t != nil && t.FinishedAt.After(last) {
			last = t.FinishedAt
		}
	}
	return last
}
