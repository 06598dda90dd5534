package follow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/tools/kernlog"
)

// ends are the two readers of the ring buffer; what holds for both is tested on both.
var ends = []struct {
	kind Kind
	end  func(k *fakeKernel) any
}{
	{Syslog, func(k *fakeKernel) any { return k.ring() }},
	{Kmsg, func(k *fakeKernel) any { return k.device() }},
}

// onBoth runs a test in a bubble of time for each reader.
func onBoth(t *testing.T, room int, test func(t *testing.T, k *fakeKernel, end func() any)) {
	t.Helper()
	for _, e := range ends {
		t.Run(string(e.kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFakeKernel(room)
				test(t, k, func() any { return e.end(k) })
			})
		})
	}
}

func want(t *testing.T, h *heard, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(lines, h.all()); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestFollowFromBootAndAsItGrows(t *testing.T) {
	onBoth(t, 128<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		k.boot()
		l := open(t, end(), Options{})
		if got := l.Start(); !got.ReachesBoot || got.ReachesPosition || got.OldestUptime != 0 {
			t.Errorf("start: %+v, want one that reaches boot and no position", got)
		}
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		want(t, h, "Linux version 6.18.44 (build@host) #1 SMP", "Command line: ro", "Run /sbin/init as init process", "idle")
		k.print(4, "one")
		k.print(3, "two")
		sleep(150 * time.Millisecond)
		want(t, h, "one", "two", "idle")
		sleep(10 * time.Second)
		want(t, h)
		if h.idles < 30 {
			t.Errorf("a Handler heard %d times in 11 s that the log is silent, want some 40", h.idles)
		}
		if err := stop(); err != nil {
			t.Errorf("Follow: %v, want nil where ctx ended it", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestRecordsAreReadByTheParser(t *testing.T) {
	onBoth(t, 128<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		kill := "Memory cgroup out of memory: Killed process 41 (app) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:9"
		k.print(12, strings.Replace(kill, "41", "66", 1)) // by a program
		k.print(6, "a record\nof several lines")
		k.print(3, kill)
		h := &heard{}
		stop := follow(t, open(t, end(), Options{}), h)
		sleep(time.Second)
		_ = stop() // it is nil, as another test checks
		p := kernlog.NewParser(kernlog.Options{})
		for _, r := range h.recs {
			p.Line(r.Line)
			if r.Uptime.Truncate(time.Second) != time.Minute {
				t.Errorf("uptime of %q: %s, want 1m", r.Line, r.Uptime)
			}
		}
		p.Flush()
		r := p.Next()
		if r == nil || len(r.Killed) != 1 || r.Killed[0].PID != 41 {
			t.Fatalf("the parser found %+v, want the kill of 41 alone", r)
		}
		if r := p.Next(); r != nil {
			t.Errorf("the parser found another one: %+v", r)
		}
	})
}

func TestGoingOnFromAPosition(t *testing.T) {
	onBoth(t, 128<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		k.boot()
		for i := range 300 {
			k.print(6, fmt.Sprintf("line %d", i))
			sleep(time.Millisecond)
		}
		l := open(t, end(), Options{})
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(l.Position())
		if err != nil {
			t.Fatal(err)
		}
		var from Position
		if err := json.Unmarshal(text, &from); err != nil {
			t.Fatal(err)
		}
		k.print(6, "while nobody looked")

		h = &heard{}
		l = open(t, end(), Options{From: from})
		if got := l.Start(); !got.ReachesPosition || !got.ReachesBoot {
			t.Errorf("start %+v, want one that reaches the position and boot", got)
		}
		stop = follow(t, l, h)
		sleep(time.Second)
		want(t, h, "while nobody looked", "idle")
		if err := stop(); err != nil {
			t.Fatal(err)
		}

		h = &heard{}
		l = open(t, end(), Options{From: from, BootID: "boot-2"})
		if got := l.Start(); got.ReachesPosition {
			t.Errorf("start %+v: a position of another boot is none", got)
		}
		stop = follow(t, l, h)
		sleep(time.Second)
		if got := len(h.recs); got != 304 || len(h.lost) > 0 {
			t.Errorf("in another boot %d records and losses %v, want all 304 and none", got, h.lost)
		}
		_ = stop() // it is nil, as another test checks
	})
}

func TestPositionOfAnotherReader(t *testing.T) {
	onBoth(t, 128<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		k.boot()
		sleep(time.Second)
		k.print(6, "known")
		from := Position{BootID: "boot-1", Reader: Journal, UptimeUS: k.uptime().Microseconds()}
		sleep(time.Second)
		k.print(6, "new")
		l := open(t, end(), Options{From: from})
		if !l.Start().ReachesPosition {
			t.Errorf("start %+v, want one that reaches the position", l.Start())
		}
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		want(t, h, "new", "idle")
		_ = stop() // it is nil, as another test checks
	})
}

func TestOverwrittenBetweenTwoReads(t *testing.T) {
	onBoth(t, 4<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		k.boot()
		h := &heard{}
		l := open(t, end(), Options{})
		stop := follow(t, l, h)
		sleep(time.Second)
		h.all()
		from := l.Position()
		before := time.Now()
		k.set(func() { k.mute = true })
		for i := range 1000 {
			k.print(6, fmt.Sprintf("line %d of a storm", i))
		}
		k.set(func() { k.mute = false })
		k.print(6, "the last one")
		sleep(5 * time.Second)
		got := h.all()
		if len(h.lost) != 1 || !strings.HasPrefix(got[0], "lost") {
			t.Fatalf("losses %+v, first heard %q, want one, at first", h.lost, got[0])
		}
		if last := got[len(got)-2]; last != "the last one" {
			t.Errorf("the last line is %q", last)
		}
		loss := h.lost[0]
		if d := loss.At.Sub(before).Abs(); d > 10*time.Millisecond || before.Sub(loss.Since) < 0 || before.Sub(loss.Since) > slowest {
			t.Errorf("lost from %s to %s, want times around %s", loss.Since, loss.At, before)
		}
		if !strings.Contains(loss.Why, "overwrote") {
			t.Errorf("why: %q", loss.Why)
		}
		if _, ok := end().(*fakeDevice); ok && loss.Records+int64(len(got))-2 != 1001 {
			t.Errorf("%d lost and %d read, want 1001 together", loss.Records, len(got)-2)
		}
		_ = stop() // it is nil, as another test checks

		h = &heard{}
		l = open(t, end(), Options{From: from})
		if got := l.Start(); got.ReachesPosition || got.ReachesBoot {
			t.Errorf("start %+v, want one that reaches neither", got)
		}
		stop = follow(t, l, h)
		sleep(time.Second)
		if len(h.lost) != 1 || len(h.lines) == 0 || !strings.HasPrefix(h.lines[0], "lost") {
			t.Errorf("losses %+v, want one before the first record", h.lost)
		}
		_ = stop() // it is nil, as another test checks
	})
}

func TestFaultsThatPass(t *testing.T) {
	onBoth(t, 128<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		k.boot()
		h := &heard{}
		stop := follow(t, open(t, end(), Options{}), h)
		sleep(time.Second)
		h.all()
		k.set(func() { k.faults = []error{syscall.EINTR, syscall.EINTR} })
		k.print(6, "one")
		sleep(3 * time.Second)
		want(t, h, "one", "idle")
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestFaultsThatLast(t *testing.T) {
	onBoth(t, 128<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		k.boot()
		h := &heard{}
		e := end()
		stop := follow(t, open(t, e, Options{}), h)
		sleep(time.Second)
		k.set(func() { k.faults = slices.Repeat([]error{syscall.EPERM}, 1000) })
		k.print(6, "one")
		sleep(time.Minute)
		if err := stop(); !errors.Is(err, syscall.EPERM) {
			t.Errorf("Follow: %v, want EPERM", err)
		}
	})
}

func TestTimes(t *testing.T) {
	onBoth(t, 128<<10, func(t *testing.T, k *fakeKernel, end func() any) {
		step := time.Duration(0)
		began := time.Now()
		k.printAt(2*time.Second, 6, "old")
		h := &heard{}
		stop := follow(t, open(t, end(), Options{Now: func() time.Time { return time.Now().Add(step) }}), h)
		sleep(time.Second)
		at := func(i int) time.Duration { return h.recs[i].At.Sub(began) }
		if at(0) != -58*time.Second {
			t.Errorf("old: %s, want 58 s before the log was opened", at(0))
		}
		// The kernel's clock has run away by a minute: a live record did not come before the look that did not see it.
		k.printAt(k.uptime()-time.Minute, 6, "late")
		sleep(time.Second)
		if got := at(1); got < 0 || got > 1100*time.Millisecond {
			t.Errorf("late: %s, want a moment of the look that found it", got)
		}
		k.printAt(k.uptime()+time.Minute, 6, "early")
		sleep(time.Second)
		if got := at(2); got < 1900*time.Millisecond || got > 2200*time.Millisecond {
			t.Errorf("early: %s, want a moment of the look that found it", got)
		}
		for i, by := range []time.Duration{time.Hour, -time.Hour} {
			sleep(10 * time.Second)
			step = by
			when := time.Now().Add(step).Sub(began)
			k.print(6, "after a step of the clock")
			sleep(time.Second)
			if got := at(3+i) - when; got < -100*time.Millisecond || got > 100*time.Millisecond {
				t.Errorf("after a step by %s: %s off", by, got)
			}
		}
		_ = stop() // it is nil, as another test checks
	})
}

func TestOpenSaysWhatToDo(t *testing.T) {
	_, err := Open(Options{Kind: "dmesg", BootID: "b"})
	if err == nil || !strings.Contains(err.Error(), "use syslog, journal or kmsg") {
		t.Errorf("an unknown reader: %v", err)
	}
}

func TestPositionAsJSON(t *testing.T) {
	tests := []struct {
		pos  Position
		want string
	}{
		{Position{BootID: "b", Reader: Kmsg, UptimeUS: 5, NextSeq: 7}, `{"boot_id":"b","reader":"kmsg","uptime_us":5,"next_seq":7}`},
		{Position{BootID: "b", Reader: Syslog, UptimeUS: -1, Lines: 8, Hash: "af"}, `{"boot_id":"b","reader":"syslog","uptime_us":-1,"lines":8,"hash":"af"}`},
		{
			Position{BootID: "b", Reader: Journal, UptimeUS: 5, Cursor: &Cursor{SeqnumID: "s", Seqnum: 3, RealtimeUS: 2, MonotonicUS: 1}},
			`{"boot_id":"b","reader":"journal","uptime_us":5,"cursor":{"seqnum_id":"s","seqnum":3,"realtime_us":2,"monotonic_us":1}}`,
		},
	}
	for _, tt := range tests {
		got, err := json.Marshal(tt.pos)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s, %v, want %s", got, err, tt.want)
		}
	}
}
