package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// lines are what a thread of C1 was told of further kills.
func (b *bench) lines(root *message) []string {
	var out []string
	for _, m := range b.room.all() {
		if m.Thread == root.ts && strings.HasPrefix(m.Text, "Killed again") {
			out = append(out, m.Text)
		}
	}
	return out
}

// root is the first message of the one thread.
func (b *bench) root(t *testing.T) *message {
	t.Helper()
	b.only(t)
	return b.room.roots("C1")[0]
}

func sure(confidence float64) func(*investigations.Result) {
	return func(r *investigations.Result) { r.Verdict.Confidence = confidence }
}

// checkout gives the one pod of the workload a verdict.
func (b *bench) checkout(cause investigations.Cause, boundary investigations.Boundary, confidence float64) {
	b.verdict("shop", "checkout", checkoutPod, "n1", cause, boundary, sure(confidence))
}

func in(container string) func(*bot.Alert) {
	return func(a *bot.Alert) { a.Targets[0].Container = container }
}

// TestKilledAgain has one pod killed again and again: the card counts, and the thread is told of it, seldom.
func TestKilledAgain(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		b.kill(t, checkoutPod)
		settle(12 * time.Minute)
		b.kill(t, checkoutPod)
		settle(2 * time.Minute)
		b.kill(t, checkoutPod)
		settle(2 * time.Minute)
		wants(t, b.only(t), "🔁 3 kills in 14 min, the last at ")
		b.kill(t, checkoutPod)
		settle(2 * time.Minute)
		want := []string{
			"Killed again 12 min later, same boundary, same container: 2 kills in 12 min.",
			"Killed again 2 min later, same boundary, same container: 4 kills in 16 min.",
		}
		if got := b.lines(b.root(t)); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("the thread was told %q, want %q", got, want)
		}
		if n := b.cluster.ran(checkoutPod); n != 1 {
			t.Errorf("it was investigated %d times, want once", n)
		}
	})
}

// TestCrashLoopOfManyPods has 40 pods of one workload killed every minute for an hour: one thread, one card, and few lines.
func TestCrashLoopOfManyPods(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(40)
		b.start(t)
		for range 60 {
			for i := range 40 {
				b.kill(t, fmt.Sprintf("checkout-7c9d8f6b5-x2x%02d", i))
			}
			settle(time.Minute)
		}
		wants(t, b.only(t), "2400 kills", "x2x06` +33")
		if got := b.lines(b.root(t)); len(got) < 3 || len(got) > 12 {
			t.Errorf("the thread was told %d times:\n%s", len(got), strings.Join(got, "\n"))
		}
		if n := b.cluster.ran(""); n > 8 {
			t.Errorf("it was investigated %d times", n)
		}
	})
}

// TestKillOfAnotherKind has a kill in another container, or at another limit, join the thread of one that is being looked
// at or was: it is looked at by itself, and once.
func TestKillOfAnotherKind(t *testing.T) {
	other := map[string]struct {
		change func(*bot.Alert)
		says   string
	}{
		"container": {in("proxy"), "same boundary, another container (`proxy`)"},
		"boundary":  {limit(investigations.BoundaryPod), "another boundary (pod limit), same container"},
	}
	for name, tt := range other {
		for when, after := range map[string]time.Duration{"judged": 5 * time.Minute, "running": time.Second} {
			t.Run(name+" while "+when, func(t *testing.T) {
				atWork(t, func(t *testing.T, b *bench) {
					b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
					b.cluster.took = 10 * time.Second
					b.start(t)
					b.kill(t, checkoutPod)
					settle(after)
					b.kill(t, checkoutPod, tt.change)
					settle(time.Minute)
					b.kill(t, checkoutPod, tt.change)
					settle(time.Minute)
					if n := b.cluster.ran(checkoutPod); n != 2 {
						t.Errorf("it was investigated %d times, want each kind once", n)
					}
					wants(t, b.only(t), "3 kills")
					got := strings.Join(b.lines(b.root(t)), "\n")
					if !strings.Contains(got, tt.says) || !strings.Contains(got, "the same cause as above") {
						t.Errorf("the thread was told %q, want %q", got, tt.says)
					}
				})
			})
		}
	}
}

