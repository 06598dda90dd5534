package recorder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/recorder/ring"
)

// Unknown is a number of bytes that the kernel doesn't tell, and a limit where there is none.
const Unknown int64 = -1

// Bounds of what one recorder holds, far above what a kubelet runs by default (110 pods).
const (
	// DefaultCgroups is how many present cgroups are recorded, DefaultRing how many bytes the ring may take.
	DefaultCgroups = 2048
	DefaultRing    = 12 << 20
)

// Options are what a Recorder needs. The zero value of each field stands for what its comment says.
type Options struct {
	// Node is the name that recordings carry.
	Node string
	// CgroupRoot is where the node's cgroups are mounted: /sys/fs/cgroup. Proc is where its processes are: /proc.
	CgroupRoot, Proc string
	// Step is the time between two samples: 1 s. Depth is how far the ring reaches back: 15 min. TopEvery is the time between
	// two looks at the processes of a container that is not near its limit: 5 s. All are rounded to whole steps.
	Step, Depth, TopEvery time.Duration
	// Cgroups is how many present cgroups are recorded, and Ring how many bytes the ring takes at most: DefaultCgroups and
	// DefaultRing.
	Cgroups, Ring int
	// Names says how a pod and a container of it are called; empty for what it doesn't know. It is called for each cgroup of
	// a recording, by who asks for it. nil knows no names.
	Names func(podUID, containerID string) (namespace, pod, container string)
	// OnKill is told when the kernel's counter of kills of a container rose; OnNear when the working set of a container comes
	// to 90 % of its limit, and again only after it fell below 80 %. Both are called by the one who samples, without locks,
	// and hold up the next sample while they run: they may call the Recorder. nil is told nothing.
	OnKill func(investigations.CountedKill)
	OnNear func(Container)
	// Log is told of faults, each at most once a minute; nil discards.
	Log *slog.Logger
	// Now is the clock: time.Now. What it returns should have a monotonic reading, so that the ring stays as it is when the
	// clock is set.
	Now func() time.Time
}

// Container is the memory cgroup of a container, or a pod's own, whose ContainerID is empty.
type Container struct {
	// Path is that of the cgroup, as the kernel prints it.
	Path                string
	PodUID, ContainerID string
	// Current and Limit are in bytes, and so is WorkingSet: Current without inactive page cache, as the kubelet counts
	// it. Unknown where the kernel doesn't tell.
	Current, Limit, WorkingSet int64
	// Ended says that the cgroup is gone, and the numbers are the last ones.
	Ended bool
}

// Recorder is the flight recorder of one node. It is safe for concurrent use.
type Recorder struct {
	o      Options
	layout *layout
	// prefix is the path of the cgroup at the root of the mount, "" for the hierarchy's root.
	prefix string
	start  time.Time
	// depth and topEvery are in ticks.
	depth, topEvery int64

	// sampling is held by the one who samples: the file descriptors and buffers are its own.
	sampling sync.Mutex
	buf      []byte
	stat     statBuf
	tree     tree
	held     int
	maxHeld  int
	maxLive  int
	nextSeq  int64
	proc     int
	taskWork taskWork
	asks     chan *task

	// mu guards what is read out. live is written under both locks, and may be read under either.
	mu    sync.Mutex
	arena *ring.Arena
	live  []*cgroup
	ended []*cgroup // the oldest end first
	last  int64     // the newest tick
	count Stats
	fault [faults]error
	// hostPIDs says that processes have the numbers here that they have in the kernel log; begun are when
	// the last samples began of which OnKill was told, the newest last: each counter is read in one of them.
	hostPIDs bool
	begun    [killTicks]time.Time
}

// New returns a Recorder of the cgroups below o.CgroupRoot. It fails where there is no memory controller. Close it.
func New(o Options) (*Recorder, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("record cgroups: %w on %s: cgroups are Linux's; run the agent on a Linux node", errors.ErrUnsupported, runtime.GOOS)
	}
	o = o.withDefaults()
	l, root, err := detect(o.CgroupRoot)
	if err != nil {
		return nil, err
	}
	if root, err = filepath.EvalSymlinks(root); err == nil {
		root, err = filepath.Abs(root)
	}
	if err != nil {
		return nil, fmt.Errorf("look for the memory controller: %w", err)
	}
	proc, err := openDir(o.Proc)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w; mount the node's /proc there, or name where it is", o.Proc, err)
	}
	r := &Recorder{
		o: o, layout: l, start: o.Now(), depth: ticks(o.Depth, o.Step), topEvery: ticks(o.TopEvery, o.Step),
		buf: make([]byte, 32<<10), maxHeld: openFiles() / 2, maxLive: o.Cgroups, proc: proc,
		asks: make(chan *task, 64), arena: ring.NewArena(o.Ring), last: -1, hostPIDs: inInitPIDs(),
	}
	if info, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		r.prefix = mountedFrom(string(info), root)
	}
	r.tree.init(root)
	return r, nil
}

func (o Options) withDefaults() Options {
	o.CgroupRoot, o.Proc = orElse(o.CgroupRoot, "/sys/fs/cgroup"), orElse(o.Proc, "/proc")
	o.Step, o.Depth, o.TopEvery = orElse(o.Step, time.Second), orElse(o.Depth, 15*time.Minute), orElse(o.TopEvery, 5*time.Second)
	o.Cgroups, o.Ring = orElse(o.Cgroups, DefaultCgroups), orElse(o.Ring, DefaultRing)
	if o.Names == nil {
		o.Names = func(string, string) (string, string, string) { return "", "", "" }
	}
	if o.OnKill == nil {
		o.OnKill = func(investigations.CountedKill) {}
	}
	if o.OnNear == nil {
		o.OnNear = func(Container) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orElse[T comparable](v, other T) T {
	if v == *new(T) {
		return other
	}
	return v
}

func ticks(d, step time.Duration) int64 { return max(int64(d/step), 1) }

// Run samples once a step until ctx ends. It returns ctx's error. Only one Run at a time.
func (r *Recorder) Run(ctx context.Context) error {
	done := make(chan struct{})
	ask, stop := context.WithCancel(ctx)
	go func() { // ends with Run, but for a read that the kernel holds up
		defer close(done)
		r.readCommands(ask)
	}()
	defer func() {
		stop()
		select {
		case <-done:
		case <-time.After(time.Second): // reading a command line waits for locks of that process, which may be stuck
		}
	}()
	ticker := time.NewTicker(r.o.Step)
	defer ticker.Stop()
	r.Sample(r.o.Now())
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			r.Sample(r.o.Now())
		}
	}
}

// Close closes all files. The ring can be read afterwards; there is nothing more to sample.
func (r *Recorder) Close() {
	r.sampling.Lock()
	defer r.sampling.Unlock()
	for _, c := range r.live {
		r.closeAll(c)
	}
	r.tree.close(r)
	if r.proc >= 0 {
		closeFile(r.proc)
		r.proc = notOpen
	}
}

// Containers returns the containers that are present, as they were sampled last, in no order.
func (r *Recorder) Containers() []Container {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Container, 0, len(r.live))
	for _, c := range r.live {
		if !c.isPod() {
			out = append(out, c.shown)
		}
	}
	return slices.Clip(out)
}

// tickOf returns the tick that a time belongs to: the nearest, so that a ticker that is late or early by some
// milliseconds neither skips nor doubles one.
func (r *Recorder) tickOf(now time.Time) int64 {
	return int64((now.Sub(r.start) + r.o.Step/2) / r.o.Step)
}
