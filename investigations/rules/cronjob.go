package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// jobReach is how long before the kill a job may have started.
	jobReach = 15 * time.Minute
	// seldom is the interval from which on a job's start within jobReach of the kill is hardly chance: one in eight.
	seldom = 8 * jobReach
)

// jobMatters says whether a job that started shortly before the kill is more than a coincidence: it runs seldom, or
// memory rose with its earlier runs, too, or the log names it.
func (s *scene) jobMatters(job *investigations.Workload) bool {
	every := s.jobInterval(job)
	if every == 0 || every >= seldom {
		return true
	}
	if w := s.workBefore(); w != nil {
		name := job.Name
		if job.OwnerName != "" {
			name = job.OwnerName
		}
		if strings.Contains(w.match.Text, name) {
			return true
		}
	}
	return s.risesWith(job.StartTime, every)
}

// jobInterval is how often the job's CronJob runs: by the starts of its jobs, else by its schedule; 0 where neither
// tells.
func (s *scene) jobInterval(job *investigations.Workload) time.Duration {
	if job.OwnerKind != "cronjob" && job.OwnerKind != "" {
		return 0
	}
	owner := job.OwnerName
	if owner == "" {
		// The controller names a CronJob's jobs NAME-MINUTES.
		if i := strings.LastIndexByte(job.Name, '-'); i > 0 && strings.Trim(job.Name[i+1:], "0123456789") == "" {
			owner = job.Name[:i]
		}
	}
	var starts []time.Time
	schedule := ""
	for i := range s.ev.Rollouts.Workloads {
		w := &s.ev.Rollouts.Workloads[i]
		switch {
		case w.Namespace != job.Namespace || owner == "":
		case w.Kind == "cronjob" && w.Name == owner:
			schedule = w.Schedule
		case w.Kind == "job" && !w.StartTime.IsZero() && !w.StartTime.After(s.at) && (w.OwnerName == owner || w == job || w.OwnerName == "" && strings.HasPrefix(w.Name, owner+"-")):
			starts = append(starts, w.StartTime)
		}
	}
	if every := scheduleInterval(schedule); every > 0 {
		return every
	}
	slices.SortFunc(starts, time.Time.Compare)
	var gaps []float64
	for i := 1; i < len(starts); i++ {
		gaps = append(gaps, starts[i].Sub(starts[i-1]).Seconds())
	}
	return durationSeconds(median(gaps))
}

// scheduleInterval reads how often a schedule is due within a day from its fields for minutes and hours; 0 where it
// can't be read. Lists and ranges count as often as they have members.
func scheduleInterval(schedule string) time.Duration {
	if strings.HasPrefix(schedule, "CRON_TZ=") || strings.HasPrefix(schedule, "TZ=") {
		_, schedule, _ = strings.Cut(schedule, " ")
	}
	f := strings.Fields(schedule)
	switch {
	case len(f) == 1 && f[0] == "@hourly":
		return time.Hour
	case len(f) == 1 && strings.HasPrefix(f[0], "@"):
		return 24 * time.Hour // or longer
	case len(f) != 5:
		return 0
	}
	perHour, hours := timesIn(f[0], 60), timesIn(f[1], 24)
	if perHour == 0 || hours == 0 {
		return 0
	}
	if f[1] == "*" || perHour > 1 {
		return time.Hour / time.Duration(perHour) // while it runs at all
	}
	return 24 * time.Hour / time.Duration(hours)
}

// timesIn counts the values that a field of a schedule stands for; 0 where it can't be read.
func timesIn(field string, all int) int {
	n := 0
	for part := range strings.SplitSeq(field, ",") {
		span, step, stepped := strings.Cut(part, "/")
		from, to, isRange := strings.Cut(span, "-")
		width := 1
		switch {
		case span == "*":
			width = all
		case isRange:
			a, err1 := strconv.Atoi(from)
			b, err2 := strconv.Atoi(to)
			if err1 != nil || err2 != nil || b < a || b-a >= all {
				return 0
			}
			width = b - a + 1
		default:
			if v, err := strconv.Atoi(span); err != nil || v < 0 || v >= all {
				return 0
			}
			if stepped {
				width = all
			}
		}
		if stepped {
			k, err := strconv.Atoi(step)
			if err != nil || k <= 0 {
				return 0
			}
			width = (width + k - 1) / k
		}
		n += width
	}
	return min(n, all)
}

// risesWith says whether memory rose in the minutes after earlier starts of a job, too: at most of those that the
// lives before the kill saw.
func (s *scene) risesWith(start time.Time, every time.Duration) bool {
	seen, rose := 0, 0
	reach := math.Min(s.at.Sub(start).Seconds()+60, every.Seconds()/2)
	for _, l := range s.lives {
		if l.ws.len() < 4 {
			continue
		}
		noise := math.Max(0.03*l.mass.ceiling, 4*l.mass.Scatter)
		for k := 1; k <= 500; k++ {
			x := seconds(start) - float64(k)*every.Seconds()
			if x < l.start+60 {
				break
			}
			_, was, ok := l.ws.last(x)
			w := l.ws.between(x, x+reach)
			if !ok || w.len() == 0 || x+reach > l.end {
				continue
			}
			seen++
			if maxOf(w.Y) > was+noise {
				rose++
			}
		}
	}
	return seen >= 2 && rose*2 >= seen
}
