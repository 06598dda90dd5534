package rules

import (
	"math"
	"time"

	"github.com/oombot/oombot/investigations"
)

// replacedAt finds where a series of one name passes from one pod to the next: a StatefulSet gives the pod that it
// makes anew the name of the one before, and the counters of the new one start at nought, so that they show no end.
// Another limit together with a gap or a steep fall tells the two apart; a resize in place has neither.
func (s *scene) replacedAt(pod, container string, ws points) []float64 {
	if s.workload == nil || s.workload.Kind != "statefulset" {
		return nil
	}
	var out []float64
	limit := s.curve(investigations.QueryLimit, pod, container)
	for i := 1; i < limit.len(); i++ {
		if math.Abs(limit.Y[i]-limit.Y[i-1]) <= 0.02*limit.Y[i-1] {
			continue
		}
		_, was, seen := ws.last(limit.X[i-1] + 1)
		next := ws.between(limit.X[i-1]+1, limit.X[i]+2*ws.step()+1)
		if !seen || next.len() == 0 {
			continue
		}
		gap := limit.X[i]-limit.X[i-1] > 2.5*limit.step()
		if gap || next.Y[0] < 0.6*was {
			out = append(out, (limit.X[i-1]+limit.X[i])/2)
		}
	}
	return out
}

// otherPodSince says whether the target's pod was made after a moment at which a pod of its name existed.
func (s *scene) otherPodSince(x float64) bool {
	return s.pod != nil && seconds(s.pod.Created) > x
}

// revisionBrought says whether a revision with that limit had come into force in the hours before a moment: then the
// limit came with a new pod. A rolling update goes pod by pod, and waits for each to be ready.
func (s *scene) revisionBrought(limit, x float64) bool {
	if s.workload == nil {
		return false
	}
	for i := range s.workload.Revisions {
		r := &s.workload.Revisions[i]
		prev := s.revisionBefore(r)
		c := templateContainer(r.Template, s.subjectContainer)
		if prev == nil || c == nil || c.MemoryLimit == nil || float64(*c.MemoryLimit) != limit {
			continue
		}
		if o := templateContainer(prev.Template, s.subjectContainer); o != nil && bytesPtr(o.MemoryLimit) == limit {
			continue
		}
		if at := seconds(s.rolledOut(r)); at <= x+60 && x-at < (6*time.Hour).Seconds() {
			return true
		}
	}
	return false
}
