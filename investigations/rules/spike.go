package rules

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// loadSpike: far below the limit until moments before the end. A scrape every 15 to 60 seconds may miss the
// rise altogether; then the kernel's report beside the last sample is the evidence.
func (s *scene) loadSpike() hypothesis {
	var h hypothesis
	l := s.judged()
	if l != nil && l.mass.n >= 3 {
		m := l.mass
		switch {
		case m.sudden():
			h.support(s.suddenWeight(l), s.saySudden(l))
		case s.tookTheNode(l) == investigations.CauseLoadSpike && !m.growing():
			h.support(0.55, s.sayTaking(l))
		case m.growing() && !s.isJob():
			h.support(-0.2, s.sayGrowth(l))
		}
	}
	if _, id := s.loweredLimit(); id != "" {
		h.support(-0.45, id)
	}
	if b := s.burst(); b != "" {
		h.support(0.22, b)
	}
	s.recordedRise(&h)
	if l == nil || !l.mass.known {
		s.recordedTook(&h, investigations.CauseLoadSpike)
	}
	if w := s.workBefore(); w != nil {
		h.support(0.18, s.sayWork(w))
		if l == nil || l.mass.n < 3 {
			h.support(0.3, s.sayWork(w))
		} else if s.boundary == investigations.BoundaryHeap && !l.mass.growing() && s.at.Sub(w.match.At) <= 2*time.Minute {
			// The heap's ceiling is often far above the level, and one input jumps it between two samples.
			h.support(0.4, s.sayWork(w))
		}
	}
	if id := s.jobBefore(); id != "" {
		h.support(0.15, id)
	}
	if s.isJob() {
		id := s.sayJob()
		h.support(0.45, id)
		if s.jobPeersLived() {
			h.support(0.2, id)
		}
	}
	if s.follows().yes && s.burst() == "" {
		h.support(-0.15, s.follows().fact)
	}
	return h
}

// suddenWeight is what a level far below the ceiling carries. A rise that the samples show, or that the kernel's report
// proves, is a spike. Without either only the label OOMKilled says that there was one, and a log of the kernel that
// covers the moment and has no report says that there was none.
func (s *scene) suddenWeight(l *life) float64 {
	switch {
	case s.kill != nil || l.mass.last >= 0.8*l.mass.ceiling || s.boundary == investigations.BoundaryHeap:
		return 0.58
	case s.covers:
		return 0
	}
	return 0.45
}

func (s *scene) isJob() bool {
	return s.workload != nil && (s.workload.Kind == "job" || s.workload.Kind == "cronjob") || s.pod != nil && s.pod.OwnerKind == "job"
}

func (s *scene) sayJob() string {
	if s.workload != nil {
		return s.fact("spike/job", investigations.ToolRollouts, s.at, s.workload.Source, nil,
			"The pod belongs to %s: a batch job, whose memory depends on what it is given.", s.workload.Ref())
	}
	return s.fact("spike/job", investigations.ToolPods, s.at, s.podSource(), nil,
		"The pod belongs to job/%s: a batch job, whose memory depends on what it is given.", s.pod.OwnerName)
}

// jobPeersLived says whether other runs of the same job got by with less.
func (s *scene) jobPeersLived() bool {
	for _, o := range s.lives {
		if o.pod != s.target.Pod && !o.killed && o.mass.n >= 3 && (o.limit <= 0 || o.mass.peak < 0.85*o.limit) {
			return true
		}
	}
	return false
}

// saySudden states how far the life was from its ceiling before its end, and how fast it got there.
func (s *scene) saySudden(l *life) string {
	m := l.mass
	end := l.end
	if l == s.life {
		end = math.Min(end, seconds(s.at)) // the container may have lived on
	}
	x, _, _ := l.ws.last(end)
	y := l.held().at(end)
	what := "the working set"
	if y < l.ws.at(end) {
		what = "memory other than page cache, which the kernel takes back,"
	}
	values := map[string]float64{"usual_bytes": m.level, "last_bytes": y, "limit_bytes": l.limit, "ramp_seconds": m.ramp}
	if y < 0.8*m.ceiling && s.kill != nil && l == s.life {
		return s.fact("spike/unseen", investigations.ToolMetrics, fromSeconds(x), s.usageSource(), values,
			"%s has %s at %s (%s of %s); the kernel's report has it at the limit: it rose between two samples.",
			lastSample(end-x, "the kill"), what, bytesOf(y), percent(y/m.ceiling), bytesOf(m.ceiling))
	}
	key := "spike/ramp/" + l.pod + "/" + fmt.Sprint(int64(l.start))
	if y < 0.8*m.ceiling {
		return s.fact(key, investigations.ToolMetrics, fromSeconds(x), s.usageSource(), values,
			"%s of %s/%s has %s at %s, %s of %s: no sample shows a rise.", lastSample(end-x, "its end"), l.pod, l.container,
			what, bytesOf(y), percent(y/m.ceiling), bytesOf(m.ceiling))
	}
	return s.fact(key, investigations.ToolMetrics, fromSeconds(l.end), s.usageSource(), values,
		"In %s/%s %s stood at %s (%s of %s) for most of its life and rose to %s within the last %s.", l.pod, l.container,
		what, bytesOf(m.level), percent(m.level/m.ceiling), bytesOf(m.ceiling), bytesOf(y), durationOf(durationSeconds(m.ramp)))
}

