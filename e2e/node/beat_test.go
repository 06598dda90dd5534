package node

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// TestNoKill has somebody kill a container by SIGKILL: that the kernel did not is known from the agent, which followed its
// log without loss.
func TestNoKill(t *testing.T) {
	p := newPlace(t)
	w := p.deploy(t, "gateway", &container{name: "gateway", request: 16, limit: 64}, unlimited())
	p.scrape(t, w)
	p.door = newDoor(t)
	p.serve(t)
	p.watch(t)
	c := w.containers[0]
	process := p.start(t, c, 16)
	c.group.WaitForUsage(t, 16*cgroup.MiB)
	process.Kill(t)
	c.restart(t, w, "Error", process.At)
	p.put(t, w.object())
	oombot.Until(t, "the agent says that it followed the log beyond the end of the process", func() bool {
		for _, n := range p.door.reports() {
			if h := n.Heartbeat; h != nil && h.LosslessSince != nil && h.LosslessSince.Before(process.At) && h.At.After(process.At) {
				return true
			}
		}
		return false
	})
	if got := len(p.cards()); got != 0 {
		t.Errorf("there are %d threads before somebody asks", got)
	}
	if _, err := p.slack.Mention("U0ADA", channel, "investigate "+namespace+"/"+w.pod); err != nil {
		t.Fatal(err)
	}
	m := p.verdict(t, w)
	t.Logf("asked %s after the end:\n%s", time.Since(process.At).Round(time.Second), p.slack.Thread(channel, m.TS))
	p.end(t)

	trace := p.remembered(t, w)[0]
	v := trace.Result.Verdict
	check(t, "mechanism", v.Mechanism, investigations.SigkillNotOOM)
	check(t, "cause", v.Cause, investigations.CauseNotOOM)
	for _, b := range trace.Result.BlindSpots {
		if b.Tool == investigations.ToolKernlog {
			t.Errorf("the kernel log is a blind spot: %s", b.Why)
		}
	}
	said := false
	for _, f := range trace.Result.Facts {
		said = said || f.Tool == investigations.ToolKernlog && strings.Contains(f.Says, "without loss") && !strings.Contains(f.Says, "did not follow")
	}
	if !said {
		t.Errorf("no fact says that the agent followed the log without loss: %+v", trace.Result.Facts)
	}
}
