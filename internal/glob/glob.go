// Package glob says which names a pattern of the configuration means: * stands for any letters but a slash, ? for one, and
// [a-z] for one of a class, as path.Match has it. It knows nothing of what the names are of.
package glob

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Check says why a pattern is none. Each of its parts between slashes has to be one by itself, since what is named by several
// parts, as NAMESPACE/WORKLOAD, is also looked at part by part.
func Check(pattern string) error {
	for part := range strings.SplitSeq(pattern, "/") {
		if _, err := path.Match(part, ""); err != nil {
			return fmt.Errorf("%w: %q in %q", err, part, pattern)
		}
	}
	return nil
}

// Match says whether name is one that the pattern means. One that Check refuses means no name.
func Match(pattern, name string) bool {
	if Check(pattern) != nil {
		return false
	}
	ok, _ := path.Match(pattern, name) // it is well formed
	return ok
}

// MatchAny says whether name is one that any of the patterns means.
func MatchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return Match(p, name) })
}

// Plain says that a pattern means one name only, which is the pattern itself.
func Plain(pattern string) bool { return !strings.ContainsAny(pattern, `*?[\`) }
