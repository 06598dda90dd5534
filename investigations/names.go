package investigations

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the length in bytes of the longest name in Kubernetes, that of a DNS subdomain.
const maxName = 253

// IsName says whether s can be an object's name, or is empty. It refuses what could harm as one: a path, control
// characters, endless text. It does not judge the letters as the API server does.
func IsName(s string) bool {
	return !strings.ContainsAny(s, `/\`) && s != "." && s != ".." && utf8.ValidString(s) && len(s) <= maxName &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// WorkloadKind turns kubectl's ways to write a kind (deploy, deployments, Deployment.apps) into one; a word that is
// none comes back in lower case.
func WorkloadKind(kind string) string {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ".")
	switch kind {
	case "deploy", "deployments":
		return "deployment"
	case "sts", "statefulsets":
		return "statefulset"
	case "ds", "daemonsets":
		return "daemonset"
	case "rs", "replicasets":
		return "replicaset"
	case "jobs":
		return "job"
	case "cj", "cronjobs":
		return "cronjob"
	}
	return kind
}
