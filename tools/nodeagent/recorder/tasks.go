package recorder

import (
	"errors"
	"os"
	"slices"
	"strconv"

	"github.com/oombot/oombot/tools/nodeagent/recorder/ring"
)

const (
	// topTasks is how many processes of a container are recorded at a time, those with the most resident memory; keptTasks how
	// many are in its ring.
	topTasks  = 5
	keptTasks = 32
	// maxPIDs is how many processes of a container are known of, lookedAt how many of them are looked at in one turn: those
	// that were the largest, and the others by turns.
	maxPIDs  = 2048
	lookedAt = 128
	// tickTasks is how many processes of the node are looked at in one tick; the containers that are left come first in the
	// next one.
	tickTasks = 300
	// shortRead is how much the kernel fills at least, unless it is all there is: less than a page.
	shortRead = 2048
	// sparedLooks is how many looks in a row are spared a container that uses about what it used at the last one.
	sparedLooks = 2
	// A process is identified anew (by its start and its name) at each look in its first minute, when it may still
	// become another program by exec, and every half minute later.
	youngTicks    = 60
	identifyTicks = 30
	// nestedCgroups is how many cgroups below a container's are looked into for processes, nestedLevels how deep.
	nestedCgroups = 32
	nestedLevels  = 3
)

// task is one process, of one name: after exec it is another task.
type task struct {
	pid   int64
	start int64
	// comm is what the kernel has, unfit to print.
	comm string
	// born is the tick of its first reading, identified that of the last identification.
	born, identified int64

	// Guarded by Recorder.mu: its resident bytes, its command line, redacted, and whether that was asked for.
	resident ring.Column
	command  string
	asked    bool
}

// ranked is a process that was looked at.
type ranked struct{ pid, bytes int64 }

// taskWork is what looking at processes needs, kept from tick to tick.
type taskWork struct {
	pids    []int64
	top     []ranked
	name    []byte
	nested  int
	next    int // whose turn it is
	budget  int
	dirBuf  [nestedLevels][]byte
	foreign bool
}

var (
	procsName = []byte("cgroup.procs\x00")
	pageSize  = int64(os.Getpagesize())
)

// lookAtTasks reads the processes of the containers whose turn it is: first those near their limit, then the others,
// round and round.
func (r *Recorder) lookAtTasks(tick int64) {
	w := &r.taskWork
	w.budget, w.foreign = tickTasks, false
	for _, c := range r.live {
		if w.budget > 0 && !c.isPod() && c.busy() {
			r.lookInto(c, tick)
		}
	}
	for range r.live {
		if w.budget <= 0 {
			break
		}
		w.next = (w.next + 1) % len(r.live)
		if c := r.live[w.next]; !c.isPod() && c.nextTop <= tick {
			if c.nextTop > 0 && c.skipped < sparedLooks && !c.moves() {
				c.nextTop = tick + r.topEvery
				c.skipped++
				continue
			}
			r.lookInto(c, tick)
		}
	}
	if w.foreign {
		r.foreign()
	}
}

// moves tells whether the use has changed since the last look by what tells anything: 4 MiB, or a hundredth of the limit.
func (c *cgroup) moves() bool {
	v := &c.now.values
	d := v[current] - c.topFor
	d = max(d, -d)
	return d >= noiseBytes || v[limit] != missing && above(d, v[limit], 1)
}

var errForeign = errors.New("the kernel shows process 0, which stands for one of another PID namespace")

// lookInto records the top processes of one container.
func (r *Recorder) lookInto(c *cgroup, tick int64) {
	w := &r.taskWork
	next := tick + r.topEvery
	if c.nextTop == 0 { // the first look is at once; the others are spread
		next -= c.seq % r.topEvery
	}
	c.nextTop, c.topFor, c.skipped = next, c.now.values[current], 0
	w.pids, w.nested = w.pids[:0], 0
	r.listPIDs(c.dir, nil, 0)
	w.budget--
	r.choose(c)
	w.top = w.top[:0]
	for _, pid := range w.pids {
		w.budget--
		if pages := residentPages(r.readTask(pid, "statm")); pages != missing {
			w.rank(ranked{pid, pages * pageSize})
		}
	}
	for _, p := range w.top {
		r.recordTask(c, p, tick)
	}
}

// choose leaves at most lookedAt of the processes: those that are recorded, and the others by turns.
func (r *Recorder) choose(c *cgroup) {
	w := &r.taskWork
	if len(w.pids) <= lookedAt {
		return
	}
	first := 0
	for _, t := range c.tasks { // only the one who samples changes the list
		if i := slices.Index(w.pids[first:], t.pid); i >= 0 {
			w.pids[first], w.pids[first+i] = w.pids[first+i], w.pids[first]
			first++
		}
	}
	rest, room := w.pids[first:], lookedAt-first
	from := min(c.pidCursor, len(rest)-room)
	copy(rest, rest[from:from+room])
	if c.pidCursor = from + room; c.pidCursor >= len(rest) {
		c.pidCursor = 0
	}
	w.pids = w.pids[:lookedAt]
}

