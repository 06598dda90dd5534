package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
)

const checkoutPod = "checkout-7c9d8f6b5-x2x4p"

// kill is a report of a node agent of one kill just now; pod may be empty, where the agent does not know its name.
func (b *bench) kill(t *testing.T, pod string, change ...func(*bot.Alert)) {
	t.Helper()
	b.n++
	a := bot.Alert{
		Source: bot.SourceAgent, ID: fmt.Sprintf("n1/boot/%d", b.n), Title: "java was OOM killed", StartsAt: time.Now(), Memory: true,
		Kill: &bot.Kill{Node: "n1", BootID: "boot", PodUID: "uid-" + pod, PID: int64(b.n), Comm: "java", At: time.Now(), Boundary: investigations.BoundaryContainer},
	}
	if pod != "" {
		a.Targets = []investigations.Target{{Namespace: "shop", Pod: pod, Container: "main"}}
	}
	for _, f := range change {
		f(&a)
	}
	b.receive(t, bot.Event{Kind: bot.EventAlerts, Channel: "C1", Alerts: []bot.Alert{a}})
}

func nameless(uid string) func(*bot.Alert) {
	return func(a *bot.Alert) { a.Targets, a.Kill.PodUID = nil, uid }
}

func limit(b investigations.Boundary) func(*bot.Alert) {
	return func(a *bot.Alert) { a.Kill.Boundary = b }
}

// only is the card of the one thread that there is.
func (b *bench) only(t *testing.T) string {
	t.Helper()
	roots := b.room.roots("C1")
	if len(roots) != 1 {
		for _, m := range roots {
			t.Log(m.Text)
		}
		t.Fatalf("there are %d threads, want 1", len(roots))
	}
	return shows(roots[0].Message)
}

func wants(t *testing.T, card string, all ...string) {
	t.Helper()
	for _, s := range all {
		if !strings.Contains(card, s) {
			t.Errorf("the card does not say %q:\n%s", s, card)
		}
	}
}

// checkouts are n pods of a workload that leaks.
func (b *bench) checkouts(n int) {
	b.verdict("shop", "checkout", checkoutPod, "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
	for i := range n {
		b.verdict("shop", "checkout", fmt.Sprintf("checkout-7c9d8f6b5-x2x%02d", i), "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
	}
}

// TestKill has a kill told of well within a second, with who saw it, and asked for by its own moment.
func TestKill(t *testing.T) {
	for name, change := range map[string]func(*bot.Alert){"with its names": func(*bot.Alert) {}, "by its uid": nameless("uid-1")} {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkouts(0)
				b.cluster.uids, b.cluster.slow = map[string]string{"uid-1": checkoutPod}, 50*time.Millisecond
				b.start(t)
				settle(2 * time.Second) // a channel rests after a start
				began := time.Now()
				b.kill(t, checkoutPod, change)
				settle(10 * time.Second)
				card := b.only(t)
				wants(t, card, "Seen by the node agent of `n1`", "it was leak", "shop/"+checkoutPod)
				if took := b.room.all()[0].at.Sub(began); took > 250*time.Millisecond {
					t.Errorf("the card came %s after the kill", took)
				}
				if ask := b.cluster.asks[0]; ask.Kill == nil || !ask.At.Equal(began) {
					t.Errorf("it was asked for as %+v", ask)
				}
			})
		})
	}
}

// TestKillSlowToFind has a kill whose pod is looked for slowly: it waits no longer than an alert does.
func TestKillSlowToFind(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.cluster.slow = 5 * time.Second
		b.start(t)
		settle(2 * time.Second)
		began := time.Now()
		b.kill(t, checkoutPod)
		settle(4 * time.Second)
		if all := b.room.all(); len(all) != 1 || all[0].at.Sub(began) > time.Second {
			t.Errorf("before its pod was found there are %d messages", len(all))
		}
	})
}

// TestKillsOfOneUID has kills in pods of one uid on two nodes, whose names nobody knows: they are two pods.
func TestKillsOfOneUID(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		for _, node := range []string{"n1", "n9"} {
			b.verdict("", node, "node/"+node, node, investigations.CauseLeak, investigations.BoundaryContainer, nil)
		}
		b.start(t)
		for _, node := range []string{"n1", "n9", "n1"} {
			b.kill(t, "", nameless("uid-1"), func(a *bot.Alert) { a.Kill.Node = node })
			settle(time.Minute)
		}
		cards, roots := "", b.room.roots("C1")
		for _, m := range roots {
			cards += shows(m.Message) + "\n"
		}
		if wants(t, cards, "agent of `n1`", "agent of `n9`", "2 kills"); len(roots) != 2 {
			t.Errorf("there are %d threads, want 2:\n%s", len(roots), cards)
		}
	})
}

