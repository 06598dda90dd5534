package follow

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// fakeKernel is a ring buffer as kernel/printk keeps it, and its two ends for readers: ring (syslog) and device (kmsg).
type fakeKernel struct {
	mu      sync.Mutex
	records []fakeRecord
	seq     int64
	// room is how many bytes of text the ring holds.
	room int
	// cleared is the first record that syslog shows.
	cleared int64
	began   time.Time
	offset  time.Duration
	noTime  bool
	caller  string
	more    chan struct{}

	// faults are handed out by the next reads.
	faults []error
	reads  int
	// mute says that nothing wakes.
	mute    bool
	wakings int
}

type fakeRecord struct {
	seq    int64
	prio   int
	uptime time.Duration
	text   string
}

// newFakeKernel is one that booted a minute ago.
func newFakeKernel(room int) *fakeKernel {
	return &fakeKernel{room: room, began: time.Now(), offset: time.Minute, more: make(chan struct{})}
}

// uptime is the kernel's clock.
func (k *fakeKernel) uptime() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Since(k.began) + k.offset
}

// print takes a microsecond, as real ones do at least.
func (k *fakeKernel) print(prio int, text string) {
	k.set(func() { k.offset += time.Microsecond })
	k.printAt(k.uptime(), prio, text)
}

func (k *fakeKernel) printAt(up time.Duration, prio int, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.records = append(k.records, fakeRecord{k.seq, prio, up.Truncate(time.Microsecond), text})
	k.seq++
	held := 0
	for i := len(k.records) - 1; i >= 0; i-- {
		if held += len(k.records[i].text) + 16; held > k.room {
			k.records = k.records[i+1:]
			break
		}
	}
	if !k.mute {
		k.wakings++
		close(k.more)
		k.more = make(chan struct{})
	}
}

// boot prints what a kernel prints first.
func (k *fakeKernel) boot() {
	k.printAt(0, 5, "Linux version 6.18.44 (build@host) #1 SMP")
	k.printAt(0, 6, "Command line: ro")
	k.printAt(1500*time.Millisecond, 6, "Run /sbin/init as init process")
}

func (k *fakeKernel) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cleared = k.seq
}

func (k *fakeKernel) fault() error {
	if len(k.faults) == 0 {
		return nil
	}
	err := k.faults[0]
	k.faults = k.faults[1:]
	return err
}

// wait is that of both ends. ready is asked with the lock held.
func (k *fakeKernel) wait(d time.Duration, ready func() bool, stop chan struct{}) bool {
	k.mu.Lock()
	more := k.more
	if ready() {
		k.mu.Unlock()
		return true
	}
	k.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-more:
		return true
	case <-stop:
	case <-timer.C:
	}
	return false
}

// fakeRing is the end for syslog(2).
type fakeRing struct {
	*fakeKernel
	stop    chan struct{}
	silent  bool
	largest int
	// dear is how long a read takes.
	dear time.Duration
	// woken counts the wake-ups that wait has told of: like epoll's, they do not get lost where nobody waits.
	woken int
}

func (k *fakeKernel) ring() *fakeRing { return &fakeRing{fakeKernel: k, stop: make(chan struct{})} }

