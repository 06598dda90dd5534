package nodeagent

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/follow"
)

const bootID = "0d1f7c0e-0000-4000-8000-000000000001"

// script is a kernel log whose records a test hands over.
type script struct {
	start follow.Start
	calls chan func(to follow.Handler) error

	mu  sync.Mutex
	pos follow.Position
}

func (s *script) Start() follow.Start { return s.start }

func (s *script) Close() error { return nil }

func (s *script) Position() follow.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pos
}

func (s *script) Follow(ctx context.Context, to follow.Handler) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case call := <-s.calls:
			if err := call(to); err != nil {
				return err
			}
		}
	}
}

// do has the log's own goroutine call the handler, and waits for what comes of it.
func (s *script) do(call func(to follow.Handler)) {
	s.calls <- func(to follow.Handler) error { call(to); return nil }
	synctest.Wait()
}

// lines hands over records that are written now, and says that nothing more is there.
func (s *script) lines(lines ...string) {
	s.do(func(to follow.Handler) {
		for _, l := range lines {
			s.mu.Lock()
			s.pos.NextSeq++
			s.mu.Unlock()
			to.Record(follow.Record{Line: []byte(l), Uptime: -1, At: time.Now()})
		}
		to.Idle()
	})
}

// bench is an agent at work in a bubble of synctest.
type bench struct {
	agent *Agent
	log   *script
	reg   *prometheus.Registry

	mu   sync.Mutex
	sent []investigations.NodeReport
	from []follow.Position
}

func (b *bench) reports() []investigations.NodeReport {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent
}

// newBench starts an agent, which ends with the test.
func newBench(t *testing.T, dir string, change func(*Options)) *bench {
	t.Helper()
	b := &bench{log: &script{calls: make(chan func(follow.Handler) error)}, reg: prometheus.NewRegistry()}
	b.log.start = follow.Start{ReachesBoot: true, OldestAt: time.Now().Add(-time.Hour)}
	b.log.pos.BootID = bootID
	o := Options{
		Node: "n1", BootID: bootID, StateDir: dir, Reader: "kmsg", Registerer: b.reg, Log: slog.New(slog.DiscardHandler),
		Open: func(from follow.Position) (KernelLog, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.from = append(b.from, from)
			return b.log, nil
		},
		Send: func(r investigations.NodeReport) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.sent = append(b.sent, r)
			return nil
		},
		Pod: func(_ context.Context, uid string) (investigations.NodePod, bool) {
			return investigations.NodePod{UID: uid, Namespace: "shop", Name: "checkout-1"}, uid == podUID
		},
		Recording: func(now time.Time, uids []string, largest int) *investigations.NodeRecording {
			return &investigations.NodeRecording{Version: 1, Node: fmt.Sprint(uids, largest), To: now}
		},
	}
	if change != nil {
		change(&o)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.agent = a
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }() // ends with cancel
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the agent ended with %v", err)
		}
	})
	synctest.Wait()
	return b
}

const podUID = "11111111-2222-3333-4444-555555555555"

// killLines are what a kernel prints of a kill, in records of /dev/kmsg.
func killLines(pid int, comm string) []string {
	cg := "/kubepods/burstable/pod" + podUID + "/" + idA
	return []string{
		"4,2,2000000,-;" + comm + " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=936",
		"6,3,2000001,-;memory: usage 65536kB, limit 65536kB, failcnt 95",
		fmt.Sprintf("6,4,2000002,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=%s,task_memcg=%s,task=%s,pid=%d,uid=0", cg, cg, comm, pid),
		bareLine(pid, comm),
	}
}

func bareLine(pid int, comm string) string {
	return fmt.Sprintf("3,5,2000003,-;Memory cgroup out of memory: Killed process %d (%s) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:936", pid, comm)
}
