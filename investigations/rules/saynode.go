package rules

import (
	"fmt"
	"path"

	"github.com/oombot/oombot/investigations"
)

// aboveWords says what broke where the boundary's plain name would mislead: a system service's own limit, a part of
// the machine's memory, a machine that had memory but no block of contiguous pages, or a killer that acts before
// anything breaks. It is "" where the plain name does.
func (s *scene) aboveWords() string {
	switch {
	case s.unitCulprit() != nil:
		limit := ""
		if s.limitBytes > 0 {
			limit = " of " + bytesOf(s.limitBytes)
		}
		return s.unitName() + ", a service of the node, reached its own memory limit" + limit
	case s.userKill != nil && s.mechanism == investigations.SystemdOOMD:
		return s.userKill.Killer + " found memory too short"
	case s.boundary == investigations.BoundaryNUMA:
		return "the memory nodes it may use ran out, not the whole machine"
	case s.isFragmented():
		return fmt.Sprintf("node %s had no block of %d contiguous pages, though memory was free", s.node, s.contiguous())
	}
	return ""
}

// unitName is the name of the service whose cgroup ran out.
func (s *scene) unitName() string {
	return investigations.CleanText(path.Base(s.kill.report.OOMMemcg), 60)
}

// kernelWords says what of the kernel's own memory it was.
func (s *scene) kernelWords() string {
	said := func(key string) bool { return s.led.ID("rules/kernelmemory/"+key) != "" }
	switch {
	case said("node") || s.view == nil:
	case s.isFragmented():
		return "its memory is fragmented, not short"
	case said("huge"):
		return "most of the node is set aside for huge pages"
	case said("rest"):
		return "no pod and no program holds it, but the kernel or its drivers"
	}
	return "the kernel's own memory took it"
}

// missingNote says what to collect where no cause could be named.
func (s *scene) missingNote() string {
	note := "The evidence does not carry a cause; see what could not be seen."
	if s.boundary == investigations.BoundaryNUMA {
		note += " Of a part of a machine only the node itself tells more: numactl --hardware, numastat -m, and cpuset.mems of the pods' cgroups (the Memory Manager's and topology policies pin them)."
	}
	return note
}
