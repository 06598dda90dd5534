package nodeagent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/follow"
)

func TestKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, t.TempDir(), nil)
		at := time.Now()
		b.log.lines(killLines(7, "java")...)
		sent := b.reports()
		if len(sent) != 1 || len(sent[0].Reports) != 1 {
			t.Fatalf("%d reports were sent, want one with one kill: %+v", len(sent), sent)
		}
		n := sent[0]
		r := n.Reports[0]
		if r.At == nil || !r.At.Equal(at) || r.Killed[0].PID != 7 || r.PodUID != podUID || r.ContainerID != idA || r.Boundary != investigations.BoundaryContainer {
			t.Errorf("the kill is %+v", r)
		}
		want := []investigations.NodePod{{UID: podUID, Namespace: "shop", Name: "checkout-1"}}
		if diff := cmp.Diff(want, n.Pods); diff != "" || n.Node != "n1" || n.BootID != bootID || n.Version != 1 {
			t.Errorf("it is of %s in boot %s, version %d, with the pods (-want +got):\n%s", n.Node, n.BootID, n.Version, diff)
		}
		if n.Recorder == nil || n.Recorder.Node != fmt.Sprint([]string{podUID}, largest) || n.Recorder.LosslessSince == nil ||
			!n.Recorder.LosslessSince.Equal(b.log.start.OldestAt) {
			t.Errorf("the recording is %+v", n.Recorder)
		}
		if got := testutil.ToFloat64(b.agent.met.kills.WithLabelValues(seenByLog)); got != 1 {
			t.Errorf("%v kills are counted", got)
		}
	})
}

// TestStorm has forty bare kills follow ten full ones, and a counter tell whose they are.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		for pid := 1; pid <= 10; pid++ {
			b.log.lines(killLines(pid, "java")...)
		}
		for pid := 11; pid <= 50; pid++ {
			b.log.lines(bareLine(pid, "java"))
		}
		time.Sleep(300 * time.Millisecond)
		b.agent.Rise(investigations.CountedKill{
			At: time.Now(), WithinMS: 1000, Path: "/kubepods/burstable/pod" + podUID + "/" + idA, PodUID: podUID, ContainerID: idA, Kills: 50,
		})
		time.Sleep(time.Second)
		b.log.do(func(to follow.Handler) { to.Idle() })
		time.Sleep(4 * time.Second)
		pids, recordings := map[int64]int{}, 0
		var counted []investigations.CountedKill
		for _, n := range b.reports() {
			for _, r := range n.Reports {
				pids[r.Killed[0].PID]++
			}
			counted = append(counted, n.Counted...)
			if n.Recorder != nil {
				recordings++
			}
		}
		if len(pids) != 50 || len(counted) != 1 || counted[0].Kills != 40 || len(counted[0].PIDs) != 40 {
			t.Errorf("%d processes, and the counter tells of %+v; want 50, and 40 kills of 40 processes", len(pids), counted)
		}
		if recordings != 1 {
			t.Errorf("%d recordings of the same minutes were sent, want one", recordings)
		}
	})
}

// TestLargeStorm has thousands be killed at once: each is told of once, in messages that the bot takes.
func TestLargeStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		const kills = 3000
		var lines []string
		for i := range kills {
			lines = append(lines, bareLine(100+i, "java"))
		}
		b.log.lines(lines...)
		time.Sleep(10 * time.Second)
		told := map[int64]int{}
		for _, n := range b.reports() {
			if len(n.Reports) > 1000 {
				t.Errorf("%d kills are told of in one message", len(n.Reports))
			}
			for _, r := range n.Reports {
				told[r.Killed[0].PID]++
			}
		}
		for i := range int64(kills) {
			if n := told[100+i]; n != 1 {
				t.Fatalf("process %d is told of %d times", 100+i, n)
			}
		}
	})
}

