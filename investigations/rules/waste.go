package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// sayWaste: where every life stays under half of the container's request, the rest is set aside for nothing. A kill at
// the container's or the pod's limit shows that more was used, whatever the samples saw.
func (s *scene) sayWaste() string {
	c := containerSpec(s.spec(), s.subjectContainer)
	if c == nil || c.MemoryRequest == nil || *c.MemoryRequest <= 0 {
		return ""
	}
	if s.reason == nil && (s.boundary == investigations.BoundaryContainer || s.boundary == investigations.BoundaryPod) {
		return ""
	}
	request, peak, samples := float64(*c.MemoryRequest), 0.0, 0
	for _, l := range s.lives {
		peak = math.Max(peak, maxOf(l.ws.Y))
		samples += l.ws.len()
	}
	if samples < 60 || peak <= 0 || peak >= 0.5*request {
		return ""
	}
	id := s.fact("waste", investigations.ToolMetrics, s.at, s.usageSource(),
		map[string]float64{"request_bytes": request, "peak_bytes": peak, "unused_bytes": request - peak},
		"Every life of container %s stayed under half of its request of %s: the highest sample is %s, %s of it.", c.Name, bytesOf(request), bytesOf(peak), percent(peak/request))
	return "Container " + investigations.CleanText(c.Name, 63) + " never used half of what it requests; " + bytesOf(request-peak) + " are set aside for nothing." + cite(id)
}
