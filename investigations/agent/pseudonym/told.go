package pseudonym

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// toldKinds are the words of facts that stand before the name of an object, and what that is called after.
var toldKinds = map[string]kind{
	"deployment": kindApp, "statefulset": kindApp, "daemonset": kindApp, "job": kindApp, "cronjob": kindApp, "replicaset": kindRevision,
	"pod": kindPod, "node": kindNode, "container": kindContainer, "namespace": kindNamespace, "cluster": kindCluster, "volume": kindVolume,
	"claim": kindVolume, "emptydir": kindVolume, "configmap": kindConfig, "application": kindObject,
}

// told takes in the objects that the sentences of facts name: a stored result has no evidence beside it. Workloads come
// first, since the names of pods are made of theirs.
func (b *Book) told(facts []investigations.Fact) {
	for i := range facts {
		eachTold(facts[i].Says, func(name string, k kind) {
			if k == kindApp {
				b.apps[name] = true
			}
		})
	}
	for i := range facts {
		eachTold(facts[i].Says, b.object)
	}
}

// object takes in a name, or an id, that a sentence tells.
func (b *Book) object(name string, k kind) {
	if _, _, known := b.ids.at(name, 0, false); known || len(name) >= 12 && b.ids.add(name) {
		return
	}
	b.take(name, k)
}

// eachTold finds kind/name, kind "name", pod and node with a name that is no word, container NAME of pod, and quoted
// namespace/pod/container in a sentence.
func eachTold(says string, name namer) {
	for i := 0; i < len(says); {
		if says[i] == '"' {
			if to := strings.IndexByte(says[i+1:], '"'); to > 0 {
				quotedPath(says[i+1:i+1+to], name)
			}
		}
		if !wordAt(says, i) {
			i++
			continue
		}
		end := unitEnd(says, i)
		if end-i <= len("application") && end+1 < len(says) {
			if k, ok := toldKinds[fold(says[i:end])]; ok {
				behind(says[end:], k, name)
			}
		}
		i = end
	}
}

// behind finds the name that rest begins with, behind the word of kind k.
func behind(rest string, k kind, name namer) {
	n := nameLength(rest[1:])
	to := rest[1 : 1+n]
	after := rest[1+n:]
	switch {
	case rest[0] == '/':
		name.some(to, k)
	case rest[0] != ' ':
	case rest[1] == '"':
		if end := strings.IndexByte(rest[2:], '"'); end > 0 && !strings.ContainsAny(rest[2:2+end], " /") {
			name(rest[2:2+end], k)
		}
	case k == kindPod || k == kindNode:
		if strings.ContainsAny(to, "-0123456789") {
			name.some(to, k)
		}
	case k == kindContainer && (strings.HasPrefix(after, " of pod ") || strings.HasPrefix(after, "…")):
		name.some(to, k)
	}
}

// nameLength returns how much of s is made of what names of objects are made of, without a dot or hyphen at its end.
func nameLength(s string) int {
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || digit(s[n]) || s[n] == '-' || s[n] == '.') {
		n++
	}
	return len(strings.TrimRight(s[:n], ".-"))
}

// quotedPath finds the names in namespace/pod, pod/container, namespace/pod/container.
func quotedPath(s string, name namer) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || isDNS(parts[0]) {
		return
	}
	for _, part := range parts {
		if part == "" || nameLength(part) != len(part) {
			return
		}
	}
	if len(parts) == 3 {
		name(parts[0], kindNamespace)
		name(parts[1], kindPod)
		name(parts[2], kindContainer)
	} else if podLike(parts[0]) {
		name(parts[0], kindPod)
		name(parts[1], kindContainer)
	} else if _, kind := toldKinds[parts[0]]; !kind {
		name(parts[0], kindNamespace)
		name(parts[1], kindPod)
	}
}

// podLike tells names as controllers give them to pods from those that people give: the last part has a digit.
func podLike(s string) bool {
	i := strings.LastIndexByte(s, '-')
	return i > 0 && strings.ContainsAny(s[i:], "0123456789")
}
