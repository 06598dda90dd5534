// Package heap reads a heap profile of a container that comes near its limit, so that the evidence exists before the
// death. It owns how often that may be and what is taken for a profile; it must not know what is in one, nor how a limit is
// seen coming.
//
// # Reads
//
// The pprof endpoint that a pod announces in its annotations, by one GET at the pod's own address, without credentials, over
// no proxy and following no redirect. A pod in the host's network has no address of its own, and is not asked.
//
// # Cannot see
//
// Runtimes that serve no pprof. A program that is killed before it answers, or that a limit comes upon within a second.
// Whether a profile is one of the heap: what reads it later says so.
//
// # Permissions
//
// None of Kubernetes. Network policies have to let the node reach the port.
//
// # Cost
//
// One request for each container and hour, at most two at a time and six a minute on the node, ten seconds and 8 MiB each.
// What a profile costs the program that serves it is one stop of the world, of milliseconds.
package heap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/announce"
)

// Options bound what is read. The zero value of what is not required stands for the default.
type Options struct {
	// OnProfile takes each profile, from a goroutine of its own. Required.
	OnProfile func(investigations.NodeProfile)
	// AtATime and PerMinute are how many profiles are read on the node: 2 and 6.
	AtATime, PerMinute int
	// Every is how often a container is read, by its pod's uid and its name: 1 h. Again is when it is asked again after a
	// failure: 5 min.
	Every, Again time.Duration
	// Timeout and MaxBytes bound one answer: 10 s and 8 MiB.
	Timeout  time.Duration
	MaxBytes int64
	// AllowLoopback is for tests.
	AllowLoopback bool
	// Log takes what goes wrong, which is nobody's business but the pod's owner's. Required.
	Log *slog.Logger

	now func() time.Time
}

// Heap reads profiles. Its methods are safe for concurrent use.
type Heap struct {
	o      Options
	client *http.Client
	calls  sync.WaitGroup

	mu      sync.Mutex
	running int
	// started are the moments of the last minute's requests; next is when a container may be asked again.
	started []time.Time
	next    map[owner]time.Time
	stats   Stats
}

type owner struct{ uid, container string }

// Stats count since the start.
type Stats struct {
	// Taken are profiles, Failed requests that brought none, Waived moments at which a container was near its limit and too
	// much was being read.
	Taken, Failed, Waived int64
	// LastError says why the last that failed did; empty where none has.
	LastError string
}

// maxOwners bounds the containers that are remembered; it is far above what a node runs in an hour.
const maxOwners = 4096

// Annotations returns the keys of the annotations that Near needs of a pod.
func Annotations() []string { return announce.Annotations() }

// New returns a Heap that has read nothing yet.
func New(o Options) (*Heap, error) {
	if o.OnProfile == nil || o.Log == nil {
		return nil, errors.New("prepare the reading of heap profiles: it needs somebody who takes them, and a logger")
	}
	def(&o.AtATime, 2)
	def(&o.PerMinute, 6)
	def(&o.Every, time.Hour)
	def(&o.Again, 5*time.Minute)
	def(&o.Timeout, 10*time.Second)
	def(&o.MaxBytes, 8<<20)
	if o.now == nil {
		o.now = time.Now
	}
	return &Heap{o: o, client: announce.Client(o.Timeout), next: map[owner]time.Time{}}, nil
}

func def[T int | int64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Near says that a container comes near its limit: it is asked for a profile where its pod announces an endpoint and nothing
// forbids it. containerID is the runtime's, without prefix; empty where it is the pod's limit. It returns at once; the
// request ends with ctx.
func (h *Heap) Near(ctx context.Context, pod investigations.SubjectPod, containerID string) {
	end, err := announce.Of(&pod, h.o.AllowLoopback)
	if errors.Is(err, announce.ErrNone) {
		return
	}
	name, ok := whose(&pod, containerID, end.Container)
	if !ok {
		return
	}
	who := owner{pod.UID, name}
	if !h.begin(who) {
		return
	}
	h.calls.Go(func() {
		var data []byte
		if err == nil {
			data, err = h.read(ctx, end.URL)
		}
		h.end(who, err)
		if err != nil {
			h.o.Log.Debug("no heap profile of a container near its limit", "pod", pod.Namespace+"/"+pod.Name, "err", err)
			return
		}
		h.o.OnProfile(investigations.NodeProfile{
			Namespace: pod.Namespace, Pod: pod.Name, Container: name, At: h.o.now().UTC(), Data: data,
		})
	})
}

// Wait returns when no request is running any more, and all profiles were handed over.
func (h *Heap) Wait() { h.calls.Wait() }

// Stats returns the figures of this moment.
func (h *Heap) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stats
}

// whose returns the container that a profile is of: the one that has the announced port, else the one near its limit, else
// the only one that runs. False where the endpoint is of another one than that near its limit, or nobody can tell.
func whose(pod *investigations.SubjectPod, containerID, announced string) (string, bool) {
	near := ""
	for _, c := range pod.Containers {
		if containerID != "" && slices.Contains(c.IDs, containerID) {
			near = c.Name
		}
	}
	switch {
	case announced != "" && near != "":
		return announced, announced == near
	case announced != "":
		return announced, true
	case near != "":
		return near, true
	}
	running := ""
	for _, c := range pod.Containers {
		if c.Running && running != "" {
			return "", false
		}
		if c.Running {
			running = c.Name
		}
	}
	return running, running != ""
}

// begin says whether a container may be asked now, and notes that it is.
func (h *Heap) begin(who owner) bool {
	now := h.o.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.next[who]) {
		return false
	}
	h.started = slices.DeleteFunc(h.started, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(h.next) >= maxOwners {
		for o, t := range h.next {
			if !now.Before(t) {
				delete(h.next, o)
			}
		}
	}
	if h.running >= h.o.AtATime || len(h.started) >= h.o.PerMinute || len(h.next) >= maxOwners {
		h.stats.Waived++
		return false
	}
	h.running++
	h.started = append(h.started, now)
	h.next[who] = now.Add(h.o.Every)
	return true
}

// end notes how a request ended.
func (h *Heap) end(who owner, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running--
	if err == nil {
		h.stats.Taken++
		return
	}
	h.stats.Failed++
	h.stats.LastError = investigations.CleanText(err.Error(), 200)
	h.next[who] = h.o.now().Add(h.o.Again)
}

// read gets a profile, packed.
func (h *Heap) read(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("get a heap profile: %w", err)
	}
	res, err := h.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("get a heap profile: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get a heap profile: status %d", res.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, h.o.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("get a heap profile: %w", err)
	}
	if int64(len(data)) > h.o.MaxBytes {
		return nil, fmt.Errorf("get a heap profile: %w: it is over %d bytes", investigations.ErrTooLarge, h.o.MaxBytes)
	}
	return packed(data)
}