// printed is what the kernel prints of a record: its prefix before each line of it.
func (k *fakeKernel) printed(r fakeRecord) string {
	var b strings.Builder
	for line := range strings.SplitSeq(r.text, "\n") {
		fmt.Fprintf(&b, "<%d>", r.prio)
		if !k.noTime {
			fmt.Fprintf(&b, "[%5d.%06d]", r.uptime/time.Second, r.uptime%time.Second/time.Microsecond)
		}
		if b.WriteString(k.caller); k.caller != "" || !k.noTime {
			b.WriteByte(' ')
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func (r *fakeRing) readAll(b []byte) (int, error) {
	time.Sleep(r.dear)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	r.largest = max(r.largest, len(b))
	if err := r.fault(); err != nil {
		return -1, err
	}
	n, from := 0, len(r.records)
	for from > 0 && r.records[from-1].seq >= r.cleared {
		if n += len(r.printed(r.records[from-1])); n > len(b) {
			break
		}
		from--
	}
	n = 0
	for _, rec := range r.records[from:] {
		n += copy(b[n:], r.printed(rec))
	}
	return n, nil
}

func (r *fakeRing) size() (int, error) { return r.room, nil }
func (r *fakeRing) wakes() bool        { return !r.silent }
func (r *fakeRing) interrupt()         { close(r.stop) }
func (r *fakeRing) close() error       { return nil }

func (r *fakeRing) wait(d time.Duration) bool {
	woken := r.fakeKernel.wait(d, func() bool { return r.wakings > r.woken }, r.stop)
	if woken {
		r.mu.Lock()
		r.woken = r.wakings
		r.mu.Unlock()
	}
	return woken
}

// fakeDevice is the end for /dev/kmsg.
type fakeDevice struct {
	*fakeKernel
	next int64
	stop chan struct{}
}

func (k *fakeKernel) device() *fakeDevice {
	d := &fakeDevice{fakeKernel: k, stop: make(chan struct{})}
	if len(k.records) > 0 {
		d.next = k.records[0].seq
	}
	return d
}

func (d *fakeDevice) read(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fault(); err != nil {
		if err == syscall.EINVAL { //nolint:errorlint // it is this very value
			d.next++
		}
		return -1, err
	}
	for _, r := range d.records {
		if r.seq < d.next {
			continue
		}
		if r.seq > d.next {
			d.next = r.seq
			return -1, syscall.EPIPE
		}
		d.next++
		text := strings.NewReplacer("\n", `\x0a`, "\\", `\x5c`).Replace(r.text)
		n := copy(b, fmt.Sprintf("%d,%d,%d,-;%s\n SUBSYSTEM=net\n DEVICE=n2\n", r.prio, r.seq, r.uptime.Microseconds(), text))
		return n, nil
	}
	return -1, syscall.EAGAIN
}

func (d *fakeDevice) interrupt()   { close(d.stop) }
func (d *fakeDevice) close() error { return nil }

func (d *fakeDevice) wait(t time.Duration) bool {
	return d.fakeKernel.wait(t, func() bool {
		return len(d.records) > 0 && d.records[len(d.records)-1].seq >= d.next
	}, d.stop)
}

// heard is a Handler that writes down what it hears, each as a line: `text`, `lost N: why` and, for the first of several,
// `idle`.
type heard struct {
	mu    sync.Mutex
	lines []string
	recs  []Record
	lost  []Loss
	idles int
}

func (h *heard) Record(r Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Line = bytes.Clone(r.Line)
	h.recs = append(h.recs, r)
	text := string(r.Line)
	if _, after, ok := strings.Cut(text, "] "); ok {
		text = after
	} else if _, after, ok := strings.Cut(text, ",-;"); ok {
		text = after
	}
	h.lines = append(h.lines, text)
}

func (h *heard) Lost(l Loss) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = append(h.lost, l)
	h.lines = append(h.lines, fmt.Sprintf("lost %d", l.Records))
}

func (h *heard) Idle() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idles++
	if len(h.lines) > 0 && h.lines[len(h.lines)-1] != "idle" {
		h.lines = append(h.lines, "idle")
	}
}

// counts says how many records were heard, and how often that nothing more is there.
func (h *heard) counts() (records, idles int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.recs), h.idles
}

// all returns what was heard since it was asked last.
func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := h.lines
	h.lines = nil
	return lines
}

// open opens a log over one of the fake ends.
func open(t *testing.T, end any, o Options) *Log {
	t.Helper()
	l, err := tryOpen(end, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tryOpen(end any, o Options) (*Log, error) {
	o.BootID = cmp.Or(o.BootID, "boot-1")
	o = o.filled()
	switch end := end.(type) {
	case *fakeRing:
		if o.uptime = end.uptime; o.From.BootID != o.BootID {
			o.From = Position{}
		}
		s, start, err := newSyslog(end, o)
		if err != nil {
			return nil, err
		}
		return &Log{start: start, source: s, pos: s.position()}, nil
	case *fakeDevice:
		if o.uptime = end.uptime; o.From.BootID != o.BootID {
			o.From = Position{}
		}
		k, start, err := newKmsg(end, o)
		if err != nil {
			return nil, err
		}
		return &Log{start: start, source: k, pos: k.pos}, nil
	}
	return nil, fmt.Errorf("no end: %T", end)
}

// follow runs Follow until the test stops it, and returns how to.
func follow(t *testing.T, l *Log, h Handler) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Follow(ctx, h) }()
	return func() error {
		cancel()
		return <-done
	}
}

// sleep lets the bubble's time pass, until all others in it wait.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// set changes the kernel while it is read.
func (k *fakeKernel) set(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
}
