package kernlog

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxReports is how many reports the source keeps, maxKeptRows how many rows of their tables together.
	maxReports  = 20_000
	maxKeptRows = 200_000
	// logAhead is how long after the moment a log without years may go on: its dates get the year that puts
	// them before then.
	logAhead = 14 * 24 * time.Hour
)

// limits bound what is kept of one log.
type limits struct {
	reports, rows int
}

// nodeLog is a log as it was read.
type nodeLog struct {
	investigations.KernelLog
	// opened says that at least a part could be read, err why not all of it.
	opened bool
	err    error
	// boots are the starts that the reports belong to.
	boots []int
	// dropped counts reports that were left out, bare those whose table was.
	dropped, bare int
	rows          int
}

// read reads one log.
func (t *Tool) read(ctx context.Context, req investigations.Request, l *nodeLog, lim limits) {
	if l.err = ctx.Err(); l.err != nil {
		return
	}
	f, err := t.fsys.Open(l.Source)
	if err != nil {
		l.err = err
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%w: it is a folder", investigations.ErrUnavailable)
	}
	if err != nil {
		l.err = err
		return
	}
	var opt Options
	if !req.At.IsZero() {
		opt.Now = req.At.Add(logAhead)
	}
	l.opened = true
	s := NewScanner(&untilDone{ctx: ctx, r: f}, opt)
	for s.Scan() {
		l.keep(s, req.At, lim)
	}
	l.err = s.Err()
	l.summarize(s)
}

// untilDone reads until ctx ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, fmt.Errorf("stopped: %w", err)
	}
	return u.r.Read(b)
}

// keep takes a report in. Where there are too many, those farthest from the moment go: first their tables,
// then the reports.
func (l *nodeLog) keep(s *Scanner, at time.Time, lim limits) {
	l.Reports = append(l.Reports, *s.Report())
	l.boots = append(l.boots, s.boot)
	l.rows += len(s.Report().Tasks)
	if l.rows > lim.rows {
		l.thin(s, at, lim.rows*3/4)
	}
	if len(l.Reports) > lim.reports {
		l.drop(s, at, lim.reports*3/4)
	}
}

// byDistance returns the indexes of the reports, those nearest to the moment first. A report whose time is not
// known is the nearer the later it stands in the log.
func (l *nodeLog) byDistance(s *Scanner, at time.Time) []int {
	distance := make([]time.Duration, len(l.Reports))
	order := make([]int, len(l.Reports))
	for i := range l.Reports {
		order[i] = i
		distance[i] = math.MaxInt64 - time.Duration(i)
		if when := s.when(&l.Reports[i], l.boots[i]); !when.IsZero() && !at.IsZero() {
			distance[i] = when.Sub(at).Abs()
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case distance[a] < distance[b]:
			return -1
		case distance[a] > distance[b]:
			return 1
		}
		return 0
	})
	return order
}

// thin leaves out tables until no more than so many rows are left.
func (l *nodeLog) thin(s *Scanner, at time.Time, rows int) {
	kept := 0
	for n, i := range l.byDistance(s, at) {
		r := &l.Reports[i]
		if kept += len(r.Tasks); kept <= rows || n == 0 || len(r.Tasks) == 0 {
			continue
		}
		kept -= len(r.Tasks)
		r.Tasks = []investigations.KernelTask{}
		l.bare++
	}
	l.rows = kept
}

// drop leaves out reports until no more than so many are left.
func (l *nodeLog) drop(s *Scanner, at time.Time, reports int) {
	order := l.byDistance(s, at)[:reports]
	slices.Sort(order)
	l.dropped += len(l.Reports) - reports
	l.rows = 0
	for n, i := range order {
		l.Reports[n], l.boots[n] = l.Reports[i], l.boots[i]
		l.rows += len(l.Reports[n].Tasks)
	}
	clear(l.Reports[reports:])
	l.Reports, l.boots = l.Reports[:reports], l.boots[:reports]
}

// summarize fills in what the log tells beside its reports, and the dates of the reports that have none.
func (l *nodeLog) summarize(s *Scanner) {
	sum := s.Summary()
	sum.Node, sum.Source, sum.Reports = l.Node, l.Source, l.Reports
	l.KernelLog = sum
	for i := range l.Reports {
		r := &l.Reports[i]
		if at := s.when(r, l.boots[i]); r.At == nil && !at.IsZero() {
			r.At = &at
		}
	}
}

// when returns the time of a report, also where the log has only seconds since boot and tells when that was.
func (s *Scanner) when(r *investigations.KernelReport, boot int) time.Time {
	switch {
	case r.At != nil:
		return *r.At
	case r.UptimeS != nil:
		return s.p.sum.anchors.at(boot, int64(math.Round(*r.UptimeS*1e6)))
	}
	return time.Time{}
}
