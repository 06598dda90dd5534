package alerts

import (
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxNear bounds how many words beside a pod are tried as its namespace, maxPlain the words of a title that are
	// tried as a workload and its namespace.
	maxNear  = 3
	maxPlain = 3
)

// headed begins the titles of Alertmanager and Grafana: what follows are the values of labels, without their names.
var headed = regexp.MustCompile(`(?i)\[(?:FIRING|RESOLVED)(?::\s*\d+)?`)

// uid is what Kubernetes tells objects apart by: a DNS label by its letters, and never a namespace's name.
var uid = regexp.MustCompile(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// shapes returns the words of a text that look like a pod's name. Where labels' values stand, the words near it may be
// its namespace, unless namespaces are named otherwise; there, and in the first line, shorter shapes count too.
func shapes(text string, spaces []string) []sighting {
	var out []sighting
	at := 0
	for i, line := range strings.Split(text, "\n") {
		words, titled := names(line), headed.MatchString(line)
		for j, w := range words {
			if len(out) >= maxTargets {
				return out
			}
			strong := replicaSetPod.MatchString(w) || cronJobPod.MatchString(w)
			if !looksLikePod(w) || !strong && i > 0 && !titled {
				continue
			}
			near := spaces
			if len(near) == 0 && titled {
				near = around(words, j)
			}
			for _, ns := range near {
				out = append(out, sighting{at: at + j, by: byShape, target: investigations.Target{Namespace: ns, Pod: w}})
			}
			if len(spaces) == 0 {
				// None of the words near it need be its namespace.
				out = append(out, sighting{at: at + j, by: byShape + 1, target: investigations.Target{Pod: w}})
			}
		}
		at += len(line) + 1
	}
	return out
}

// titleWords returns the workloads that the values in a title may be: each plain word in each other one's namespace.
func titleWords(text string, spaces []string) []sighting {
	for line := range strings.SplitSeq(text, "\n") {
		if !headed.MatchString(line) {
			continue
		}
		var plain []string
		for _, w := range names(line) {
			if isLabel(w) && hasLetter(w) && !noise[w] && !uid.MatchString(w) && len(plain) < maxPlain && !slices.Contains(plain, w) {
				plain = append(plain, w)
			}
		}
		var out []sighting
		for _, ns := range slices.Concat(spaces, plain) {
			for _, w := range plain {
				if ns != w && (len(spaces) == 0 || slices.Contains(spaces, ns)) {
					out = append(out, sighting{by: byShape, target: investigations.Target{Namespace: ns, Workload: w}})
				}
			}
		}
		return out
	}
	return nil
}

// names returns the words of a line that can be names.
func names(line string) []string {
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t()[]{},;|<>\"'", r) })
	out := words[:0]
	for _, w := range words {
		if w = strings.Trim(w, ".:-"); isSubdomain(w) {
			out = append(out, w)
		}
	}
	return out
}

// around returns the words near the j-th that can be its namespace, the nearest first.
func around(words []string, j int) []string {
	var out []string
	for d := 1; d < len(words) && len(out) < maxNear; d++ {
		for _, k := range []int{j - d, j + d} {
			if k < 0 || k >= len(words) || len(out) == maxNear {
				continue
			}
			if w := words[k]; isLabel(w) && hasLetter(w) && !noise[w] && !uid.MatchString(w) && !looksLikePod(w) && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}
