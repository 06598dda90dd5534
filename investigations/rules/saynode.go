package rules

import (
	"fmt"
	"path"

	"github.com/oombot/oombot/investigations"
)

// aboveWords says what broke where the boundary's plain name would mislead: a system service's own limit, or a
// machine that had memory but no block of contiguous pages. It is "" where the plain name does.
func (s *scene) aboveWords() string {
	switch {
	case s.unitCulprit() != nil:
		limit := ""
		if s.limitBytes > 0 {
			limit = " of " + bytesOf(s.limitBytes)
		}
		return s.unitName() + ", a service of the node, reached its own memory limit" + limit
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
		return "most of it is set aside for huge pages"
	case said("rest"):
		return "no pod and no program holds it, but the kernel or its drivers"
	}
	return "the kernel's own memory took it"
}
