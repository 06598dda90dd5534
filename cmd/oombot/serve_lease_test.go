package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	v1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/klog/v2"
)

// leases is an API server that holds one Lease, or none.
type leases struct {
	coordinationv1.LeaseInterface

	mu    sync.Mutex
	lease *v1.Lease
	// down are the holders whose calls fail.
	down    map[string]bool
	created int
}

// seat is the API server as one replica sees it.
type seat struct {
	*leases
	identity string
}

// Leases implements coordinationv1.LeasesGetter.
func (s seat) Leases(string) coordinationv1.LeaseInterface { return s }

// Get implements coordinationv1.LeaseInterface.
func (s seat) Get(_ context.Context, name string, _ metav1.GetOptions) (*v1.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down[s.identity]:
		return nil, errors.New("the API server is away")
	case s.lease == nil || s.lease.Name != name:
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, name)
	}
	return s.lease.DeepCopy(), nil
}

// Update implements coordinationv1.LeaseInterface.
func (s seat) Update(_ context.Context, l *v1.Lease, _ metav1.UpdateOptions) (*v1.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down[s.identity]:
		return nil, errors.New("the API server is away")
	case l.ResourceVersion != s.lease.ResourceVersion:
		return nil, apierrors.NewConflict(schema.GroupResource{Resource: "leases"}, l.Name, nil)
	}
	s.lease = l.DeepCopy()
	s.lease.ResourceVersion += "x"
	return s.lease.DeepCopy(), nil
}

// Create implements coordinationv1.LeaseInterface.
func (s seat) Create(context.Context, *v1.Lease, metav1.CreateOptions) (*v1.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.created++
	return nil, errors.New("it may not")
}

func (l *leases) fail(identity string, down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down[identity] = down
}

func newLeases() *leases {
	return &leases{lease: &v1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "oombot", Name: "oombot"}}, down: map[string]bool{}}
}

// replica is one that takes part in an election.
type replica struct {
	election *election
	mu       sync.Mutex
	// did is what it did, in order.
	did  []string
	stop func()
	done chan error
}

func (r *replica) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.did = append(r.did, what)
}

func (r *replica) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.did, " ")
}

// join has a replica take part; work is what it does while it leads, beyond waiting for the end.
func (l *leases) join(t *testing.T, identity string, work func(context.Context) error) *replica {
	ctx, cancel := context.WithCancel(t.Context())
	r := &replica{done: make(chan error, 1), stop: cancel, election: &election{
		leases: seat{l, identity}, namespace: "oombot", name: "oombot", identity: identity, times: defaultLeaseTimes, log: slog.New(slog.DiscardHandler),
	}}
	go func() { // ends with ctx
		r.done <- r.election.run(ctx, func() { r.note("waits") }, func(ctx context.Context) error {
			r.note("leads")
			defer r.note("ends")
			if work != nil {
				return work(ctx)
			}
			<-ctx.Done()
			return nil
		})
	}()
	return r
}

func (r *replica) expect(t *testing.T, when, did string) {
	t.Helper()
	synctest.Wait()
	if got := r.said(); got != did {
		t.Errorf("%s, %s: it %s, want %s", when, r.election.identity, got, did)
	}
}

func bubble(t *testing.T, test func(t *testing.T)) {
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
	synctest.Test(t, test)
}

// TestElection has one of two replicas work, and the other one take over when it ends.
func TestElection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLeases()
		a := l.join(t, "a", nil)
		a.expect(t, "at the start", "waits leads")
		b := l.join(t, "b", nil)
		time.Sleep(time.Minute)
		a.expect(t, "a minute later", "waits leads")
		b.expect(t, "a minute later", "waits")
		a.stop()
		if err := <-a.done; err != nil {
			t.Error(err)
		}
		a.expect(t, "when it ended", "waits leads ends")
		time.Sleep(2 * defaultLeaseTimes.retry * 2)
		b.expect(t, "soon after", "waits leads")
		b.stop()
		if err := <-b.done; err != nil {
			t.Error(err)
		}
		if l.created != 0 {
			t.Errorf("%d Leases were made", l.created)
		}
	})
}

// TestElectionLost takes the API server away from who leads: it stops before the other one begins, and waits again.
func TestElectionLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLeases()
		a := l.join(t, "a", nil)
		a.expect(t, "at the start", "waits leads")
		b := l.join(t, "b", nil)
		l.fail("a", true)
		time.Sleep(defaultLeaseTimes.renewWithin + 2*defaultLeaseTimes.retry)
		a.expect(t, "without the API server", "waits leads ends waits")
		b.expect(t, "before the Lease is over", "waits")
		time.Sleep(defaultLeaseTimes.lasts)
		b.expect(t, "after the Lease is over", "waits leads")
		l.fail("a", false)
		time.Sleep(time.Minute)
		a.expect(t, "with the API server again", "waits leads ends waits")
		b.stop()
		if err := <-b.done; err != nil {
			t.Error(err)
		}
		time.Sleep(4 * defaultLeaseTimes.retry)
		a.expect(t, "when the other one ended", "waits leads ends waits leads")
		a.stop()
		if err := <-a.done; err != nil {
			t.Error(err)
		}
	})
}

// TestElectionEnds says when the work of who lost the Lease does not end, and when the work fails.
func TestElectionEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLeases()
		hang := make(chan struct{})
		a := l.join(t, "a", func(context.Context) error {
			<-hang
			return nil
		})
		a.expect(t, "at the start", "waits leads")
		l.fail("a", true)
		if err := <-a.done; !errors.Is(err, errNotEnded) {
			t.Errorf("work that hangs: %v", err)
		}
		close(hang)

		l = newLeases()
		fault := errors.New("the memory file is damaged")
		b := l.join(t, "b", func(context.Context) error { return fault })
		if err := <-b.done; !errors.Is(err, fault) {
			t.Errorf("work that fails: %v", err)
		}
		if holder := l.lease.Spec.HolderIdentity; holder == nil || *holder != "" {
			t.Errorf("the Lease is still held by %v", holder)
		}
	})
}

// TestElectionWithoutLease makes none where none is shipped, says so, and leads once it is there.
func TestElectionWithoutLease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log strings.Builder
		klog.SetSlogLogger(slog.New(slog.NewTextHandler(&log, nil)))
		l := newLeases()
		lease := l.lease
		l.lease = nil
		a := l.join(t, "a", nil)
		time.Sleep(time.Minute)
		a.expect(t, "without a Lease", "waits")
		if !strings.Contains(log.String(), "there is no Lease oombot/oombot: make it with deploy/rbac-lease.yaml") {
			t.Errorf("it says %s", log.String())
		}
		l.mu.Lock()
		l.lease = lease
		l.mu.Unlock()
		time.Sleep(2 * defaultLeaseTimes.retry * 2)
		a.expect(t, "with a Lease", "waits leads")
		a.stop()
		if err := <-a.done; err != nil || l.created != 0 {
			t.Errorf("%v, and %d Leases were made", err, l.created)
		}
	})
}
