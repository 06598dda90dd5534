package deliver

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// virtual returns options of a Sender that speaks with b in the test's own time.
func virtual(t *testing.T, b *bot) Options {
	t.Helper()
	o := options(t, "http://oombot:8080")
	o.transport = b
	return o
}

// away answers 503 until the moment given, and then takes everything.
func away(until time.Time) func(int, investigations.NodeReport, http.ResponseWriter) int {
	return func(int, investigations.NodeReport, http.ResponseWriter) int {
		if time.Now().Before(until) {
			return http.StatusServiceUnavailable
		}
		return http.StatusAccepted
	}
}

func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(nil)
		s := open(t, virtual(t, b))
		stop := run(t, s)
		start := time.Now()
		time.Sleep(50 * time.Second)
		stop()
		var at []time.Duration
		for _, g := range b.requests() {
			at = append(at, g.at.Sub(start))
			if g.report.Seq != 0 || g.report.Heartbeat == nil || g.report.Node != testNode || g.report.BootID != testBoot {
				t.Errorf("a heartbeat is %+v", g.report)
			}
		}
		if diff := cmp.Diff([]time.Duration{0, 15 * time.Second, 30 * time.Second, 45 * time.Second}, at); diff != "" {
			t.Error(diff)
		}
	})
}

// TestBackoff has the bot away for ten minutes: it is asked less and less, and a new report tries its luck.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBot(away(start.Add(10 * time.Minute)))
		s := open(t, virtual(t, b))
		run(t, s)
		time.Sleep(9*time.Minute + 30*time.Second)
		requests := b.requests()
		for i, g := range requests[1:] {
			gap, most := g.at.Sub(requests[i].at), min(firstRetry<<min(i, 10), lastRetry)
			if gap < most/2 || gap > most {
				t.Errorf("after failure %d, %s pass; at most %s should", i+1, gap, most)
			}
		}
		if n := len(requests); n < 15 || n > 50 {
			t.Errorf("%d requests", n)
		}
		time.Sleep(50 * time.Second) // twenty seconds after the bot came back, at most
		sent := time.Now()
		send(t, s, kill("a"))
		synctest.Wait()
		time.Sleep(hurried)
		synctest.Wait()
		if got := b.taken(); len(got) != 1 || got[0].at.Sub(sent) > hurried {
			t.Errorf("taken is %+v", got)
		}
		if st := s.Stats(); st.LastError == "" || !st.LastSuccess.After(st.LastErrorAt) || s.Faults() != nil {
			t.Errorf("the figures are %+v, faults %q", st, s.Faults())
		}
	})
}

// TestObeys has a bot that wants to be left alone, and one that refuses the token: a new report changes nothing.
func TestObeys(t *testing.T) {
	tests := []struct {
		name        string
		status      int
		retryAfter  string
		least, most time.Duration
	}{
		{"busy", http.StatusTooManyRequests, "120", 2 * time.Minute, 2 * time.Minute},
		{"refused", http.StatusUnauthorized, "", firstRefused / 2, firstRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBot(func(n int, _ investigations.NodeReport, w http.ResponseWriter) int {
					if n > 0 {
						return http.StatusAccepted
					}
					if tt.retryAfter != "" {
						w.Header().Set("Retry-After", tt.retryAfter)
					}
					return tt.status
				})
				s := open(t, virtual(t, b))
				run(t, s)
				time.Sleep(time.Second)
				send(t, s, kill("a"))
				time.Sleep(5 * time.Minute)
				all := b.requests()
				if gap := all[1].at.Sub(all[0].at); gap < tt.least || gap > tt.most {
					t.Errorf("%s pass", gap)
				}
				if diff := cmp.Diff([]string{"a"}, b.comms()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestStorm has a thousand kills in a minute, each with its recording.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(nil)
		s := open(t, virtual(t, b))
		stop := run(t, s)
		const kills = 1000
		var worst time.Duration
		sent := map[int64]time.Time{}
		for i := range kills {
			r := kill("java")
			r.Reports[0].Killed[0].PID = int64(i)
			r.Recorder = recording(time.Now(), "checkout", 60)
			sent[int64(i)] = time.Now()
			send(t, s, r)
			time.Sleep(time.Minute / kills)
		}
		time.Sleep(2 * time.Second)
		stop()
		times := map[int64]int{}
		for _, g := range b.taken() {
			for _, r := range g.report.Reports {
				pid := r.Killed[0].PID
				times[pid]++
				worst = max(worst, g.at.Sub(sent[pid]))
			}
			if n := len(g.report.Recorder.Series); n != 1 {
				t.Errorf("a report holds %d series of one container", n)
			}
		}
		for i := range int64(kills) {
			if times[i] != 1 {
				t.Errorf("kill %d came %d times", i, times[i])
			}
		}
		if n := len(b.taken()); n > 200 {
			t.Errorf("%d requests for %d kills", n, kills)
		}
		if worst > time.Second {
			t.Errorf("a kill took %s", worst)
		}
		if st := s.Stats(); st.Delivered != kills || st.Waiting != 0 {
			t.Errorf("the figures are %+v", st)
		}
	})
}

// TestBacklog has a bot that comes back after an hour: what is new goes before what has waited, and a number of them goes
// at once.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(time.Hour)
		b := newBot(away(back))
		s := open(t, virtual(t, b))
		run(t, s)
		for range 300 {
			send(t, s, kill("old"))
			time.Sleep(10 * time.Second)
		}
		time.Sleep(time.Until(back))
		send(t, s, kill("new"))
		time.Sleep(time.Minute)
		comms := b.comms()
		if len(comms) != 301 || comms[0] != "new" {
			t.Errorf("%d reports, the first %v", len(comms), comms[:min(len(comms), 1)])
		}
		seqs := map[int64]bool{}
		for _, g := range b.taken() {
			seqs[g.report.Seq] = true
		}
		if n := len(b.taken()); n != len(seqs) {
			t.Errorf("%d requests with %d numbers", n, len(seqs))
		}
		if st := s.Stats(); st.Waiting != 0 || st.Delivered != 301 {
			t.Errorf("the figures are %+v", st)
		}
	})
}

