package alerts

import (
	"regexp"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// The lengths of the longest DNS label and of the longest pod name that the API server makes of a prefix: the prefix is
// cut to maxPrefix bytes, and five more follow.
const (
	maxLabel  = 63
	maxPrefix = 58
)

// isLabel says whether s is a DNS label: the name of a namespace or of a container.
func isLabel(s string) bool {
	return len(s) <= maxLabel && !strings.Contains(s, ".") && isSubdomain(s)
}

// isSubdomain says whether s is a DNS subdomain: the name of a pod, a workload or a node.
func isSubdomain(s string) bool {
	if s == "" || !investigations.IsName(s) || !edge(s[0]) || !edge(s[len(s)-1]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !edge(c) && c != '-' && (c != '.' || s[i-1] == '.' || s[i-1] == '-') {
			return false
		}
	}
	// A token that somebody put where a name belongs is not carried on.
	return !strings.Contains(s, ".-") && redact.Text(s) == s
}

// edge says whether c may begin and end a DNS label.
func edge(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// hasLetter says whether s is more than a number, a date or a version.
func hasLetter(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' })
}

// The shapes of the names of pods. Kubernetes writes what it makes up in an alphabet without vowels, and without the
// digits and letters that look alike.
const (
	alphabet = "[bcdfghjklmnpqrstvwxz2456789]"
	// hashAlphabet is what remains of it in a pod-template-hash, which is a decimal number rewritten digit by digit.
	hashAlphabet = "[bcdf456789]"
)

var (
	cronJobPod     = regexp.MustCompile(`^(.+)-(?:[23]\d{7}|1\d{9})-` + alphabet + `{5}$`)
	replicaSetPod  = regexp.MustCompile(`^(.+)-(?:` + hashAlphabet + `{6,10}|` + alphabet + `{8,10})-` + alphabet + `{5}$`)
	cutPod         = regexp.MustCompile(`^(.+?)-` + hashAlphabet + `{1,10}-?$`)
	statefulSetPod = regexp.MustCompile(`^(.+)-(?:0|[1-9]\d{0,2})$`)
	// mixedPod is a pod of a ReplicaSet whose name somebody made up: in what stands for the hash are letters and digits.
	mixedPod   = regexp.MustCompile(`^(.+)-([a-z0-9]{8,10})-[a-z0-9]{5}$`)
	suffixPod  = regexp.MustCompile(`^(.+)-(` + alphabet + `{5})$`)
	replicaSet = regexp.MustCompile(`^(.+)-(?:` + hashAlphabet + `{6,10}|` + alphabet + `{8,10})$`)
)

// words are those of five letters of the alphabet that end names without being made up.
var words = map[string]bool{"https": true, "grpcs": true, "mssql": true, "mqtts": true, "nfsv4": true, "http2": true, "pgsql": true}

// WorkloadGuess returns the name of the workload that a pod's name suggests: checkout for checkout-7c9d8f6b5-x2x4p,
// checkout-0, checkout-29550001-x2x4p and checkout-x2x4p. A name that looks like none of these is its own. It can be
// wrong in both ways: it serves to group what the cluster has not confirmed yet.
func WorkloadGuess(pod string) string {
	// The order matters: what is longer is less likely to be so by chance.
	for _, shape := range []*regexp.Regexp{cronJobPod, replicaSetPod} {
		if m := shape.FindStringSubmatch(pod); m != nil {
			return m[1]
		}
	}
	if len(pod) == maxLabel {
		if m := cutPod.FindStringSubmatch(pod[:maxPrefix]); m != nil {
			return m[1]
		}
	}
	if m := statefulSetPod.FindStringSubmatch(pod); m != nil {
		return m[1]
	}
	if m := mixedPod.FindStringSubmatch(pod); m != nil && hasLetter(m[2]) && strings.ContainsAny(m[2], "0123456789") {
		return m[1]
	}
	if m := suffixPod.FindStringSubmatch(pod); m != nil && !words[m[2]] {
		return m[1]
	}
	return pod
}

// looksLikePod says whether a name is likely one that Kubernetes made for a pod.
func looksLikePod(name string) bool {
	return isSubdomain(name) && hasLetter(name) && WorkloadGuess(name) != name
}
