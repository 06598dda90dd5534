package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// recordedTook supports a cause where the victim itself took the memory of a node, or of all its pods, and only a flight
// recorder shows it: a load where it rose within the recording, or so fast that it can't have been under way for long; a
// leak where at its pace the rise took longer than loads last.
func (s *scene) recordedTook(h *hypothesis, cause investigations.Cause) {
	if s.view == nil || s.culprit == nil || s.victim == nil || !s.sameContainer() {
		return
	}
	top, sh, why := s.view.main()
	if top == nil || why != "growth" || top.climb == nil || !s.isVictim(top) {
		return
	}
	c := top.climb
	is, weight := investigations.CauseLoadSpike, 0.5
	if c.underway && !s.isJob() && c.pace() > gradual {
		is, weight = investigations.CauseLeak, 0.45
	}
	if is != cause {
		return
	}
	how := c.words(s.view.room)
	if how == "" {
		how = fmt.Sprintf(" between the recording's last value, %s, and the kill: it held %s then", bytesOf(c.usage), bytesOf(top.usage))
	}
	h.support(weight, s.fact("own/recorded", investigations.ToolMetrics, s.at, c.source,
		map[string]float64{"usage_bytes": top.usage, "usual_bytes": top.usual, "growth_bytes": top.growth(), "share": round2(sh)},
		"%s/%s, which was killed, itself took the memory%s; that is %s of what the pods of the node that were recorded gained.",
		s.victim.Pod, s.victim.Container, how, percent(sh)))
}

// shortRecording is how far back a recording reaches at least that tells what is usual.
const shortRecording = 5 * time.Minute

// doubtRecording says what a recording of minutes could not show, where nothing else tells of memory, and returns how sure
// a verdict can be that rests on it. A doubt that is empty is none.
func (s *scene) doubtRecording() (ceiling float64, doubt string) {
	r := s.recordingAlone()
	if r == nil {
		return ceilingAll, ""
	}
	reach := s.at.Sub(fromSeconds(recordingBegins(r))).Round(time.Second)
	whom := "of the pod"
	if s.view != nil {
		whom = "of the pods of the kill and of the largest containers of the node"
	}
	s.blindSpot(investigations.ToolMetrics, "whether it grew for hours before, and how earlier lifetimes went",
		"of memory only the node agent's recording tells (%s): the last %s before the kill, %s", r.Source, durationOf(reach), whom)
	if !s.restsOn(r) {
		return ceilingAll, ""
	}
	doubt = fmt.Sprintf("only a recording of the last %s tells of memory", durationOf(reach))
	if reach < shortRecording {
		return ceilingShortRecording, doubt
	}
	return ceilingRecording, doubt
}

// recordingAlone returns the recording of the node where it is all that tells of memory before the kill; nil else.
func (s *scene) recordingAlone() *investigations.Recorder {
	if s.metricsHelp() || s.reason != nil {
		return nil
	}
	for i := range s.ev.Metrics.Recorder {
		r := &s.ev.Metrics.Recorder[i]
		if begins := recordingBegins(r); (s.node == "" || r.Node == s.node) && begins < seconds(s.at) && begins > seconds(s.at)-reach.Seconds() {
			return r
		}
	}
	return nil
}

// restsOn says whether what was said of the culprit, or for the cause, rests on a recording.
func (s *scene) restsOn(r *investigations.Recorder) bool {
	for _, f := range s.led.Facts() {
		if f.Source == r.Source && slices.Contains(s.best.pro, f.ID) {
			return true
		}
	}
	if s.view == nil || s.culprit == nil {
		return false
	}
	top, _, _ := s.view.main()
	return top != nil && top.source == r.Source
}

// recordedCulprit says that the culprit is who rose by most by a recording, and not merely who holds most.
func (s *scene) recordedCulprit() bool {
	if s.view != nil {
		top, _, why := s.view.main()
		return top != nil && why == "growth" && top.climb != nil
	}
	if s.boundary != investigations.BoundaryPod || s.sharedByExcess {
		return false
	}
	for _, x := range s.podShares() {
		if x.container == s.culprit.Container {
			return x.climb != nil
		}
	}
	return false
}