// TestKillsOfTwoContainers has two containers of a pod killed in turn, of two causes: each has a thread, which counts its own.
func TestKillsOfTwoContainers(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
		b.start(t)
		b.kill(t, checkoutPod)
		settle(5 * time.Minute)
		b.verdict("shop", "checkout", checkoutPod, "n1", investigations.CauseLoadSpike, investigations.BoundaryContainer, func(r *investigations.Result) {
			r.Target.Container, r.Verdict.Victim.Container = "proxy", "proxy"
		})
		b.kill(t, checkoutPod, in("proxy"))
		settle(5 * time.Minute)
		roots := b.room.roots("C1")
		if len(roots) != 2 {
			t.Fatalf("there are %d threads, want 2", len(roots))
		}
		if got := strings.Join(b.lines(roots[0]), "\n"); !strings.Contains(got, "another container (`proxy`)") || !strings.Contains(got, "is told of in another thread") {
			t.Errorf("the first thread was told %q", got)
		}
		for range 4 {
			b.kill(t, checkoutPod)
			b.kill(t, checkoutPod, in("proxy"))
			settle(3 * time.Minute)
		}
		for _, m := range b.room.roots("C1") {
			wants(t, shows(m.Message), "5 kills")
		}
		if n := b.cluster.ran(checkoutPod); n != 2 {
			t.Errorf("they were investigated %d times, want each once", n)
		}
	})
}

// TestUnsureVerdictIsRevised has a verdict that was unsure, since the kernel's report or a recording was missing, stand
// until a further kill brings that.
func TestUnsureVerdictIsRevised(t *testing.T) {
	counter := func(a *bot.Alert) { byCounter(1)(a) }
	tests := map[string]struct {
		first, second func(*bot.Alert)
		// by is how the first is told of: a kill, or an alert.
		alert bool
		runs  int
	}{
		"a report after a counter":      {counter, byKernel(9, 0), false, 2},
		"a recording":                   {byKernel(1, 0), func(a *bot.Alert) { byKernel(2, 0)(a); a.Kill.Recorded = true }, false, 2},
		"a report after an alert":       {nil, byKernel(9, 0), true, 2},
		"nothing that was not there":    {byKernel(1, 0), byKernel(2, 0), false, 1},
		"a counter again, and no more":  {counter, byCounter(2), false, 1},
		"no report, where it was known": {byKernel(1, 0), byCounter(2), false, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkout(investigations.CauseInsufficientEvidence, investigations.BoundaryContainer, 0.3)
				unsure := b.cluster.results[checkoutPod].ID
				b.start(t)
				if tt.alert {
					b.alert(t, "shop", checkoutPod)
				} else {
					b.kill(t, checkoutPod, tt.first)
				}
				settle(3 * time.Minute)
				b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
				known := b.cluster.results[checkoutPod].ID
				b.kill(t, checkoutPod, tt.second)
				settle(3 * time.Minute)
				if n := b.cluster.ran(checkoutPod); n != tt.runs {
					t.Errorf("it was investigated %d times, want %d", n, tt.runs)
				}
				card := b.only(t)
				if revised := strings.Contains(card, "it was leak"); revised != (tt.runs == 2) {
					t.Errorf("the card says\n%s", card)
				}
				if tt.runs == 1 {
					return
				}
				if got := strings.Join(b.lines(b.root(t)), "\n"); !tt.alert && !strings.Contains(got, "the verdict above is of this kill now") {
					t.Errorf("the thread was told %q", got)
				}
				for _, id := range []string{unsure, known} {
					trace, err := b.store.Trace(t.Context(), id)
					if err != nil || len(trace.ShownAt) == 0 {
						t.Errorf("memory knows of %s: %v, shown at %v", id, err, trace.ShownAt)
					}
				}
				b.kill(t, checkoutPod, tt.second)
				settle(20 * time.Minute)
				if n := b.cluster.ran(checkoutPod); n != tt.runs {
					t.Errorf("once it was sure it was investigated again: %d times", n)
				}
			})
		})
	}
}

