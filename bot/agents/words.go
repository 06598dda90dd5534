package agents

import (
	"cmp"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// maxTitle is the length of a title, in bytes.
const maxTitle = 300

// title says in a sentence for a person what was killed.
func title(k *killing, at investigations.Target) string {
	s := cmp.Or(k.Comm, k.what, "a process")
	if k.name == nameEvicted {
		s += " was evicted"
	} else {
		s += " killed"
	}
	switch {
	case at.Pod != "":
		s += " in " + at.Namespace + "/" + at.Pod
		if at.Container != "" {
			s += "/" + at.Container
		}
	case k.PodUID != "":
		s += " in pod " + k.PodUID
	}
	s += " on " + k.Node
	if by := map[string]string{nameOOMD: "systemd-oomd", nameEarlyOOM: "earlyoom"}[k.name]; by != "" {
		s += " by " + by
	}
	if why := limitWords[k.Boundary]; why != "" {
		s += ": " + why
	}
	if k.ahead != 0 {
		s += " (the node's clock is " + clockWords(k.ahead) + ", its times are corrected)"
	}
	return investigations.CleanText(s, maxTitle)
}

// clockWords say how wrong a clock is.
func clockWords(ahead time.Duration) string {
	text := strings.TrimSuffix(ahead.Abs().Round(time.Minute).String(), "0s")
	if ahead > 0 {
		return text + " ahead"
	}
	return text + " behind"
}

// limitWords say whose limit ran out.
var limitWords = map[investigations.Boundary]string{
	investigations.BoundaryContainer:       "container limit",
	investigations.BoundaryPod:             "pod limit",
	investigations.BoundaryNodeAllocatable: "limit of all pods of the node",
	investigations.BoundarySlice:           "limit of a slice",
	investigations.BoundaryNode:            "the node is out of memory",
	investigations.BoundaryNUMA:            "a part of the node is out of memory",
}