// TestCounterAheadOfLog has a counter rise seconds before the kernel log is read as far: of a kill that stands there nothing is
// told twice, and a counter of which nothing stands there is told of once the log was read.
func TestCounterAheadOfLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		rise := func(id string) {
			b.agent.Rise(investigations.CountedKill{
				At: time.Now(), WithinMS: 1000, Path: "/kubepods/burstable/pod" + podUID + "/" + id, PodUID: podUID, ContainerID: id, Kills: 1,
			})
		}
		count := func() (reports, counted int) {
			for _, n := range b.reports() {
				reports, counted = reports+len(n.Reports), counted+len(n.Counted)
			}
			return reports, counted
		}
		killed := time.Now()
		time.Sleep(200 * time.Millisecond)
		rise(idA)
		rise(idB)
		time.Sleep(4 * time.Second)
		if reports, counted := count(); reports+counted != 0 {
			t.Errorf("%d reports and %d counters are told of before the log was read", reports, counted)
		}
		b.log.do(func(to follow.Handler) {
			for _, l := range killLines(7, "java") {
				to.Record(follow.Record{Line: []byte(l), Uptime: -1, At: killed})
			}
			to.Idle()
		})
		time.Sleep(time.Second)
		if reports, counted := count(); reports != 1 || counted != 1 {
			t.Errorf("%d reports and %d counters are told of, want one of each", reports, counted)
		}
		rise(idB) // and nobody reads the log any more
		time.Sleep(lateOther + time.Second)
		if reports, counted := count(); reports != 1 || counted != 2 {
			t.Errorf("%d reports and %d counters are told of in the end, want one and two", reports, counted)
		}
	})
}

// TestPosition has an agent go on where it was: what is not told yet is read again.
func TestPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		saved := func() state {
			s, err := loadState(dir, bootID)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		b := newBench(t, dir, nil)
		if got := b.from[0]; got != (follow.Position{}) {
			t.Errorf("the first agent begins at %+v", got)
		}
		b.log.lines("6,1,1,-;usb 1-1: new device")
		b.reports()
		if got := string(saved().Position); !strings.Contains(got, `"next_seq":1`) {
			t.Errorf("the position kept is %s, want that behind the record", got)
		}
		b.log.lines(bareLine(9, "java")) // waits for a counter
		b.reports()
		if got := string(saved().Position); !strings.Contains(got, `"next_seq":1`) {
			t.Errorf("the position kept is %s, though a kill before it was not told yet", got)
		}
		time.Sleep(3 * time.Second)
		b.log.do(func(to follow.Handler) { to.Idle() })
		if got := string(saved().Position); len(b.reports()) != 1 || !strings.Contains(got, `"next_seq":2`) {
			t.Errorf("the position kept is %s after %d reports, want that behind the kill", got, len(b.sent))
		}
		want := saved().LosslessSince

		next := newBench(t, dir, func(o *Options) {
			open := o.Open
			o.Open = func(from follow.Position) (KernelLog, error) {
				l, err := open(from)
				l.(*script).start = follow.Start{ReachesPosition: true, OldestAt: time.Now()}
				return l, err
			}
		})
		if got := next.from[0]; got.NextSeq != 2 || got.BootID != bootID {
			t.Errorf("the next agent begins at %+v", got)
		}
		next.log.lines("6,1,1,-;usb 1-1: gone")
		time.Sleep(time.Minute)
		next.log.do(func(to follow.Handler) { to.Idle() })
		if h := next.agent.Beat(); h.LosslessSince == nil || !h.LosslessSince.Equal(want) {
			t.Errorf("it says that nothing was missed since %v, want since %s as the one before it", h.LosslessSince, want)
		}
	})
}

func TestBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiting := false
		b := newBench(t, "", func(o *Options) { o.Waiting = func() bool { return waiting }; o.Version = "1.2" })
		if h := b.agent.Beat(); h.LosslessSince != nil || h.Reader != "kmsg" || h.Version != "1.2" {
			t.Errorf("before the log was read to its end: %+v", h)
		}
		b.log.do(func(to follow.Handler) { to.Idle() })
		since := b.log.start.OldestAt
		h := b.agent.Beat()
		if h.LosslessSince == nil || !h.LosslessSince.Equal(since) || h.At.After(time.Now().Add(-assured)) {
			t.Errorf("it says that nothing was missed from %v to %s, want from %s to a little ago", h.LosslessSince, h.At, since)
		}
		waiting = true
		if h := b.agent.Beat(); h.LosslessSince != nil {
			t.Errorf("nothing was missed since %s, it says, though the bot does not know yet what happened", h.LosslessSince)
		}
		waiting = false
		time.Sleep(time.Hour)
		lost := time.Now()
		b.log.do(func(to follow.Handler) {
			to.Lost(follow.Loss{At: lost, Records: 3, Why: "the ring was overwritten"})
			to.Idle()
		})
		if h := b.agent.Beat(); h.LosslessSince != nil {
			t.Errorf("right after a loss nothing was missed since %s", h.LosslessSince)
		}
		time.Sleep(time.Minute)
		b.log.do(func(to follow.Handler) { to.Idle() })
		if h := b.agent.Beat(); h.LosslessSince == nil || !h.LosslessSince.Equal(lost) {
			t.Errorf("a minute after a loss nothing was missed since %v, want since %s", h.LosslessSince, lost)
		}
	})
}

// TestBroken has a log break off in the middle of a report: the agent says so, and reads it again.
func TestBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		lines := killLines(7, "java")
		b.log.calls <- func(to follow.Handler) error {
			for _, l := range lines[:3] {
				to.Record(follow.Record{Line: []byte(l), Uptime: -1, At: time.Now()})
			}
			return errors.New("the device is gone")
		}
		synctest.Wait()
		h := b.agent.Beat()
		if h.LosslessSince != nil || len(h.Faults) != 1 || !strings.Contains(h.Faults[0], "the device is gone") {
			t.Errorf("the heartbeat of an agent that can't read is %+v", h)
		}
		time.Sleep(reopen + time.Second)
		synctest.Wait()
		if len(b.from) != 2 {
			t.Fatalf("the log was opened %d times, want twice", len(b.from))
		}
		b.log.lines(lines...)
		sent := b.reports()
		if len(sent) != 1 || !sent[0].Reports[0].Complete && len(sent[0].Reports[0].Missing) == 0 {
			t.Fatalf("%d reports, want the whole one: %+v", len(sent), sent)
		}
		if h := b.agent.Beat(); len(h.Faults) != 0 {
			t.Errorf("the fault stays: %v", h.Faults)
		}
	})
}

// TestEndless has a machine print a report that never ends.
func TestEndless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		b.log.lines(killLines(7, "java")[:3]...)
		if n := len(b.reports()); n != 0 {
			t.Fatalf("%d reports of which the kill line is still to come", n)
		}
		time.Sleep(endless + time.Second)
		b.log.do(func(to follow.Handler) { to.Idle() })
		sent := b.reports()
		if len(sent) != 1 || len(sent[0].Reports[0].Killed) != 0 || sent[0].Recorder != nil {
			t.Errorf("what came of it is %+v, want a report without a kill and without a recording", sent)
		}
	})
}

func TestSecretsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		const secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"
		b.agent.UserKill(investigations.UserKill{Killer: investigations.UserKillEarlyOOM, Text: "sending SIGTERM to process 7 --token=" + secret, At: time.Now()})
		b.agent.Rise(investigations.CountedKill{At: time.Now(), Path: "/kubepods/podx/" + secret, Kills: 1})
		time.Sleep(lateOther + time.Second)
		users, counted := 0, 0
		for _, n := range b.reports() {
			users, counted = users+len(n.UserKills), counted+len(n.Counted)
			if text := fmt.Sprintf("%+v", n); strings.Contains(text, secret) {
				t.Errorf("a secret is sent: %s", text)
			}
		}
		if users != 1 || counted != 1 {
			t.Errorf("%d kills of user space and %d counted ones, want one each", users, counted)
		}
	})
}

// TestTold has what was seen right before the end be told of.
func TestTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		ctx, cancel := context.WithCancel(t.Context())
		o := b.agent.o
		o.Registerer = prometheus.NewRegistry()
		a, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		a.Rise(investigations.CountedKill{At: time.Now(), Path: "/kubepods/podx", Kills: 1})
		a.Profile(investigations.NodeProfile{Pod: "checkout-1"})
		cancel()
		if err := a.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n := len(b.reports()); n != 2 {
			t.Errorf("%d reports, want the kill and the profile", n)
		}
	})
}