// TestAlertJoinsKill has an alert of the same pod come minutes after its kill, and end: it brings its own end, and a
// later kill begins the thread anew.
func TestAlertJoinsKill(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		b.kill(t, checkoutPod)
		settle(2 * time.Minute)
		id := func(a *bot.Alert) { a.ID = "f1" }
		b.alert(t, "shop", checkoutPod, id)
		settle(time.Minute)
		wants(t, b.only(t), "1 alert", "checkout-7c9d8f6b5-x2x4p was OOMKilled")
		b.alert(t, "shop", checkoutPod, id, func(a *bot.Alert) { a.Resolved = true })
		settle(time.Minute)
		wants(t, b.only(t), "Resolved at")
		settle(20 * time.Minute)
		b.kill(t, checkoutPod)
		settle(time.Minute)
		if card := b.only(t); strings.Contains(card, "Resolved at") || !strings.Contains(card, "2 kills") {
			t.Errorf("after another kill the card says\n%s", card)
		}
	})
}

// TestKillJoinsAlert has the kill told of after its alert: they are one, and what waits is looked at by the kill.
func TestKillJoinsAlert(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.verdict("pay", "slow", "slow-7c9d8f6b5-x2x4p", "n9", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.cluster.each = map[string]time.Duration{"slow-7c9d8f6b5-x2x4p": 20 * time.Second}
		b.start(t, func(o *desk.Options) { o.Concurrent = 1 })
		b.alert(t, "pay", "slow-7c9d8f6b5-x2x4p")
		settle(time.Second)
		b.alert(t, "shop", checkoutPod)
		settle(time.Second)
		was := time.Now().Add(-3 * time.Minute)
		b.kill(t, checkoutPod, func(a *bot.Alert) { a.StartsAt, a.Kill.At = was, was })
		settle(time.Minute)
		b.wantThreads(t, "in the end", 2)
		last := b.cluster.asks[len(b.cluster.asks)-1]
		if last.Kill == nil || !last.At.Equal(was) {
			t.Errorf("it was investigated as %+v, want the kill's own moment", last)
		}
		if n := b.cluster.ran(checkoutPod); n != 1 {
			t.Errorf("it was investigated %d times", n)
		}
	})
}

// TestKillsEnd has an incident of kills be over an hour after the last one, and not before.
func TestKillsEnd(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		b.kill(t, checkoutPod)
		settle(50 * time.Minute)
		b.kill(t, checkoutPod)
		settle(50 * time.Minute)
		if card := b.only(t); strings.Contains(card, "No further kill") || strings.Contains(card, "firing") {
			t.Errorf("50 minutes after a kill the card says\n%s", card)
		}
		settle(11 * time.Minute)
		wants(t, b.only(t), "No further kill was seen in the hour until", "2 kills")
		settle(time.Hour)
		b.kill(t, checkoutPod)
		settle(time.Minute)
		if n := len(b.room.roots("C1")); n != 2 {
			t.Errorf("a kill two hours later makes %d threads, want a second one", n)
		}
	})
}

// TestKillsAgain has the same pod killed again and again: each is counted in one thread, its cause is looked at anew once
// in a while, and a kill of another kind at once.
func TestKillsAgain(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		for range 6 {
			b.kill(t, checkoutPod)
			settle(10 * time.Minute)
		}
		wants(t, b.only(t), "6 kills")
		if n := b.cluster.ran(checkoutPod); n != 1 {
			t.Errorf("within an hour it was investigated %d times, want once", n)
		}
		settle(2 * time.Minute)
		b.kill(t, checkoutPod)
		settle(time.Minute)
		wants(t, b.only(t), "7 kills")
		if n := b.cluster.ran(checkoutPod); n != 2 {
			t.Errorf("after an hour it was investigated %d times, want again", n)
		}
		b.verdict("shop", "checkout", checkoutPod, "n1", investigations.CauseNodeOvercommit, investigations.BoundaryNodeAllocatable, nil)
		settle(11 * time.Minute)
		b.kill(t, checkoutPod, limit(investigations.BoundaryNodeAllocatable))
		settle(time.Minute)
		if n := len(b.room.roots("C1")); n != 2 {
			t.Errorf("a kill at another limit, of another cause, makes %d threads, want 2", n)
		}
	})
}

// TestKillStorm has a thousand kills of one crash-looping workload in a minute.
func TestKillStorm(t *testing.T) {
	for name, named := range map[string]bool{"with names": true, "by uids": false} {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkouts(20)
				b.cluster.uids = map[string]string{}
				pods := make([]string, 20)
				for i := range pods {
					pods[i] = fmt.Sprintf("checkout-7c9d8f6b5-x2x%02d", i)
					b.cluster.uids["uid-"+pods[i]] = pods[i]
				}
				b.start(t)
				for i := range 1000 {
					b.kill(t, pods[i%20], func(a *bot.Alert) {
						if !named {
							a.Targets = nil
						}
					})
					time.Sleep(60 * time.Millisecond)
				}
				settle(5 * time.Minute)
				wants(t, b.only(t), "1000 kills")
			})
		})
	}
}