// TestKillAfterAJudgement has a kill come after people marked the incident as fixed, or held its verdict for wrong.
func TestKillAfterAJudgement(t *testing.T) {
	tests := map[string]struct {
		action string
		again  investigations.Cause
		runs   int
		says   string
	}{
		"fixed":                    {bot.ActionFixed, investigations.CauseLeak, 2, "It was marked as fixed before. Looked at again: the same cause as above."},
		"held for wrong":           {bot.ActionDown, investigations.CauseLoadSpike, 2, "The verdict was judged wrong. Looked at again: the verdict above is of this kill now."},
		"held for wrong, the same": {bot.ActionDown, investigations.CauseLeak, 2, "The verdict was judged wrong. Looked at again: the same cause as above."},
		"held for right":           {bot.ActionUp, investigations.CauseLeak, 1, "same boundary, same container: 2 kills"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
				b.start(t)
				b.kill(t, checkoutPod)
				settle(3 * time.Minute)
				b.pressed(t, b.root(t).ts, tt.action, b.incident(t).ID, "U1")
				b.checkout(tt.again, investigations.BoundaryContainer, 0.9)
				result := b.cluster.results[checkoutPod].ID
				settle(3 * time.Minute)
				b.kill(t, checkoutPod)
				settle(3 * time.Minute)
				if n := b.cluster.ran(checkoutPod); n != tt.runs {
					t.Errorf("it was investigated %d times, want %d", n, tt.runs)
				}
				wants(t, b.only(t), "it was "+string(tt.again), "2 kills")
				if got := strings.Join(b.lines(b.root(t)), "\n"); !strings.Contains(got, tt.says) {
					t.Errorf("the thread was told %q, want %q", got, tt.says)
				}
				if tt.runs == 1 {
					return
				}
				trace, err := b.store.Trace(t.Context(), result)
				if err != nil || len(trace.ShownAt) == 0 {
					t.Errorf("memory knows of the second kill: %v, shown at %v", err, trace.ShownAt)
				}
			})
		})
	}
}

// TestLateReportIsLookedAt has the kernel's report of a kill come after a counter told of it, and the verdict on that is
// unsure: the kill is looked at again, whether that was still going on or not.
func TestLateReportIsLookedAt(t *testing.T) {
	for name, after := range map[string]time.Duration{"judged": 20 * time.Second, "running": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkout(investigations.CauseInsufficientEvidence, investigations.BoundaryContainer, 0.3)
				b.cluster.took = 10 * time.Second
				b.start(t)
				b.kill(t, checkoutPod, byCounter(1))
				settle(after)
				b.kill(t, checkoutPod, byKernel(2, -after))
				settle(after)
				b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
				settle(2 * time.Minute)
				if card := b.only(t); !strings.Contains(card, bot.ActionUp) || strings.Contains(card, "kills") {
					t.Errorf("the card says\n%s", card)
				}
				if n := b.cluster.ran(checkoutPod); n != 2 {
					t.Errorf("it was investigated %d times, want again", n)
				}
				if k := b.cluster.asks[len(b.cluster.asks)-1].Kill; k == nil || !k.Kernel {
					t.Errorf("it was asked for as %+v, want as the report tells", k)
				}
			})
		})
	}
}

