package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// ErrTarget says that the words for a target make no sense, whatever the cluster holds.
var ErrTarget = errors.New("not a target")

// targetKinds are the words that stand for a kind in NAMESPACE/KIND/NAME.
var targetKinds = []string{"pod", "deployment", "statefulset", "daemonset", "job", "cronjob"}

const targetForms = "write NAMESPACE/NAME, NAMESPACE/NAME/CONTAINER, NAMESPACE/KIND/NAME (kind: pod, deployment, statefulset, " +
	"daemonset, job, cronjob) or node/NAME"

// Words are what a person asks for, taken apart. Either Node is set, or Namespace and Name.
type Words struct {
	Namespace, Name string
	// Kind is one of the words for kinds; empty where the name may be a pod's or a workload's.
	Kind string
	// Container is set for a pod only.
	Container string
	Node      string
}

// String writes the words as they are written.
func (w Words) String() string {
	switch {
	case w.Node != "":
		return "node/" + w.Node
	case w.Kind != "" && w.Container != "":
		return w.Namespace + "/" + w.Kind + "/" + w.Name + "/" + w.Container
	case w.Kind != "":
		return w.Namespace + "/" + w.Kind + "/" + w.Name
	case w.Container != "":
		return w.Namespace + "/" + w.Name + "/" + w.Container
	}
	return w.Namespace + "/" + w.Name
}

// ParseTarget takes the words for a target apart: NAMESPACE/NAME, NAMESPACE/NAME/CONTAINER, NAMESPACE/KIND/NAME or
// node/NAME. The words for kinds, and the first word node, win over names. Its errors wrap ErrTarget.
func ParseTarget(s string) (Words, error) {
	parts := strings.Split(s, "/")
	for _, p := range parts {
		if p == "" || !investigations.IsName(p) {
			return Words{}, fmt.Errorf("%w: %q: %s", ErrTarget, investigations.CleanText(s, 200), targetForms)
		}
	}
	switch {
	case parts[0] == "node" && len(parts) == 2:
		return Words{Node: parts[1]}, nil
	case parts[0] == "node" && len(parts) > 2:
		return Words{}, fmt.Errorf("%w: %q: a node has no parts; write node/NAME", ErrTarget, investigations.CleanText(s, 200))
	case len(parts) == 2:
		return Words{Namespace: parts[0], Name: parts[1]}, nil
	case len(parts) == 3 && slices.Contains(targetKinds, parts[1]):
		return Words{Namespace: parts[0], Kind: parts[1], Name: parts[2]}, nil
	case len(parts) == 3:
		return Words{Namespace: parts[0], Name: parts[1], Container: parts[2]}, nil
	case len(parts) == 4 && parts[1] == "pod":
		return Words{Namespace: parts[0], Kind: "pod", Name: parts[2], Container: parts[3]}, nil
	}
	return Words{}, fmt.Errorf("%w: %q: %s", ErrTarget, investigations.CleanText(s, 200), targetForms)
}

// meantKind is the kind that someone means who writes it in short, as deploy; "" for a word that is none.
func meantKind(word string) string {
	if kind := investigations.WorkloadKind(word); kind != word && slices.Contains(targetKinds, kind) {
		return kind
	}
	if word == "pods" || word == "po" {
		return "pod"
	}
	return ""
}