// TestKillsOfANode has fifty pods of fifty workloads of a node die of its own lack of memory.
func TestKillsOfANode(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		for i := range 50 {
			b.verdict("shop", fmt.Sprintf("svc%d", i), fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i), "n1", investigations.CauseNodeOvercommit, investigations.BoundaryNode, nil)
		}
		b.cluster.slow = 400 * time.Millisecond
		b.start(t, func(o *desk.Options) { o.StartsPerMinute = 100 })
		for i := range 50 {
			b.kill(t, fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i), limit(investigations.BoundaryNode))
		}
		settle(5 * time.Minute)
		wants(t, b.only(t), "49 workloads", "same node n1")
	})
}

// TestKillOutsideOfPods is of the node: another process of it is another question, and the same one is counted.
func TestKillOutsideOfPods(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("", "", "node/n1", "n1", investigations.CauseNodeOvercommit, investigations.BoundarySlice, func(r *investigations.Result) {
			r.Target, r.Verdict.Victim = investigations.Target{Node: "n1"}, &investigations.Party{Node: "n1", Comm: "borg"}
		})
		b.start(t)
		outside := func(comm string) func(*bot.Alert) {
			return func(a *bot.Alert) {
				a.Targets, a.Kill.PodUID, a.Kill.Comm, a.Kill.Boundary = []investigations.Target{{Node: "n1"}}, "", comm, investigations.BoundarySlice
			}
		}
		b.kill(t, "", outside("borg"))
		settle(time.Minute)
		b.kill(t, "", outside("borg"))
		settle(time.Minute)
		wants(t, b.only(t), "node/n1", "2 kills")
		if n := b.cluster.ran(""); n != 1 {
			t.Errorf("two kills of one process were investigated %d times, want once", n)
		}
		b.kill(t, "", outside("sshd"))
		settle(time.Minute)
		if n := b.cluster.ran(""); n != 2 {
			t.Errorf("the kill of another process was not looked at: %d runs", n)
		}
	})
}

// TestKillNobodyKnows has nothing known of a kill's pod: the thread says what the agent saw.
func TestKillNobodyKnows(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.start(t)
		b.kill(t, "", nameless("uid-gone"))
		settle(10 * time.Second)
		wants(t, b.only(t), "Seen by the node agent of `n1`", "`java` (pid ", "nothing of that name", "node/n1")
	})
}

// TestKillTwice has the same kill told of again, as after an answer that was lost: it counts once.
func TestKillTwice(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		id := func(a *bot.Alert) { a.ID = "n1/boot/same" }
		b.kill(t, checkoutPod, id)
		settle(time.Minute)
		b.kill(t, checkoutPod, id)
		settle(time.Minute)
		if card := b.only(t); strings.Contains(card, "kills") {
			t.Errorf("it is counted twice:\n%s", card)
		}
	})
}

// TestKillPolicy has kills kept quiet where alerts are: what is muted, and what a channel may not be told of.
func TestKillPolicy(t *testing.T) {
	for name, c := range map[string]desk.Channel{
		"muted":             {Mute: []string{"shop/checkout"}},
		"another namespace": {Namespaces: []string{"pay"}},
	} {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkouts(0)
				b.cluster.uids = map[string]string{"uid-1": checkoutPod}
				b.start(t, func(o *desk.Options) { o.Policy.Channels["C1"] = c })
				b.kill(t, checkoutPod)
				b.kill(t, checkoutPod, nameless("uid-1"))
				settle(time.Minute)
				if all := b.room.all(); len(all) != 0 {
					t.Errorf("it is told: %s", shows(all[0].Message))
				}
			})
		})
	}
	t.Run("without auto", func(t *testing.T) { // as a webhook, it was configured for the channel
		atWork(t, func(t *testing.T, b *bench) {
			b.checkouts(0)
			b.start(t, func(o *desk.Options) { o.Policy.Channels["C1"] = desk.Channel{} })
			b.kill(t, checkoutPod)
			settle(time.Minute)
			b.only(t)
		})
	})
}

// TestKillAfterRestart has the bot ended between two kills of one pod of which only the uid is known.
func TestKillAfterRestart(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.cluster.uids = map[string]string{"uid-1": checkoutPod}
		b.start(t)
		b.kill(t, checkoutPod, nameless("uid-1"))
		settle(time.Minute)
		b.stop()
		b.start(t)
		asks := len(b.cluster.asks)
		b.kill(t, checkoutPod, nameless("uid-1"))
		settle(time.Minute)
		wants(t, b.only(t), "2 kills")
		if n := len(b.cluster.asks); n != asks {
			t.Errorf("what is known by its uid was looked for %d times more", n-asks)
		}
	})
}
