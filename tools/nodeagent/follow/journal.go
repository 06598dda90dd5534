package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

const (
	// relist is how often the folders are looked at for files that were not announced by the one before.
	relist = 2 * time.Second
	// maxDamage is how many rounds a file that is being written may be damaged: it is, while an entry is written.
	maxDamage = 20
	// bannerWithin is how many of the first records are searched for the kernel's banner.
	bannerWithin = 64
)

// library is where journal files are.
type library interface {
	// list opens the files that may hold entries of a boot and that known does not know, and says how many there
	// are in all. An error is of files that could not be opened; the others are returned as well.
	list(boot id128, known map[id128]bool) (files []*journalFile, all int, err error)
}

// journal follows the files of journald.
type journal struct {
	library  library
	log      *slog.Logger
	interval time.Duration
	settle   time.Duration
	now      func() time.Time

	boot  id128
	files []*journalFile
	known map[id128]bool
	// waited is for how long the folders were not looked at, missing how often in a row nothing was there.
	waited  time.Duration
	missing int

	// place is the last entry that was taken.
	place place
	pos   Position
	from  Position
	gap   *Loss
	// last is when the last record was taken.
	last  time.Time
	entry entry
	line  []byte
	timer *time.Timer
}

// place is a Cursor, to be compared with.
type place struct {
	set                         bool
	seqnumID                    id128
	seqnum, realtime, monotonic uint64
}

func placeOf(c *Cursor) (p place) {
	if c == nil {
		return p
	}
	p.seqnumID, p.set = parseID(c.SeqnumID)
	p.seqnum, p.realtime, p.monotonic = c.Seqnum, uint64(max(c.RealtimeUS, 0)), uint64(max(c.MonotonicUS, 0))
	return p
}

func newJournal(lib library, o Options) (*journal, Start, error) {
	start := Start{OldestUptime: -1}
	boot, ok := parseID(o.BootID)
	if !ok {
		return nil, start, fmt.Errorf("the boot id %q is not one of 128 bits", o.BootID)
	}
	j := &journal{
		library: lib, log: o.Log, interval: o.Interval, settle: o.Settle, now: o.Now,
		boot: boot, known: map[id128]bool{}, pos: o.From, from: o.From,
		place: placeOf(o.From.Cursor),
	}
	j.pos.BootID, j.pos.Reader = o.BootID, Journal
	if err := j.list(); err != nil && len(j.files) == 0 {
		return nil, start, err
	}
	if len(j.files) == 0 {
		return nil, start, fmt.Errorf("%w: there are no journal files: mount the node's /var/log/journal (or /run/log/journal), "+
			"or use the reader %s", ErrNoLog, Syslog)
	}
	j.oldest(&start)
	if o.From.BootID != "" {
		start.ReachesPosition = start.ReachesBoot || j.reaches(start)
		if !start.ReachesPosition {
			j.gap = &Loss{At: start.OldestAt, Records: -1, Why: "their journal files were removed before they were read"}
		}
	}
	return j, start, nil
}

// list opens the files that are new, and puts all in the order of their entries.
func (j *journal) list() error {
	j.waited = 0
	files, all, err := j.library.list(j.boot, j.known)
	for _, f := range files {
		j.known[f.header.fileID] = true
	}
	j.files = append(j.files, files...)
	slices.SortStableFunc(j.files, func(a, b *journalFile) int {
		if a.header.seqnumID == b.header.seqnumID {
			return compare(a.header.headSeqnum, b.header.headSeqnum)
		}
		return compare(a.header.headRealtime, b.header.headRealtime)
	})
	if j.missing++; all > 0 {
		j.missing = 0
	}
	return err
}

// compare orders what counts from 1, with 0, a file without entries, at the end.
func compare(a, b uint64) int {
	switch {
	case a-1 < b-1:
		return -1
	case a-1 > b-1:
		return 1
	}
	return 0
}

func (j *journal) close() error {
	var errs []error
	for _, f := range j.files {
		errs = append(errs, f.close())
	}
	j.files = nil
	return errors.Join(errs...)
}

func (j *journal) run(ctx context.Context, to Handler, moved func(Position)) error {
	if j.gap != nil {
		to.Lost(*j.gap)
		j.gap = nil
	}
	j.timer = time.NewTimer(0)
	defer j.timer.Stop()
	for ctx.Err() == nil {
		fresh, rotated, err := j.round(ctx, to)
		if err != nil {
			return err
		}
		if fresh {
			moved(j.position())
		}
		if rotated || j.waited >= relist {
			if err := j.relist(); err != nil {
				return err
			}
			if rotated {
				continue
			}
		}
		d := j.interval
		if fresh {
			d = j.settle
		} else {
			to.Idle()
		}
		j.waited += d
		j.timer.Reset(d)
		select {
		case <-ctx.Done():
		case <-j.timer.C:
		}
	}
	return nil
}

