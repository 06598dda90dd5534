package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/internal/glob"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/live"
)

// wanted is one thing that somebody asks for in a chat, or that an alert may be about. Where its namespace is not known,
// among says in which it may be.
type wanted struct {
	live.Words
	among namespaces
}

// String writes it as a person would.
func (w wanted) String() string {
	if w.Node == "" && w.Namespace == "" {
		return strings.TrimPrefix(w.Words.String(), "/")
	}
	return w.Words.String()
}

// namespaces are names and patterns of namespaces; none means all.
type namespaces []string

// allow says whether a namespace is one of them.
func (n namespaces) allow(namespace string) bool {
	return len(n) == 0 || glob.MatchAny(n, namespace)
}

// names returns them where none is a pattern, so that each can be asked by its name.
func (n namespaces) names() []string {
	if slices.ContainsFunc(n, func(g string) bool { return !glob.Plain(g) }) {
		return nil
	}
	return n
}

// noTarget is a bot.ErrNoTarget in the words that a person is shown.
type noTarget struct{ text string }

// Error says what there is not, and what there is.
func (e *noTarget) Error() string { return e.text }

// Is makes it a bot.ErrNoTarget.
func (e *noTarget) Is(target error) bool { return target == bot.ErrNoTarget }

func noTargetf(format string, args ...any) error {
	return &noTarget{investigations.CleanText(fmt.Sprintf(format, args...), maxMessage)}
}

// wantedOf returns what an ask may mean, the likeliest first, never nothing. Its error is a bot.ErrNoTarget.
func wantedOf(ask bot.Ask) ([]wanted, error) {
	if ask.Words != "" {
		w, err := wantedWords(ask.Words)
		if err != nil {
			return nil, noTargetf("%v", err)
		}
		return []wanted{{w, ask.Namespaces}}, nil
	}
	var out []wanted
	for _, t := range ask.Targets {
		for _, w := range wantedTarget(t) {
			out = append(out, wanted{w, ask.Namespaces})
		}
	}
	if len(out) == 0 {
		return nil, noTargetf("nothing in it names a pod, a workload or a node")
	}
	return out, nil
}

// wantedKinds are the words for kinds that can be asked for.
var wantedKinds = []string{"pod", "deployment", "statefulset", "daemonset", "job", "cronjob"}

// wantedKind returns the kind that a word stands for, in kubectl's short forms too; "" for a word that is none.
func wantedKind(word string) string {
	kind := investigations.WorkloadKind(word)
	if kind == "pods" || kind == "po" {
		kind = "pod"
	}
	if slices.Contains(wantedKinds, kind) {
		return kind
	}
	return ""
}

// wantedWords takes words as on the command line apart, and a name alone, or with its kind.
func wantedWords(words string) (live.Words, error) {
	parts := strings.Split(words, "/")
	if last := parts[len(parts)-1]; last == "" || !investigations.IsName(last) {
		return live.ParseTarget(words)
	}
	switch {
	case len(parts) == 1:
		return live.Words{Name: words}, nil
	case len(parts) == 2 && wantedKind(parts[0]) != "":
		return live.Words{Kind: wantedKind(parts[0]), Name: parts[1]}, nil
	case len(parts) == 3 && wantedKind(parts[1]) != "":
		parts[1] = wantedKind(parts[1])
	}
	return live.ParseTarget(strings.Join(parts, "/"))
}

// wantedTarget returns what a target may be found by: its pod, else its workload, and its node where there is neither.
// What is no name in Kubernetes is left out.
func wantedTarget(t investigations.Target) []live.Words {
	var out []live.Words
	add := func(w live.Words) {
		for _, name := range []string{w.Namespace, w.Name, w.Container, w.Node} {
			if !investigations.IsName(name) {
				return
			}
		}
		out = append(out, w)
	}
	if t.Pod != "" {
		add(live.Words{Namespace: t.Namespace, Kind: "pod", Name: t.Pod, Container: t.Container})
	}
	if t.Workload != "" {
		kind, name, both := strings.Cut(t.Workload, "/")
		if !both {
			kind, name = "", t.Workload
		}
		add(live.Words{Namespace: t.Namespace, Kind: wantedKind(kind), Name: name})
	}
	if t.Node != "" && t.Pod == "" && t.Workload == "" {
		add(live.Words{Node: t.Node})
	}
	return out
}

// targetOf is a subject as a bot.Case tells of it: with what was found out about it.
func targetOf(s investigations.Subject) investigations.Target {
	t := s.Request.Target
	t.Workload, t.Node = cmp.Or(t.Workload, s.Workload), cmp.Or(t.Node, s.Node)
	return t
}