// TestBacklogSpan has a bot that takes no token for half an hour: what is merged of that is of a few minutes, by whose heartbeat
// the bot knows that none of it was found much later.
func TestBacklogSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(30 * time.Minute)
		b := newBot(func(int, investigations.NodeReport, http.ResponseWriter) int {
			if time.Now().Before(back) {
				return http.StatusUnauthorized
			}
			return http.StatusAccepted
		})
		s := open(t, virtual(t, b))
		run(t, s)
		for range 29 {
			r, at := kill("old"), time.Now().UTC()
			r.Reports[0].At = &at
			send(t, s, r)
			time.Sleep(time.Minute)
		}
		time.Sleep(10 * time.Minute)
		told := 0
		for _, g := range b.taken() {
			for _, r := range g.report.Reports {
				told++
				if late := g.report.Heartbeat.At.Sub(*r.At); late > mergeSpan {
					t.Errorf("a kill goes with a heartbeat of %s later", late)
				}
			}
		}
		if told != 29 || len(b.taken()) > 15 {
			t.Errorf("%d kills in %d requests", told, len(b.taken()))
		}
	})
}

// TestBacklogOfAStorm has a bot that is away in a storm, and takes a thousand kills at a time.
func TestBacklogOfAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back, most := time.Now().Add(time.Minute), 0
		b := newBot(func(_ int, r investigations.NodeReport, _ http.ResponseWriter) int {
			most = max(most, len(r.Reports))
			switch {
			case time.Now().Before(back):
				return http.StatusUnauthorized
			case len(r.Reports) > 1000:
				return http.StatusRequestEntityTooLarge
			}
			return http.StatusAccepted
		})
		s := open(t, virtual(t, b))
		run(t, s)
		const reports, kills = 100, 30
		for range reports {
			r := kill("java")
			for len(r.Reports) < kills {
				r.Reports = append(r.Reports, r.Reports[0])
			}
			send(t, s, r)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(6 * time.Minute)
		if n := len(b.comms()); n != reports*kills || s.Stats().Rejected != 0 {
			t.Errorf("%d of %d kills are told of, up to %d at a time: %+v", n, reports*kills, most, s.Stats())
		}
	})
}

// TestEnd has a bot that hangs while the agent ends.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		b := newBot(func(n int, _ investigations.NodeReport, _ http.ResponseWriter) int {
			if n > 0 {
				<-hang
			}
			return http.StatusAccepted
		})
		o := virtual(t, b)
		o.transport = hanging{b}
		s := open(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(time.Second)
		send(t, s, kill("a"), kill("b"))
		time.Sleep(time.Second)
		cancel()
		start := time.Now()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d != lastAttempt {
			t.Errorf("it ends after %s", d)
		}
		close(hang)
		if diff := cmp.Diff([]string{"a", "b"}, lying(t, open(t, o))); diff != "" {
			t.Error(diff)
		}
		if f := s.Faults(); f != nil {
			t.Errorf("faults: %q", f)
		}
	})
}

// hanging gives up when the request's context ends, as a connection does.
type hanging struct{ b *bot }

// RoundTrip answers, or ends with the context.
func (h hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	type result struct {
		res *http.Response
		err error
	}
	c := make(chan result, 1)
	go func() {
		res, err := h.b.RoundTrip(r) //nolint:bodyclose // its receiver closes it
		c <- result{res, err}
	}()
	select {
	case got := <-c:
		return got.res, got.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// TestEndDelivers has an agent end just after a kill.
func TestEndDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(nil)
		s := open(t, virtual(t, b))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		send(t, s, kill("a"), kill("b"))
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
		comms := b.comms()
		slices.Sort(comms)
		if diff := cmp.Diff([]string{"a", "b"}, comms); diff != "" {
			t.Error(diff)
		}
	})
}
