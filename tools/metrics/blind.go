package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations"
)

// notes collect what could not be seen.
type notes struct {
	req      investigations.Request
	noFolder bool
	spots    []investigations.BlindSpot
	// missing are queries without a file, empty optional ones without a series of the target, and late files
	// that were not reached in time.
	missing, empty []querySpec
	late           []string
	// stale says of which files the samples do not reach the moment.
	stale []string
}

const (
	// staleAfter is how long before the moment the samples may end: an alert fires some minutes after the kill.
	staleAfter = 10 * time.Minute
	// tellAtMost bounds the length of a text that came from outside.
	tellAtMost = 200
)

func (n *notes) add(wouldTell, format string, args ...any) {
	if wouldTell == "" {
		wouldTell = investigations.WouldTell(investigations.ToolMetrics)
	}
	n.spots = append(n.spots, investigations.BlindSpot{
		Tool: investigations.ToolMetrics, Why: investigations.CleanText(fmt.Sprintf(format, args...), 400),
		WouldTell: wouldTell,
	})
}

// reason says why a file could not be read.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "is cut off"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "was not read to its end for want of time"
	case errors.Is(err, errShape), errors.Is(err, errEmpty):
		return err.Error()
	}
	if se, ok := errors.AsType[*syntaxError](err); ok {
		return investigations.CleanText(se.Error(), tellAtMost)
	}
	return "can't be read: " + investigations.CleanText(err.Error(), tellAtMost)
}

// answer notes what is wrong with an answer, and tells whether it can be used as one.
func (n *notes) answer(spec querySpec, res *response, series []investigations.Series, err error) bool {
	usable := n.usable(spec, res, err)
	if err != nil && usable {
		n.add(spec.wouldTell, "%s %s; what stands before that was read", spec.file(), reason(err))
	}
	if !usable {
		return false
	}
	n.holes(spec, res)
	if len(series) == 0 && len(res.unlimited) == 0 {
		return n.nothing(spec, res, err)
	}
	n.coverage(spec, res, series, err)
	return true
}

// usable notes what makes an answer none at all.
func (n *notes) usable(spec querySpec, res *response, err error) bool {
	why := ""
	switch {
	case res.status == "error":
		why = "holds an error in place of an answer"
		if res.errorType != "" || res.errorText != "" {
			why += fmt.Sprintf(" (%.40q): %.*q", res.errorType, tellAtMost, res.errorText)
		}
	case err != nil && res.seen == 0:
		why = reason(err)
	case res.resultType != "" && res.resultType != model.ValMatrix.String():
		why = fmt.Sprintf("has the wrong type: a %.40q, where a matrix (query_range) belongs", res.resultType)
	case !res.hasData, res.seen == 0 && res.malformed > 0:
		why = "has the wrong type: it holds no list of series"
	default:
		return true
	}
	n.add(spec.wouldTell, "%s %s", spec.file(), why)
	return false
}

// holes notes what is missing within an answer.
func (n *notes) holes(spec querySpec, res *response) {
	if len(res.warnings) > 0 {
		n.add(spec.wouldTell, "%s may be incomplete, Prometheus warned: %.*q", spec.file(), tellAtMost, res.warnings[0])
	} else if res.partial {
		n.add(spec.wouldTell, "%s is a partial answer", spec.file())
	}
	if res.histograms > 0 {
		n.add(spec.wouldTell, "%s holds native histograms in %d series, which are not read", spec.file(), res.histograms)
	}
	if res.malformed > 0 {
		n.add(spec.wouldTell, "%s holds %d samples that are no pair of time and number", spec.file(), res.malformed)
	}
	if res.overSeries > 0 {
		n.add(spec.wouldTell, "%s holds more than %d series; %d were left out", spec.file(), maxSeries, res.overSeries)
	}
	if res.thinned {
		n.add(spec.wouldTell, "%s holds more than %d samples; peaks were kept and others left out", spec.file(), res.limit)
	}
}