// TestFoldedKilledAtItsOwnLimit has a workload that is told of in the thread of its node killed at its own limit later.
func TestFoldedKilledAtItsOwnLimit(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		for _, name := range []string{"a", "b"} {
			b.verdict("shop", name, name+"-7c9d8f6b5-x2x4p", "n1", investigations.CauseNodeOvercommit, investigations.BoundaryNode, nil)
		}
		b.start(t)
		for _, pod := range []string{podA, podB} {
			b.kill(t, pod, limit(investigations.BoundaryNode))
			settle(time.Second)
		}
		settle(10 * time.Minute)
		b.only(t)
		b.verdict("shop", "b", podB, "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.kill(t, podB)
		settle(3 * time.Minute)
		if n := len(b.room.roots("C1")); n != 2 {
			t.Errorf("there are %d threads, want that of the node and that of the leak", n)
		}
	})
}

// TestLookThatFails has a further kill that can't be looked at: the thread says so.
func TestLookThatFails(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
		b.start(t)
		b.kill(t, checkoutPod)
		settle(3 * time.Minute)
		b.cluster.mu.Lock()
		b.cluster.broken = map[string]error{checkoutPod: fmt.Errorf("the API server went away")}
		b.cluster.mu.Unlock()
		b.kill(t, checkoutPod, limit(investigations.BoundaryPod))
		settle(3 * time.Minute)
		if got := strings.Join(b.lines(b.root(t)), "\n"); !strings.Contains(got, "could not be looked at") {
			t.Errorf("the thread was told %q", got)
		}
	})
}

// TestLoopThatComesToTheSame has a pod killed every five minutes for hours after its verdict was held for wrong, left open what
// only a report could tell, or was marked as fixed: that is looked at once, and then as seldom as ever.
func TestLoopThatComesToTheSame(t *testing.T) {
	tests := map[string]struct {
		first, then func(*bot.Alert)
		action      string
		sure        float64
		says        string
	}{
		"held for wrong":   {byKernel(1, 0), byKernel(2, 0), bot.ActionDown, 0.9, "judged wrong"},
		"a report":         {byCounter(1), byKernel(2, 0), "", 0.5, "there is a report"},
		"marked as fixed":  {byKernel(1, 0), byKernel(2, 0), bot.ActionFixed, 0.9, "marked as fixed before"},
		"nothing about it": {byKernel(1, 0), byKernel(2, 0), "", 0.9, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, tt.sure)
				b.start(t)
				b.kill(t, checkoutPod, tt.first)
				settle(3 * time.Minute)
				if tt.action != "" {
					b.pressed(t, b.root(t).ts, tt.action, b.incident(t).ID, "U1")
				}
				for range 36 {
					settle(5 * time.Minute)
					b.kill(t, checkoutPod, tt.then)
				}
				settle(time.Minute)
				if n := b.cluster.ran(checkoutPod); n > 5 {
					t.Errorf("in three hours it was investigated %d times", n)
				}
				got := b.lines(b.root(t))
				if n := strings.Count(strings.Join(got, "\n"), tt.says); tt.says != "" && n != 1 || len(got) > 7 {
					t.Errorf("the thread was told %d times:\n%s", len(got), strings.Join(got, "\n"))
				}
			})
		})
	}
}

// TestFixThatDoesNotHold has a kill after somebody marked an incident as fixed, twice: the next fix can be marked as well.
func TestFixThatDoesNotHold(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
		b.start(t)
		b.kill(t, checkoutPod)
		settle(3 * time.Minute)
		for n := range 2 {
			b.pressed(t, b.root(t).ts, bot.ActionFixed, b.incident(t).ID, "U1")
			settle(12 * time.Minute)
			wants(t, b.only(t), "Marked as fixed")
			b.kill(t, checkoutPod)
			settle(3 * time.Minute)
			wants(t, b.only(t), bot.ActionFixed)
			if got := strings.Join(b.lines(b.root(t)), "\n"); strings.Count(got, "It was marked as fixed before.") != n+1 {
				t.Errorf("the thread was told\n%s", got)
			}
		}
	})
}