func (j *journal) relist() error {
	err := j.list()
	if err != nil {
		j.log.Debug("some journal files can't be read", "err", err)
	}
	if j.missing >= maxFailures {
		return fmt.Errorf("read the journal: %w: all files are gone for %s: is the node's folder still mounted?", ErrNoLog, maxFailures*relist)
	}
	return nil
}

// round reads what is new in all files, the oldest first, and closes those that are written no more. rotated says that
// there was one.
func (j *journal) round(ctx context.Context, to Handler) (fresh, rotated bool, err error) {
	for i := 0; i < len(j.files); i++ {
		f := j.files[i]
		took, err := j.drain(ctx, f, to)
		fresh = fresh || took
		if ctx.Err() != nil {
			return fresh, false, nil
		}
		archived := f.header.state == stateArchived
		switch {
		case err == nil && !archived:
			f.fails = 0
			continue
		case err != nil && !archived && f.fails < maxDamage:
			// Look again soon; what is behind it has to wait, since the position does not go back.
			f.fails++
			return true, false, nil
		case err != nil:
			to.Lost(Loss{Since: j.last, At: j.now(), Records: -1, Why: fmt.Sprintf("the journal file %s can't be read: %v", f.name, err)})
		}
		rotated = true
		j.files = slices.Delete(j.files, i, i+1)
		i--
		if err := f.close(); err != nil {
			j.log.Debug("journal file not closed", "file", f.name, "err", err)
		}
	}
	return fresh, rotated, nil
}

// drain reads what is new in a file.
func (j *journal) drain(ctx context.Context, f *journalFile, to Handler) (took bool, err error) {
	if err := f.readHeader(); err != nil {
		return false, err
	}
	if err := f.refresh(); err != nil {
		return false, err
	}
	for i := range f.topics {
		if err := f.refreshTopic(&f.topics[i]); err != nil {
			return false, err
		}
	}
	for ctx.Err() == nil {
		at, err := f.following()
		if err != nil {
			return took, err
		}
		if at == 0 {
			return took, nil
		}
		handed, err := j.take(f, at, to)
		if err != nil && f.header.state != stateArchived && f.fails < maxDamage {
			return took, err // it may be whole in the next round
		}
		if err != nil {
			to.Lost(Loss{Since: j.last, At: j.now(), Records: 1, Why: fmt.Sprintf("an entry of the journal file %s can't be read: %v", f.name, err)})
			f.fails = 0
		}
		f.take(at)
		took = took || handed
	}
	return took, nil
}

// take hands on an entry, where it is of this boot, and new.
func (j *journal) take(f *journalFile, at uint64, to Handler) (handed bool, err error) {
	e := &j.entry
	size, err := f.readEntry(at, e)
	if err != nil {
		return false, err
	}
	if e.boot != j.boot || !j.isNew(f) {
		return false, nil
	}
	if err := f.readFields(at, size, e); err != nil {
		return false, err
	}
	up := e.uptime()
	if j.before(up) {
		return false, nil
	}
	j.moved(f, up)
	if string(e.value(fieldTransport)) == "driver" {
		if n, ok := missed(e.value(fieldMessage)); ok {
			to.Lost(Loss{Since: j.last, At: e.at(), Records: n, Why: "the kernel overwrote them before journald read them"})
		}
	} else if string(e.value(fieldTransport)) != "kernel" && !j.trusted() {
		return true, nil
	}
	j.last = e.at()
	j.line = e.appendJSON(j.line[:0])
	to.Record(Record{Line: j.line, Uptime: up, At: e.at()})
	return true, nil
}

// isNew says whether an entry comes behind the last one. Numbers count in one line of files only; what was moved from
// /run to /var has other ones there, and the times that it had.
func (j *journal) isNew(f *journalFile) bool {
	switch {
	case !j.place.set:
		return true
	case f.header.seqnumID == j.place.seqnumID:
		return j.entry.seqnum > j.place.seqnum
	}
	return j.entry.monotonic > j.place.monotonic
}

// before says whether a record was read by another reader, before.
func (j *journal) before(up time.Duration) bool {
	return j.from.BootID != "" && (j.from.Reader != Journal || j.from.Cursor == nil) && up >= 0 && up.Microseconds() <= j.from.UptimeUS
}

// moved moves the position behind the entry that was read.
func (j *journal) moved(f *journalFile, up time.Duration) {
	e := &j.entry
	j.place = place{true, f.header.seqnumID, e.seqnum, e.realtime, e.monotonic}
	if string(e.value(fieldTransport)) == "kernel" && up >= 0 {
		j.pos.UptimeUS = up.Microseconds()
	}
}

// position is that behind all that was read.
func (j *journal) position() Position {
	if p := j.place; p.set {
		j.pos.Cursor = &Cursor{
			SeqnumID: p.seqnumID.String(), Seqnum: p.seqnum,
			RealtimeUS: int64(min(p.realtime, 1<<62)), MonotonicUS: int64(min(p.monotonic, 1<<62)),
		}
	}
	return j.pos
}