// rank puts a process among the top.
func (w *taskWork) rank(p ranked) {
	i := len(w.top)
	for i > 0 && w.top[i-1].bytes < p.bytes {
		i--
	}
	if i >= topTasks {
		return
	}
	if len(w.top) < topTasks {
		w.top = append(w.top, ranked{})
	}
	copy(w.top[i+1:], w.top[i:])
	w.top[i] = p
}

// listPIDs appends the processes of a cgroup and of those below it: a container may have made some, and on v2 with
// controllers of their own its processes are in those alone.
func (r *Recorder) listPIDs(dir int, name []byte, level int) {
	w := &r.taskWork
	if name != nil {
		fd, err := openDirAt(dir, name)
		if err != nil {
			return
		}
		defer closeFile(fd)
		dir = fd
	}
	r.readPIDs(dir)
	if n, err := links(dir, &r.stat); err != nil || n == 2 || level >= nestedLevels {
		return
	}
	if w.dirBuf[level] == nil {
		w.dirBuf[level] = make([]byte, 8<<10)
	}
	d, err := newDirReader(dir, w.dirBuf[level])
	for err == nil && w.nested < nestedCgroups {
		var below []byte
		if below, err = d.next(); below == nil {
			return
		}
		w.nested++
		r.listPIDs(dir, below, level+1)
	}
}

// readPIDs appends the processes that cgroup.procs lists.
func (r *Recorder) readPIDs(dir int) {
	w := &r.taskWork
	fd, err := openFileAt(dir, procsName)
	if err != nil {
		return
	}
	defer closeFile(fd)
	var at int64
	for len(w.pids) < maxPIDs {
		n, err := pread(fd, r.buf, at)
		if n <= 0 || err != nil { // EOPNOTSUPP: a threaded cgroup; its processes are listed above
			return
		}
		data := r.buf[:n]
		for {
			line, rest, whole := nextLine(data)
			if !whole {
				break
			}
			data = rest
			switch pid := number(line); {
			case pid == 0:
				w.foreign = true
			case pid > 0 && len(w.pids) < maxPIDs:
				w.pids = append(w.pids, pid)
			}
		}
		used := n - len(data) // a line that is cut is read again
		if used == 0 || n < shortRead {
			return
		}
		at += int64(used)
	}
}

// readTask reads a file of a process; nil where it can't be read, mostly because it has ended.
func (r *Recorder) readTask(pid int64, file string) []byte {
	w := &r.taskWork
	w.name = strconv.AppendInt(w.name[:0], pid, 10)
	w.name = append(append(append(w.name, '/'), file...), 0)
	fd, err := openFileAt(r.proc, w.name)
	if err != nil {
		return nil
	}
	defer closeFile(fd)
	n, err := pread(fd, r.buf, 0)
	if err != nil {
		return nil
	}
	return r.buf[:n]
}

// recordTask appends a reading of a top process.
func (r *Recorder) recordTask(c *cgroup, p ranked, tick int64) {
	t := r.identify(c, p.pid, tick)
	if t == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arena.Append(&t.resident, tick, p.bytes)
	if !t.asked {
		select {
		case r.asks <- t:
			t.asked = true
		default: // the next look asks again
		}
	}
}

// identify returns the task of a process id, a new one where it isn't known; nil where the process has ended.
func (r *Recorder) identify(c *cgroup, pid, tick int64) *task {
	i := slices.IndexFunc(c.tasks, func(t *task) bool { return t.pid == pid && t.identified >= 0 })
	if i >= 0 {
		t := c.tasks[i]
		if last, _ := t.resident.Last(); tick-t.born >= youngTicks && tick-t.identified < identifyTicks && tick-last <= (sparedLooks+2)*r.topEvery {
			return t
		}
	}
	comm, start := taskStat(r.readTask(pid, "stat"))
	if start == missing {
		return nil
	}
	if i >= 0 {
		if t := c.tasks[i]; t.start == start && t.comm == string(comm) {
			t.identified = tick
			return t
		}
		c.tasks[i].identified = -1 // another process, or program, has the number now
	}
	t := &task{pid: pid, start: start, comm: string(comm), born: tick, identified: tick}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(c.tasks) >= keptTasks {
		r.dropTask(c)
	}
	c.tasks = append(c.tasks, t)
	return t
}

// dropTask drops the process of a container that was seen longest ago.
func (r *Recorder) dropTask(c *cgroup) {
	oldest := 0
	for i, t := range c.tasks {
		if lastOf(t) < lastOf(c.tasks[oldest]) {
			oldest = i
		}
	}
	r.arena.Free(&c.tasks[oldest].resident)
	c.tasks = slices.Delete(c.tasks, oldest, oldest+1)
	r.count.Dropped++
}

func lastOf(t *task) int64 {
	if t.resident.Empty() {
		return -1
	}
	tick, _ := t.resident.Last()
	return tick
}
