package recorder

import (
	"errors"
	"io/fs"
	"time"

	"github.com/oombot/oombot/tools/nodeagent/recorder/ring"
)

// What stands in place of a file descriptor.
const (
	notOpen = -1
	// absent is a file that this kernel doesn't have, or can't read.
	absent = -2
)

// errNone says that a cgroup has no such file.
var errNone = errors.New("no such file in the cgroup")

// cgroup is a container's or a pod's, present or ended.
type cgroup struct {
	// path is as the kernel prints it; container is empty for a pod's own.
	path, pod, container string
	// seq spreads what is done every few seconds over them.
	seq int64

	// The following belong to the one that samples.

	node *node
	dir  int
	fds  [kept]int
	now  reading
	// observed says that all of it was read once; statFor is how much was in use when memory.stat was last read.
	observed bool
	statFor  int64
	// counted is when the counters were last read, or that the cgroup was known not to be there; known says that before holds
	// the counters of then.
	counted time.Time
	known   bool
	before  [events]int64
	near    bool
	gone    bool
	// nextTop is the tick at which its processes are looked at; topFor is how much was in use at the last look, and skipped
	// how many looks were spared since.
	nextTop   int64
	topFor    int64
	skipped   int
	pidCursor int

	// The following are guarded by Recorder.mu.

	ring  [columns]ring.Column
	tasks []*task
	// shown is what Containers tells of it.
	shown Container
	// ended is the tick at which it was found to be gone, 0 while it is there.
	ended int64
}

// isPod tells whether it is a pod's own cgroup, and not a container's.
func (c *cgroup) isPod() bool { return c.container == "" }

// read returns what a file of the cgroup holds, valid until the next call. It opens the file where it isn't, and keeps it
// open where it will be read again soon and few enough files are: an open file of a cgroup costs a page of the
// agent's memory (seq_file keeps its buffer), opening it five times as much time as reading it.
func (r *Recorder) read(c *cgroup, f int) ([]byte, error) {
	if r.layout.names[f] == nil || f < kept && c.fds[f] == absent {
		return nil, errNone
	}
	fd := notOpen
	if f < kept {
		fd = c.fds[f]
	}
	if fd == notOpen {
		var err error
		if fd, err = openFileAt(c.dir, r.layout.names[f]); err != nil {
			return nil, r.cantRead(c, f, err)
		}
		if f < kept && r.held < r.maxHeld {
			c.fds[f] = fd
			r.held++
		} else {
			defer closeFile(fd)
		}
	}
	n, err := pread(fd, r.buf, 0)
	if err != nil {
		return nil, r.cantRead(c, f, err)
	}
	return r.buf[:n], nil
}

// cantRead decides what an error means for the cgroup, and notes it where a person should know.
func (r *Recorder) cantRead(c *cgroup, f int, err error) error {
	switch {
	case errors.Is(err, errGone):
		return errGone
	case errors.Is(err, errFiles), errors.Is(err, errTable):
		r.note(faultFiles, err)
		return err
	case errors.Is(err, errAbsent), errors.Is(err, errors.ErrUnsupported): // an older kernel, or PSI is switched off
	case errors.Is(err, fs.ErrPermission):
		r.note(faultRead, err)
	default: // such as ENOMEM: the next look may do better
		r.note(faultRead, err)
		return err
	}
	if f < kept && f != fileCurrent {
		r.shut(&c.fds[f])
		c.fds[f] = absent
	}
	return err
}

// shut closes a file that is kept open.
func (r *Recorder) shut(fd *int) {
	if *fd >= 0 {
		closeFile(*fd)
		r.held--
	}
	*fd = notOpen
}

// closeAll closes what a cgroup keeps open.
func (r *Recorder) closeAll(c *cgroup) {
	for i := range c.fds {
		r.shut(&c.fds[i])
	}
	r.shut(&c.dir)
}
