package node

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
)

// TestAgentKilled has an agent be killed in a storm and started again, twice: of no kill nothing is told.
func TestAgentKilled(t *testing.T) {
	cgroup.Need(t)
	c := newCollector(t)
	pods := cgroup.Pods()
	wards := []*ward{newWard(t, pods, 3), newWard(t, pods, 3), newWard(t, pods, 3)}
	o := oombot.Agent{Bot: c.url, Node: "n1", State: t.TempDir()}
	a := o.Run(t)
	for round := range 6 {
		for _, w := range wards {
			w.burn(t, 5)
		}
		switch round {
		case 1, 3:
			a.Kill()
		case 2, 4:
			a = o.Run(t)
		}
	}
	oombot.Until(t, "all kills are told of", func() bool {
		n := take(c.told(t), wards)
		lacking, _ := n.lacking(wards)
		return len(lacking) == 0
	})
	time.Sleep(4 * time.Second) // what is told twice is told by now
	n := take(c.told(t), wards)
	_, again := n.lacking(wards)
	t.Logf("90 kills, %d of them with a full report; %d are told of twice, which the bot knows by their process and time", n.named, len(again))
	a.Stop(t)
}

// TestAway has the bot be away while the kernel kills: what was seen waits, and comes when it is back.
func TestAway(t *testing.T) {
	cgroup.Need(t)
	c := newCollector(t)
	w := newWard(t, cgroup.Pods(), 3)
	o := oombot.Agent{Bot: c.url, Node: "n1", State: t.TempDir()}
	a := o.Run(t)
	c.leave(true)
	w.burn(t, 15)
	oombot.Until(t, "reports wait", func() bool { return a.Metric(t, "oombot_agent_spool_waiting") > 0 })
	time.Sleep(3 * time.Second)
	a.Kill() // what waits lies on disk
	a = o.Run(t)
	w.burn(t, 15)
	c.leave(false)
	oombot.Until(t, "all kills are told of", func() bool {
		n := take(c.told(t), []*ward{w})
		lacking, _ := n.lacking([]*ward{w})
		return len(lacking) == 0
	})
	oombot.Until(t, "nothing waits", func() bool { return a.Metric(t, "oombot_agent_spool_waiting") == 0 })
	if dropped := a.Metric(t, "oombot_agent_spool_dropped_total"); dropped != 0 {
		t.Errorf("%v reports were dropped", dropped)
	}
	a.Stop(t)
}

// TestCrashes has the agent and the bot be killed between and during kills of several workloads: each is told of in one
// thread, once.
func TestCrashes(t *testing.T) {
	p := newPlace(t)
	var all []*workload
	for i := range 9 {
		all = append(all, p.deploy(t, fmt.Sprintf("svc%d", i), &container{name: fmt.Sprintf("svc%d", i), request: 8, limit: 32}, unlimited()))
	}
	p.door = newDoor(t)
	p.serve(t)
	p.watch(t)

	p.die(t, all[0])
	p.die(t, all[1])
	p.watcher.Kill() // in the midst of telling
	p.die(t, all[2])
	p.watch(t)
	p.die(t, all[3])
	p.told(t, all[:4]...)

	p.bot.Kill() // and away for a while
	p.die(t, all[4])
	p.die(t, all[5])
	oombot.Until(t, "reports wait", func() bool { return p.watcher.Metric(t, "oombot_agent_spool_waiting") > 0 })
	p.serve(t)
	p.told(t, all[:6]...)

	for _, w := range all[6:8] { // as soon as it has taken the report
		crashed := make(chan struct{})
		p.door.when(w.uid, func() {
			p.bot.Kill()
			close(crashed)
		})
		p.die(t, w)
		select {
		case <-crashed:
		case <-time.After(oombot.Patience):
			t.Fatalf("the bot did not take the kill of %s", w.name)
		}
		p.serve(t)
	}
	p.die(t, all[8])
	p.told(t, all...)
	time.Sleep(3 * time.Second) // what is told twice is told by now
	p.told(t, all...)
	for _, m := range p.cards() {
		if strings.Contains(string(m.Blocks), "2 kills") {
			t.Errorf("a kill was counted twice:\n%s", m.Blocks)
		}
	}
	if got := len(p.cards()); got != len(all) {
		t.Errorf("%d kills of as many workloads have %d threads", len(all), got)
	}
	p.end(t)
	for _, w := range all {
		if n := len(p.remembered(t, w)); n != 1 {
			t.Errorf("%d incidents of %s are remembered", n, w.name)
		}
	}
}

// told waits until each workload has one verdict.
func (p *place) told(t testing.TB, all ...*workload) {
	t.Helper()
	oombot.Wait(t, p.slack, fmt.Sprintf("%d verdicts", len(all)), func(s *slackfake.Server) bool {
		for _, w := range all {
			if len(oombot.Verdicts(s, channel, w.pod)) == 0 {
				return false
			}
		}
		return true
	})
	for _, w := range all {
		if n := len(oombot.Verdicts(p.slack, channel, w.pod)); n != 1 {
			t.Errorf("%s has %d verdicts", w.name, n)
		}
	}
}
