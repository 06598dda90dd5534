package alerts

import (
	"regexp"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// sighting is a target that a text names as a whole.
type sighting struct {
	at, by int
	target investigations.Target
}

// maxHeading bounds, in bytes, where in a line a title's head may stand.
const maxHeading = 100

var (
	slashed = regexp.MustCompile(`(?:^|[\s("'\[{<,;=:])([A-Za-z0-9][A-Za-z0-9.\-]*(?:/[A-Za-z0-9][A-Za-z0-9.\-]*){1,2})(?::([a-z0-9][a-z0-9\-]*))?(?:[ \t]+\(([a-z0-9][a-z0-9\-]*)\))?`)
	// podWord ends what stands before a pod.
	podWord = regexp.MustCompile(`(?i)\bpods?["':=(\s]*$`)
	version = regexp.MustCompile(`^v\d`)
	// otherKey ends what stands before something that is written as a workload, and is none.
	otherKey = regexp.MustCompile(`(?i)\b(?:prometheus|alertmanager|receiver|image|image_id|image_spec|job|rule|rule_?group|group|repo|repository|file|path|source|tenant)["'\\]*[ \t]*[:=][ \t]*["'\\(]*$`)
)

// slashes returns the targets that a plain text writes with slashes: ns/pod, ns/pod:container, ns/pod (container),
// ns/pod/container, ns/kind/name, kind/ns/name; and kind/name as a pair, whose namespace stands elsewhere.
func slashes(text string) (found []sighting, named []pair) {
	for _, m := range slashed.FindAllStringSubmatchIndex(text, -1) {
		end := m[1]
		if end < len(text) && (strings.ContainsRune("/@_", rune(text[end])) || edge(text[end])) {
			continue
		}
		container := ""
		switch {
		case m[4] >= 0:
			container = text[m[4]:m[5]]
		case m[6] >= 0:
			container = text[m[6]:m[7]]
		}
		parts := strings.Split(trimmed(text[m[2]:m[3]]), "/")
		after := podWord.MatchString(text[max(0, m[2]-16):m[2]])
		if len(parts) == 2 && kindOf(parts[0]) != "" {
			if p, ok := kindPair(kindOf(parts[0]), parts[1]); ok {
				p.at = m[2]
				named = append(named, p)
			}
			continue
		}
		if t, ok := slashTarget(parts, container, after); ok {
			by := bySlash
			if t.Pod == "" && len(parts) == 2 {
				// The values of a title hold the Prometheus that sent it, as monitoring/k8s.
				if inHeaded(text, m[2]) || otherKey.MatchString(text[max(0, m[2]-maxKey):m[2]]) {
					continue
				}
				by = byPhrase
			}
			found = append(found, sighting{at: m[2], by: by, target: t})
		}
	}
	return found, named
}

// inHeaded says whether a place in a text is in a line that begins as the titles of Alertmanager do.
func inHeaded(text string, at int) bool {
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	return headed.MatchString(text[begin:min(at, begin+maxHeading)])
}

// kindOf returns the kind that a word is; "" where it is none.
func kindOf(word string) string {
	switch k := investigations.WorkloadKind(word); k {
	case "deployment", "statefulset", "daemonset", "job", "cronjob", "replicaset", "pod", "node", "namespace", "container":
		return k
	case "pods":
		return "pod"
	case "nodes":
		return "node"
	}
	return ""
}

// kindPair turns kind/name into a pair.
func kindPair(kind, name string) (pair, bool) {
	if !isSubdomain(name) || !hasLetter(name) || noise[name] {
		return pair{}, false
	}
	if kind == "job" {
		kind = "job_name"
	}
	return pair{by: bySlash, key: kind, value: name}, true
}

// slashTarget makes a target of two or three parts; afterPod says that the word pod stands before them.
func slashTarget(parts []string, container string, afterPod bool) (investigations.Target, bool) {
	var t investigations.Target
	for i, p := range parts {
		parts[i] = trimmed(p)
		if kindOf(p) == "" && (!isSubdomain(parts[i]) || !hasLetter(parts[i]) || noise[parts[i]]) {
			return t, false
		}
	}
	last := parts[len(parts)-1]
	if container != "" && (!isLabel(container) || !hasLetter(container) || container == "latest" || version.MatchString(container)) {
		return t, false // an image
	}
	switch {
	case len(parts) == 2:
		t = investigations.Target{Namespace: parts[0], Workload: last}
		if looksLikePod(last) || afterPod || container != "" {
			t = investigations.Target{Namespace: parts[0], Pod: last, Container: container}
		}
	case kindOf(parts[1]) != "":
		t = kindTarget(parts[0], kindOf(parts[1]), last, container)
	case kindOf(parts[0]) != "":
		t = kindTarget(parts[1], kindOf(parts[0]), last, container)
	case looksLikePod(parts[1]) || afterPod:
		t = investigations.Target{Namespace: parts[0], Pod: parts[1], Container: last}
	default:
		return t, false
	}
	ok := isLabel(t.Namespace) && (t.Container == "" || isLabel(t.Container)) && (t.Pod != "" || t.Workload != "") && !version.MatchString(last)
	return t, ok
}

func kindTarget(ns, kind, name, container string) investigations.Target {
	switch kind {
	case "pod":
		return investigations.Target{Namespace: ns, Pod: name, Container: container}
	case "node", "namespace", "container":
		return investigations.Target{}
	}
	if w := owner(kind, name); w != "" {
		return investigations.Target{Namespace: ns, Workload: w}
	}
	return investigations.Target{}
}