// nothing notes why an answer holds no series that can be used, and tells whether it is an answer all the same.
func (n *notes) nothing(spec querySpec, res *response, err error) bool {
	switch {
	case len(res.unlabelled) > 0:
		var names []string
		for _, l := range spec.labels {
			if res.unlabelled[l] > 0 {
				names = append(names, string(l))
			}
		}
		n.add(spec.wouldTell, "%s: no series carries the labels that tell whose memory it is (missing: %s)",
			spec.file(), strings.Join(names, ", "))
		return false
	case res.outside > 0:
		n.add(spec.wouldTell, "%s holds samples from %s to %s only, outside the window",
			spec.file(), clock(res.first), clock(res.last))
	case res.histograms > 0 || res.malformed > 0 || err != nil: // said already
	case spec.optional:
		n.empty = append(n.empty, spec)
	default:
		n.add(spec.wouldTell, "%s holds no series of the target%s", spec.file(), spec.absence())
	}
	return true
}

// coverage notes whose series are missing, and how far they reach.
func (n *notes) coverage(spec querySpec, res *response, series []investigations.Series, err error) {
	if spec.has("node") && res.unlabelled["node"] > 0 {
		n.add(spec.wouldTell, "%s: series do not carry the label node", spec.file())
	}
	of := series
	if spec.target && (n.req.Target.Pod != "" || n.req.Target.Workload != "") {
		of = ofTarget(n.req.Target, series)
		if len(of) == 0 && !n.unlimited(res) {
			switch {
			case err != nil: // said already
			case spec.optional:
				n.empty = append(n.empty, spec)
			default:
				n.add(spec.wouldTell, "%s holds no series of the target%s", spec.file(), spec.absence())
			}
			return
		}
	}
	if err == nil && spec.needs(n.req.Target) {
		n.reach(spec, of)
	}
}

func (n *notes) unlimited(res *response) bool {
	for id := range res.unlimited {
		if target(n.req.Target).about(id) {
			return true
		}
	}
	return false
}

// reach notes samples that end long before the moment, begin after it, or leave a gap before it.
func (n *notes) reach(spec querySpec, series []investigations.Series) {
	at := n.req.At.UnixMilli()
	var times []int64
	older := int64(0)
	begin, hole := int64(math.MaxInt64), staleAfter
	for _, s := range series {
		begin, hole = min(begin, s.T[0]), max(hole, 3*interval(s))
		from, _ := slices.BinarySearch(s.T, at-near.Milliseconds())
		if from > 0 {
			older = max(older, s.T[from-1])
		}
		times = append(times, s.T[from:]...)
	}
	if older != 0 {
		times = append(times, older) // what the last hour is measured from
	}
	if len(times) == 0 {
		return
	}
	slices.Sort(times)
	end := times[len(times)-1]
	switch {
	case begin > at:
		n.stale = append(n.stale, fmt.Sprintf("%s begins at %s", spec.file(), clock(begin)))
	case at-end > hole.Milliseconds():
		n.stale = append(n.stale, fmt.Sprintf("%s ends at %s", spec.file(), clock(end)))
	default:
		for i := 1; i < len(times) && times[i-1] < at; i++ {
			if times[i]-times[i-1] > hole.Milliseconds() {
				n.stale = append(n.stale, fmt.Sprintf("%s has no sample from %s to %s",
					spec.file(), clock(times[i-1]), clock(times[i])))
				return
			}
		}
	}
}

func (n *notes) blindSpots() []investigations.BlindSpot {
	var names []string
	for _, spec := range n.missing {
		if spec.needs(n.req.Target) {
			n.add(spec.wouldTell, "%s is missing", spec.file())
			continue
		}
		names = append(names, spec.name)
	}
	var why []string
	if len(names) > 0 {
		why = append(why, "metrics/ has no "+strings.Join(names, ", "))
	}
	names = nil
	for _, spec := range n.empty {
		names = append(names, spec.name)
	}
	if len(names) > 0 {
		why = append(why, strings.Join(names, ", ")+" hold no series of the target")
	}
	if len(why) > 0 {
		n.add("what the memory consists of, and how often the container ended", "%s", strings.Join(why, "; "))
	}
	if len(n.stale) > 0 {
		n.add("", "samples do not cover the moment %s: %s", n.req.At.UTC().Format(time.RFC3339),
			strings.Join(n.stale, "; "))
	}
	if len(n.late) > 0 {
		n.add("", "not read for want of time: %s", strings.Join(n.late, ", "))
	}
	return n.spots
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// ofTarget returns the series that measure the target.
func ofTarget(t investigations.Target, series []investigations.Series) []investigations.Series {
	var out []investigations.Series
	for _, s := range series {
		if target(t).about(identity{namespace: s.Namespace, pod: s.Pod, container: s.Container, node: s.Node}) {
			out = append(out, s)
		}
	}
	return out
}
