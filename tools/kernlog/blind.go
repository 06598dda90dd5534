package kernlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// excerpt is how near to the moment a report stands in a log that need not go on to the moment.
	excerpt = 15 * time.Minute
	// lossNear is how near to the moment records that were lost matter.
	lossNear = time.Hour
	// maxSpots is how many blind spots about single logs are named.
	maxSpots = 12
)

// notes collect what could not be seen.
type notes struct {
	req   investigations.Request
	spots []investigations.BlindSpot
	// more counts what was not named for want of room.
	more int
}

func (n *notes) add(format string, args ...any) {
	n.tell(investigations.WouldTell(investigations.ToolKernlog), format, args...)
}

func (n *notes) tell(wouldTell, format string, args ...any) {
	if len(n.spots) >= maxSpots {
		n.more++
		return
	}
	n.spots = append(n.spots, investigations.BlindSpot{
		Tool: investigations.ToolKernlog, Why: investigations.CleanText(fmt.Sprintf(format, args...), 400), WouldTell: wouldTell,
	})
}

func (n *notes) blindSpots() []investigations.BlindSpot {
	if n.more > 0 {
		n.spots = append(n.spots, investigations.BlindSpot{
			Tool: investigations.ToolKernlog, Why: fmt.Sprintf("%d more things about kernel logs could not be seen", n.more),
			WouldTell: investigations.WouldTell(investigations.ToolKernlog),
		})
	}
	return n.spots
}

// reason says why a file could not be read.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "was not read to its end for want of time"
	}
	return "can't be read: " + investigations.CleanText(err.Error(), 200)
}

// log notes what one log does not tell.
func (n *notes) log(l *nodeLog) {
	if !l.opened {
		n.add("%s %s", l.Source, reason(l.err))
		return
	}
	if l.err != nil {
		n.add("%s %s; its first %d lines were read", l.Source, reason(l.err), l.Lines)
	}
	if l.SkippedLines > 0 {
		n.add("%s: lines longer than 1 MiB were skipped: %d of %d", l.Source, l.SkippedLines, l.Lines)
	}
	if l.dropped > 0 {
		n.add("%s tells of more OOM kills than are kept: %d, farthest from the moment, were left out", l.Source, l.dropped)
	}
	if l.bare > 0 {
		n.tell("what each process held at those kills", "%s: the task tables of %d reports, farthest from the moment, were left out", l.Source, l.bare)
	}
	if node := n.req.Target.Node; node != "" && node != l.Node && !slices.ContainsFunc(l.hosts(), func(h string) bool { return h == node }) {
		return // another node's log need not tell of the moment
	}
	n.coverage(l)
}

// hosts returns the hosts that the reports name.
func (l *nodeLog) hosts() []string {
	var hosts []string
	for i := range l.Reports {
		if h := l.Reports[i].Host; h != "" && !slices.Contains(hosts, h) && len(hosts) < 16 {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// coverage notes where a log does not speak for the moment.
func (n *notes) coverage(l *nodeLog) {
	at := n.req.At
	switch {
	case l.Lines == 0:
		n.add("%s is empty", l.Source)
		return
	case l.From.IsZero() && l.UptimeFrom != nil:
		n.tell("when its kills happened", "%s is stamped with seconds since boot (%.0f to %.0f), and no line of it tells when the machine booted",
			l.Source, *l.UptimeFrom, *l.UptimeTo)
		n.losses(l)
		return
	case l.From.IsZero():
		n.tell("when its kills happened, and whether it covers the moment", "the lines of %s carry no time that can be read", l.Source)
		n.losses(l)
		return
	case at.IsZero():
		return
	case l.Followed != nil:
		n.followed(l)
		return
	}
	if begins := l.From.Sub(at); begins > -time.Second {
		n.add("%s begins %s after the moment, at %s: it proves nothing about what was before",
			l.Source, investigations.FormatDuration(max(begins, 0)), when(l.From))
	}
	if silence := at.Sub(l.To); l.TooQuiet(l.From, l.To, at) && !l.tellsOf(at) {
		n.add("%s ends %s before the moment, at %s: it proves nothing about what came later",
			l.Source, investigations.FormatDuration(silence), when(l.To))
	}
	n.losses(l)
}

// followed notes where the agent that wrote the log did not follow the node's at the moment.
func (n *notes) followed(l *nodeLog) {
	at := n.req.At
	if l.Followed.Holds(at) || l.tellsOf(at) {
		return
	}
	if l.Followed.From.IsZero() {
		n.add("the agent of node %s did not follow the kernel log without loss: that it tells of no kill proves nothing", l.Node)
		return
	}
	n.add("the agent of node %s followed the kernel log without loss from %s to %s only: that it tells of no kill at the moment proves nothing",
		l.Node, when(l.Followed.From), when(l.Followed.To))
}

// tellsOf tells whether the log holds a report that the alert can be about: an alert fires up to some minutes
// after the kill. Such a log is often only an excerpt.
func (l *nodeLog) tellsOf(at time.Time) bool {
	return slices.ContainsFunc(l.Reports, func(r investigations.KernelReport) bool {
		return r.At != nil && at.Sub(*r.At).Abs() < excerpt
	})
}

// losses notes where records were lost near the moment, or at a time that is not known.
func (n *notes) losses(l *nodeLog) {
	var near []string
	for _, loss := range l.Lost {
		if !n.req.At.IsZero() && !loss.At.IsZero() && n.req.At.Sub(loss.At).Abs() > lossNear {
			continue
		}
		near = append(near, fmt.Sprintf("line %d: %s", loss.Line, investigations.CleanText(loss.Why, 80)))
	}
	if len(near) == 0 {
		return
	}
	more := ""
	if len(near) > 3 {
		near, more = near[:3], fmt.Sprintf(", and %d more", len(near)-3)
	}
	n.add("%s lost records near the moment (%s%s)", l.Source, strings.Join(near, "; "), more)
}

// when writes a time for people.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
