package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
)

// bounded are two channels that are told of one namespace each: kills in shop are shown in C1, those in pay in C2, and
// those of which the namespace is not known came to none.
func bounded(metrics *prometheus.Registry) func(*desk.Options) {
	return func(o *desk.Options) {
		o.Policy.Channels = map[string]desk.Channel{"C1": {Auto: true, Namespaces: []string{"shop"}}, "C2": {Auto: true, Namespaces: []string{"pay"}}}
		o.KillChannel = func(namespace string) string { return map[string]string{"shop": "C1", "pay": "C2"}[namespace] }
		o.Registerer = metrics
	}
}

// valueOf is the sum of a counter; it fails where there is none.
func valueOf(t *testing.T, metrics *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	all, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
			return sum
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// unnamed is a kill in a pod whose name its agent did not know, so that it came to no channel.
func (b *bench) unnamed(t *testing.T, uid string) {
	t.Helper()
	b.n++
	a := bot.Alert{
		Source: bot.SourceAgent, ID: "n1/boot/" + uid + time.Now().String(), Title: "java was OOM killed", StartsAt: time.Now(), Memory: true,
		Kill: &bot.Kill{Node: "n1", BootID: "boot", PodUID: uid, PID: int64(b.n), Comm: "java", At: time.Now(), Boundary: investigations.BoundaryContainer},
	}
	b.receive(t, bot.Event{Kind: bot.EventAlerts, Alerts: []bot.Alert{a}})
}

// TestKillOfAnUnnamedPod has kills come before anybody knew the names of their pods, where each channel is told of some
// namespaces only: once a pod was found, its kills are shown where its namespace is, and further ones join them there.
func TestKillOfAnUnnamedPod(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.verdict("pay", "card", "card-7c9d8f6b5-x2x4p", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.cluster.uids = map[string]string{"uid-1": checkoutPod, "uid-2": "card-7c9d8f6b5-x2x4p"}
		metrics := prometheus.NewRegistry()
		b.start(t, bounded(metrics))
		for range 2 {
			b.unnamed(t, "uid-1")
			b.unnamed(t, "uid-2")
			settle(20 * time.Minute)
		}
		asks := len(b.cluster.asks)
		b.kill(t, checkoutPod, func(a *bot.Alert) { a.Kill.PodUID = "uid-1" }) // its name is known by now
		settle(time.Minute)
		wants(t, b.only(t), "shop/"+checkoutPod, "3 kills", "it was leak")
		if roots := b.room.roots("C2"); len(roots) != 1 || !strings.Contains(shows(roots[0].Message), "2 kills") {
			t.Errorf("in the channel of pay there are %d threads", len(roots))
		}
		if n := len(b.cluster.asks); n != asks {
			t.Errorf("what is known by its uid was looked for %d times more", n-asks)
		}
		if n := valueOf(t, metrics, "oombot_kills_unseen_total"); n != 0 {
			t.Errorf("%v kills are counted as shown nowhere", n)
		}
	})
}

// TestKillShownNowhere has kills that no channel may be told of: each is remembered, and counted once as shown nowhere.
func TestKillShownNowhere(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("ops", "db", "db-0", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.cluster.uids = map[string]string{"uid-1": "db-0"}
		metrics := prometheus.NewRegistry()
		b.start(t, bounded(metrics))
		for range 2 {
			b.unnamed(t, "uid-1")    // of a namespace that no channel names
			b.unnamed(t, "uid-gone") // of a pod that nobody finds
			settle(time.Minute)
		}
		if all := b.room.all(); len(all) != 0 {
			t.Errorf("it is told: %s", shows(all[0].Message))
		}
		if _, err := b.store.Trace(t.Context(), b.cluster.results["db-0"].ID); err != nil {
			t.Errorf("it is not remembered: %v", err)
		}
		if n := valueOf(t, metrics, "oombot_kills_unseen_total"); n != 2 {
			t.Errorf("%v incidents are counted as shown nowhere, want 2", n)
		}
	})
}

// TestKillStaysWhereItIsSeen has a kill of an unnamed pod shown in a channel for all before its pod is found: its card does
// not move.
func TestKillStaysWhereItIsSeen(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.cluster.uids, b.cluster.slow = map[string]string{"uid-1": checkoutPod}, 10*time.Second
		b.start(t, func(o *desk.Options) {
			o.Policy.Channels["C2"] = desk.Channel{Auto: true, Namespaces: []string{"shop"}}
			o.KillChannel = func(namespace string) string {
				if namespace == "shop" {
					return "C2"
				}
				return "C1"
			}
		})
		b.kill(t, "", nameless("uid-1"))
		settle(time.Minute)
		wants(t, b.only(t), "it was leak")
		if n := len(b.room.roots("C2")); n != 0 {
			t.Errorf("there are %d cards of it in another channel", n)
		}
	})
}
