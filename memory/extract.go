package memory

import (
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

var (
	// imageRE is an image reference with a tag: a registry or a path, and what follows the last colon.
	imageRE = regexp.MustCompile(`([a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:/[a-z0-9][a-z0-9._-]*)+):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})`)
	// functionRE is a function by its full name, quoted: package and name, joined as its language does.
	functionRE = regexp.MustCompile(`"([^"\s]{1,200}(?:\.|::|#)[^"\s]{1,200})"`)
	// podRE and ordinalRE are the names of a deployment's and of a stateful set's pods.
	podRE     = regexp.MustCompile(`^(.+)-[a-z0-9]{5,10}-[a-z0-9]{5}$`)
	ordinalRE = regexp.MustCompile(`^(.+)-[0-9]{1,4}$`)
)

// extracted fills in what the features of a trace lack that has none of its own, as one that was imported from a bare
// result: by the names that its facts hold.
func extracted(f investigations.Features, r investigations.Result) investigations.Features {
	for _, fact := range r.Facts {
		says := strings.ToLower(fact.Says)
		switch fact.Tool {
		case investigations.ToolRollouts, investigations.ToolPods:
			if m := imageRE.FindAllStringSubmatch(fact.Says, -1); len(m) > 0 && strings.Contains(says, "image") {
				f.Image, f.Version = m[len(m)-1][1], m[len(m)-1][2] // of a change the newer one
			}
		case investigations.ToolProfiles:
			if !strings.Contains(says, "grew") && !strings.Contains(says, "grown") {
				continue
			}
			for _, m := range functionRE.FindAllStringSubmatch(fact.Says, -1) {
				if len(f.Functions) < mostFunctions && !slices.Contains(f.Functions, m[1]) {
					f.Functions = append(f.Functions, m[1])
				}
			}
		}
	}
	f.Culprit = culpritOf(r.Verdict)
	return f
}

// mostFunctions are how many growing functions are compared.
const mostFunctions = 5

// culpritOf names who used the memory up where that is not the victim, as the rules do; the workload of another pod
// is told by the pod's name.
func culpritOf(v investigations.Verdict) string {
	c, victim := v.Culprit, v.Victim
	switch {
	case c == nil || victim != nil && c.Pod == victim.Pod && c.Container == victim.Container && c.Namespace == victim.Namespace:
		return ""
	case c.Pod == "":
		return c.Comm
	case victim != nil && c.Pod == victim.Pod && c.Namespace == victim.Namespace:
		return "container " + c.Container
	}
	if m := podRE.FindStringSubmatch(c.Pod); m != nil {
		return c.Namespace + "/deployment/" + m[1]
	}
	if m := ordinalRE.FindStringSubmatch(c.Pod); m != nil {
		return c.Namespace + "/statefulset/" + m[1]
	}
	return c.Namespace + "/pod/" + c.Pod
}
