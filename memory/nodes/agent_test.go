package nodes

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// beat is a heartbeat so long after the moment, of an agent that follows the log since another time.
func beat(boot string, since, at time.Duration) investigations.NodeReport {
	return investigations.NodeReport{
		Node: "n1", BootID: boot, Heartbeat: &investigations.NodeHeartbeat{At: moment.Add(at), LosslessSince: ptr(moment.Add(since))},
	}
}

// TestStretches joins what adjoins, and says over which time the log was followed that is asked about.
func TestStretches(t *testing.T) {
	const m = time.Minute
	worlds(t, func(t *testing.T, w *world) {
		w.now = moment.Add(100 * m)
		for _, r := range []investigations.NodeReport{
			beat("b1", 0, 0), beat("b1", 0, 1*m), beat("b1", 0, 3*m), beat("b1", 0, 2*m), // one of them came late
			beat("b1", 3*m, 5*m),   // an agent that went on where the last one ended
			beat("b1", 7*m, 8*m),   // one that lost something
			beat("b2", 8*m, 9*m),   // after a restart of the machine
			beat("b2", 20*m, 10*m), // one that can't be
			{Node: "n1", BootID: "b2", Heartbeat: &investigations.NodeHeartbeat{At: moment.Add(12 * m)}},
			{Node: "n1", BootID: "b2", Recorder: &investigations.NodeRecording{To: moment.Add(31 * m), LosslessSince: ptr(moment.Add(30 * m))}},
		} {
			w.take(r)
		}
		check := func(when string) {
			t.Helper()
			for at, want := range map[time.Duration][2]time.Duration{
				-1 * m: {}, 0: {0, 5 * m}, 4 * m: {0, 5 * m}, 5 * m: {0, 5 * m}, 6 * m: {0, 5 * m}, 7 * m: {7 * m, 8 * m},
				8 * m: {7 * m, 8 * m}, 9 * m: {8 * m, 9 * m}, 29 * m: {8 * m, 9 * m}, 30 * m: {30 * m, 31 * m}, 90 * m: {30 * m, 31 * m},
			} {
				a := w.account("n1", 0, at)
				got := [2]time.Duration{a.LosslessFrom.Sub(moment), a.LosslessTo.Sub(moment)}
				if a.LosslessFrom.IsZero() && a.LosslessTo.IsZero() {
					got = [2]time.Duration{}
				}
				if got != want {
					t.Errorf("%s, at %s: %v, want %v", when, at, got, want)
				}
			}
		}
		check("as it is told")
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.open()
		check("after a restart")
	})
}

// TestStretchesAreBounded keeps the newest of many.
func TestStretchesAreBounded(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	w.now = moment.Add(1000 * time.Hour)
	for i := range 2 * maxStretches {
		w.take(beat(fmt.Sprint(i), time.Duration(i)*time.Hour, time.Duration(i)*time.Hour+time.Minute))
	}
	all := w.nodes["n1"].agent.lossless
	if len(all) != maxStretches || all[0].Boot != fmt.Sprint(maxStretches) {
		t.Errorf("%d are left, the first of boot %s", len(all), all[0].Boot)
	}
}

// TestClocks believes a node's clock as long as it is not ahead.
func TestClocks(t *testing.T) {
	now := moment.Add(time.Hour)
	tests := map[string]struct{ told, want time.Time }{
		"an hour ago":          {moment, moment},
		"a minute ahead":       {now.Add(time.Minute), now.Add(time.Minute)},
		"three minutes ahead":  {now.Add(3 * time.Minute), now},
		"never":                {time.Time{}, now},
		"before time began":    {time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 50400)), now},
		"at the end of time":   {time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -50400)), now},
		"without a battery":    {time.Unix(5, 0), time.Unix(5, 0)},
		"in another time zone": {moment.In(time.FixedZone("", 3600)), moment},
	}
	for name, tt := range tests {
		r := full()
		r.Reports[0].At, r.Counted[0].At, r.UserKills[0].At, r.Profiles[0].At, r.Heartbeat.At = &tt.told, tt.told, tt.told, tt.told, tt.told
		r.Recorder.To, r.Recorder.Top[0].At = tt.told, tt.told
		for range 2 {
			Settle(&r, now)
		}
		for i, got := range []time.Time{
			*r.Reports[0].At, r.Counted[0].At, r.UserKills[0].At, r.Profiles[0].At, r.Heartbeat.At, r.Recorder.To, r.Recorder.Top[0].At,
		} {
			if !got.Equal(tt.want) || got.Location() != time.UTC && name != "without a battery" {
				t.Errorf("%s: time %d is %s, want %s", name, i, got, tt.want)
			}
		}
		if r.Recorder.From.After(r.Recorder.To) {
			t.Errorf("%s: the recording is from %s to %s", name, r.Recorder.From, r.Recorder.To)
		}
	}
}