// lastSample names the last sample by how long before an end it was taken.
func lastSample(gap float64, end string) string {
	if gap < 1 {
		return "The last sample, of the moment of " + end + ","
	}
	return fmt.Sprintf("The last sample, %s before %s,", durationOf(durationSeconds(gap)), end)
}

// burst says whether traffic jumped in the minutes before the kill, against the two hours before; it returns
// the fact's id, or "".
func (s *scene) burst() string {
	at := seconds(s.at)
	now, before := s.traffic.between(at-600, at), s.traffic.between(at-9000, at-1500)
	if now.len() < 2 || before.len() < 10 {
		return ""
	}
	was, is := median(before.Y), quantile(now.Y, 0.9)
	if was <= 0 || is < 1.6*was {
		return s.shortBurst(before, was)
	}
	return s.fact("spike/traffic", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryTraffic].Source,
		map[string]float64{"before_rps": was, "now_rps": is, "ratio": round2(is / was)},
		"Traffic rose from %.1f to %.1f requests per second in the ten minutes before the kill, %.1f times the level before.", was, is, is/was)
}

// work is a line of a log that tells of a large request, input or job.
type work struct {
	match  *investigations.LogMatch
	source string
}

// workBefore returns the line that best explains a rise in the minutes before the kill: the largest size, else
// the latest.
func (s *scene) workBefore() *work {
	var best *work
	for i := range s.ev.Logs.Logs {
		l := &s.ev.Logs.Logs[i]
		if l.Namespace != s.target.Namespace || l.Pod != s.target.Pod {
			continue
		}
		for j := range l.Matches {
			m := &l.Matches[j]
			if m.Kind != investigations.LogWork && m.Kind != investigations.LogAllocation {
				continue
			}
			gap := s.at.Sub(m.At)
			if m.At.IsZero() || gap < -5*time.Second || gap > 15*time.Minute {
				continue
			}
			if best == nil || m.Bytes > best.match.Bytes || m.Bytes == best.match.Bytes && m.At.After(best.match.At) {
				best = &work{m, fmt.Sprintf("%s:%d", l.Source, m.Line)}
			}
		}
	}
	return best
}

func (s *scene) sayWork(w *work) string {
	values := map[string]float64{"seconds_before": s.at.Sub(w.match.At).Seconds()}
	if w.match.Bytes > 0 {
		values["bytes"] = float64(w.match.Bytes)
	}
	return s.fact("spike/log", investigations.ToolLogs, w.match.At, w.source, values,
		"%s before the kill the log says: %s.", durationOf(s.at.Sub(w.match.At)), investigations.Quote(w.match.Text, 240))
}

var batchWords = []string{"cron", "schedul", "nightly", "hourly", "daily", "weekly", "batch", "job ", "job=", "job:"}

// batchText says whether a line of a log tells of a scheduled job and not of somebody's request.
func batchText(t string) bool {
	t = strings.ToLower(t)
	return containsAny(t, batchWords...) && !containsAny(t, "post /", "get /", "put /", "upload", "http/1")
}

// jobBefore finds a job of the same namespace that started shortly before the kill and is no part of the
// workload itself; it returns the fact's id, or "". One that runs all day long has to have more to say for itself.
func (s *scene) jobBefore() string {
	var best *investigations.Workload
	for i := range s.ev.Rollouts.Workloads {
		w := &s.ev.Rollouts.Workloads[i]
		if w.Kind != "job" || w.Namespace != s.target.Namespace || w.StartTime.IsZero() || s.workload == w {
			continue
		}
		gap := s.at.Sub(w.StartTime)
		if gap >= 0 && gap <= jobReach && (best == nil || w.StartTime.After(best.StartTime)) && s.jobMatters(w) {
			best = w
		}
	}
	if best == nil {
		return ""
	}
	return s.fact("spike/jobstart", investigations.ToolRollouts, best.StartTime, best.Source,
		map[string]float64{"seconds_before": s.at.Sub(best.StartTime).Seconds()},
		"The job %s started %s before the kill, at %s.", best.Name, durationOf(s.at.Sub(best.StartTime)), stamp(best.StartTime))
}
