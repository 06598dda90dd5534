package follow

import (
	"bytes"
	"time"
)

// oldest finds the first records of the kernel in this boot.
func (j *journal) oldest(start *Start) {
	seen := 0
	for _, f := range j.files {
		if f.readHeader() != nil || f.refresh() != nil {
			continue // what is wrong is told when the file is read
		}
		for _, t := range f.topics {
			if t.name != topicKernel {
				continue
			}
			t := t // a copy, whose place moves
			for seen < bannerWithin && f.refreshTopic(&t) == nil {
				at, err := f.peek(&t)
				if err != nil || at == 0 {
					break
				}
				t.next()
				if size, err := f.readEntry(at, &j.entry); err == nil && j.entry.boot == j.boot && f.readFields(at, size, &j.entry) == nil {
					j.first(seen, start)
					seen++
				}
			}
		}
	}
}

// first takes one of the first records of the kernel.
func (j *journal) first(number int, start *Start) {
	up := j.entry.uptime()
	if number == 0 {
		start.OldestUptime, start.OldestAt = up, j.entry.at()
	}
	if up <= 5*time.Second && bytes.HasPrefix(j.entry.value(fieldMessage), []byte("Linux version ")) && j.ofKernel() {
		start.ReachesBoot = true
	}
}

// ofKernel says whether the kernel itself wrote the record that was read.
func (j *journal) ofKernel() bool {
	facility, ident := j.entry.value(fieldFacility), j.entry.value(fieldIdentifier)
	return (len(facility) == 0 || string(facility) == "0") && (len(ident) == 0 || string(ident) == "kernel")
}

// reaches says whether the files miss nothing behind the position.
func (j *journal) reaches(start Start) bool {
	c := j.from.Cursor
	if j.from.Reader != Journal || c == nil {
		return j.from.UptimeUS >= 0 && start.OldestUptime >= 0 && start.OldestUptime.Microseconds() <= j.from.UptimeUS
	}
	for _, f := range j.files {
		if f.header.seqnumID.String() == c.SeqnumID && f.header.headSeqnum > 0 && f.header.headSeqnum <= c.Seqnum {
			return true
		}
	}
	return !start.OldestAt.IsZero() && start.OldestAt.UnixMicro() <= c.RealtimeUS
}

// trusted says whether a program may say of itself who it is: any can give itself an identifier, but journald adds the
// fields that begin with an underscore.
func (j *journal) trusted() bool {
	if string(j.entry.value(fieldUID)) == "0" {
		return true
	}
	ident, unit := j.entry.value(fieldIdentifier), j.entry.value(fieldUnit)
	return len(ident) > 0 && len(unit) == len(ident)+len(".service") && bytes.HasPrefix(unit, ident) && bytes.HasSuffix(unit, []byte(".service"))
}

// missed reads journald's own `Missed 12 kernel messages`.
func missed(message []byte) (n int64, ok bool) {
	rest, ok := bytes.CutPrefix(message, []byte("Missed "))
	if !ok {
		return 0, false
	}
	n, count := digits(rest)
	return n, count > 0 && string(rest[count:]) == " kernel messages"
}