// TestBootTime gives a report without a date its time by another of the same boot.
func TestBootTime(t *testing.T) {
	r := investigations.NodeReport{Reports: []investigations.KernelReport{
		{UptimeS: ptr(10.5)}, {At: ptr(moment), UptimeS: ptr(100.0)}, {}, {UptimeS: ptr(-3.0)}, {UptimeS: ptr(1e300)},
	}}
	Settle(&r, moment.Add(time.Hour))
	var got []time.Duration
	for _, k := range r.Reports {
		got = append(got, k.At.Sub(moment))
	}
	want := []time.Duration{-89500 * time.Millisecond, 0, time.Hour, -100 * time.Second, time.Hour}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestHeartbeatsAreWrittenSeldom counts the writes of many heartbeats.
func TestHeartbeatsAreWrittenSeldom(t *testing.T) {
	shelf := &brittle{Shelf: memorytest.New(time.Now)}
	w := newWorld(t, shelf)
	begin := w.now
	for w.now.Sub(begin) < 5*time.Minute {
		w.take(beat("b1", 0, w.now.Sub(moment)))
		w.now = w.now.Add(time.Second)
	}
	if shelf.writes != 10 {
		t.Errorf("5 minutes of heartbeats are written %d times", shelf.writes)
	}
	// What was heard since then is lost where the program is killed, and told again by the next heartbeat.
	w.open()
	if a := w.account("n1", 0, time.Hour); w.now.Sub(a.LosslessTo) > flushEvery+time.Second {
		t.Errorf("it knows until %s before the end", w.now.Sub(a.LosslessTo))
	}
	w.take(beat("b1", 0, w.now.Sub(moment)))
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	writes := shelf.writes
	if err := w.Flush(t.Context()); err != nil || shelf.writes != writes {
		t.Errorf("nothing new is written: %v", err)
	}
	w.open()
	if a := w.account("n1", 0, time.Hour); !a.LosslessFrom.Equal(moment) || !a.LosslessTo.Equal(w.now) {
		t.Errorf("after the end it knows %s to %s", a.LosslessFrom, a.LosslessTo)
	}
}

// TestHeartbeatsWait keeps what can't be written for the next time.
func TestHeartbeatsWait(t *testing.T) {
	shelf := &brittle{Shelf: memorytest.New(time.Now), fail: map[int]bool{1: true}}
	w := newWorld(t, shelf)
	w.take(beat("b1", 0, time.Second))
	if err := w.Flush(t.Context()); err != nil || shelf.writes != 2 {
		t.Errorf("written %d times: %v", shelf.writes, err)
	}
	w.open()
	if a := w.account("n1", 0, time.Minute); a.LosslessTo.IsZero() {
		t.Error("it is lost")
	}
}

// TestAgents counts who was heard when.
func TestAgents(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	begin := w.now
	if a := w.Agents(begin.Add(-time.Hour)); a != (Agents{}) {
		t.Errorf("of nobody: %+v", a)
	}
	for i := range 4 {
		w.take(investigations.NodeReport{Node: fmt.Sprint(i), Heartbeat: &investigations.NodeHeartbeat{At: w.now, Dropped: int64(i) - 1}})
		w.now = w.now.Add(time.Minute)
	}
	check := func(when string) {
		t.Helper()
		for since, want := range map[time.Duration]Agents{
			-time.Hour:      {Heard: 4, Oldest: begin, Dropped: 3},
			2 * time.Minute: {Heard: 2, Oldest: begin.Add(2 * time.Minute), Dropped: 3},
			time.Hour:       {},
		} {
			got := w.Agents(begin.Add(since))
			if got.Heard != want.Heard || got.Dropped != want.Dropped || !got.Oldest.Equal(want.Oldest) {
				t.Errorf("%s, since %s: %+v, want %+v", when, since, got, want)
			}
		}
	}
	check("as it is told")
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.open()
	check("after a restart")
}

// TestEach tells of the agents one by one.
func TestEach(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	begin := w.now
	for _, name := range []string{"n2", "n1", "n3"} {
		w.take(investigations.NodeReport{Node: name, Heartbeat: &investigations.NodeHeartbeat{At: w.now, Faults: []string{"of " + name}}})
		w.now = w.now.Add(time.Minute)
	}
	each := func(since time.Duration) []string {
		var out []string
		for _, h := range w.Each(begin.Add(since)) {
			out = append(out, fmt.Sprint(h.Node, " ", h.At.Sub(begin), " ", h.Last.Faults))
			h.Last.Faults[0] = "changed"
		}
		return out
	}
	all := []string{"n1 1m0s [of n1]", "n2 0s [of n2]", "n3 2m0s [of n3]"}
	w.same("all", all, each(0))
	w.same("all again", all, each(0))
	w.same("since then", all[2:], each(90*time.Second))
	w.same("nobody", []string(nil), each(time.Hour))
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.same("after a restart", all, each(0))
}

// TestNodesAreBounded forgets whom it heard the longest ago, and nobody of whom it has a report.
func TestNodesAreBounded(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	w.take(investigations.NodeReport{Node: "first", Reports: []investigations.KernelReport{kernelAt(0, 1)}})
	for i := range maxNodes + 5 {
		w.now = w.now.Add(time.Millisecond)
		w.heard(&investigations.NodeReport{Node: fmt.Sprint(i)}, w.now)
	}
	if n := len(w.nodes); n != maxNodes || w.nodes["first"] == nil || w.nodes["0"] != nil || w.nodes["6"] == nil {
		t.Errorf("%d nodes are known", n)
	}
}
