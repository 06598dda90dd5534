package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// leaseTimes are those of Kubernetes' own components.
type leaseTimes struct{ lasts, renewWithin, retry time.Duration }

var defaultLeaseTimes = leaseTimes{lasts: 15 * time.Second, renewWithin: 10 * time.Second, retry: 2 * time.Second}

// election has one of several replicas work.
type election struct {
	leases          coordinationv1.LeasesGetter
	namespace, name string
	// identity tells this replica from all others.
	identity string
	times    leaseTimes
	log      *slog.Logger
}

// errNotEnded says that a replica that lost its Lease could not stop working before another one begins.
var errNotEnded = errors.New("the Lease was lost, and what was in hand did not end in time")

// run has lead called while this replica holds the Lease, each time anew, until ctx ends or lead fails. The Lease is
// released only after lead has returned. waiting is called when this replica begins to wait for the Lease.
func (e *election) run(ctx context.Context, waiting func(), lead func(context.Context) error) error {
	for ctx.Err() == nil {
		waiting()
		if err := e.term(ctx, lead); err != nil {
			return err
		}
	}
	return nil
}

// term is one time of waiting for the Lease and of holding it.
func (e *election) term(ctx context.Context, lead func(context.Context) error) error {
	holding, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	t := &tenure{done: make(chan struct{})}
	defer context.AfterFunc(ctx, func() {
		if !t.hasBegun() {
			release() // else the end of the work does
		}
	})()
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: shippedLease{&resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: e.name}, Client: e.leases,
			LockConfig: resourcelock.ResourceLockConfig{Identity: e.identity},
		}},
		LeaseDuration: e.times.lasts, RenewDeadline: e.times.renewWithin, RetryPeriod: e.times.retry, ReleaseOnCancel: true, Name: e.name,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(held context.Context) {
				if !t.begin() {
					return
				}
				defer release()
				work, stop := context.WithCancel(ctx)
				defer stop()
				defer context.AfterFunc(held, stop)()
				t.end(lead(work))
			},
			OnStoppedLeading: func() {},
			OnNewLeader: func(identity string) {
				e.log.Info("the Lease has a holder", "lease", e.namespace+"/"+e.name, "holder", identity, "self", identity == e.identity)
			},
		},
	})
	if err != nil {
		return fmt.Errorf("prepare the election by Lease %s/%s: %w", e.namespace, e.name, err)
	}
	elector.Run(holding)
	return t.wait(e.times.lasts - e.times.renewWithin)
}

// tenure is what is known of one time of holding the Lease.
type tenure struct {
	done chan struct{}
	err  error

	mu          sync.Mutex
	begun, over bool
}

func (t *tenure) hasBegun() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.begun
}

// begin says whether the work may begin: not after the Lease was lost, since the library calls back in its own time.
func (t *tenure) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = !t.over
	return t.begun
}

func (t *tenure) end(err error) {
	t.err = err
	close(t.done)
}

// wait waits for the end of the work, if it has begun, before another replica may hold the Lease.
func (t *tenure) wait(patience time.Duration) error {
	t.mu.Lock()
	t.over = true
	begun := t.begun
	t.mu.Unlock()
	if !begun {
		return nil
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-t.done:
		return t.err
	case <-late.C:
		return errNotEnded
	}
}

// shippedLease is a Lease that somebody else has made: the role of the program lets it change that one, and make none.
type shippedLease struct{ *resourcelock.LeaseLock }

// Create says that the Lease is missing.
func (l shippedLease) Create(context.Context, resourcelock.LeaderElectionRecord) error {
	return fmt.Errorf("there is no Lease %s: make it with deploy/rbac-lease.yaml", l.Describe())
}
