package node

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// TestContainer has a container run into its own limit, twice, and another workload of the same image after it; people
// vote, ask, and Alertmanager comes late.
func TestContainer(t *testing.T) {
	p := newPlace(t)
	checkout := p.deploy(t, "checkout", &container{name: "checkout", request: 16, limit: 48}, unlimited())
	sibling := p.deploy(t, "checkout-eu", &container{name: "checkout", request: 16, limit: 48}, unlimited())
	p.scrape(t, checkout, sibling)
	p.serve(t)
	p.watch(t)

	hog := p.die(t, checkout)
	first := p.verdict(t, checkout)
	oombot.Wait(t, p.slack, "the evidence is below the card", func(s *slackfake.Server) bool { return len(s.Replies(channel, first.TS)) > 1 })
	if err := p.slack.React("U0ADA", channel, first.TS, "+1"); err != nil {
		t.Fatal(err)
	}
	p.die(t, checkout)
	p.alert(t, checkout, hog.At)
	oombot.Wait(t, p.slack, "the card counts the second kill and the alert", func(s *slackfake.Server) bool {
		m, _ := s.Message(channel, first.TS)
		return strings.Contains(string(m.Blocks), "2 kills") && strings.Contains(string(m.Blocks), "ContainerOOMKilled")
	})
	p.die(t, sibling)
	p.verdict(t, sibling)
	asked, err := p.slack.Mention("U0ADA", channel, "investigate "+namespace+"/"+checkout.pod)
	if err != nil {
		t.Fatal(err)
	}
	oombot.Wait(t, p.slack, "an answer that leads to the thread", func(s *slackfake.Server) bool { return len(s.Replies(channel, asked)) == 2 })
	answer := p.slack.Replies(channel, asked)[1]
	if !strings.Contains(string(answer.Blocks), "p"+strings.ReplaceAll(first.TS, ".", "")) {
		t.Errorf("who asks for what is told of already is not led there: %s", answer.Blocks)
	}
	if got := len(p.cards()); got != 2 {
		t.Errorf("two workloads have %d threads of kills", got)
	}
	p.end(t)

	trace := p.remembered(t, checkout)[0]
	v := trace.Result.Verdict
	check(t, "mechanism", v.Mechanism, investigations.MemcgOOMKill)
	check(t, "boundary", v.Boundary, investigations.BoundaryContainer)
	check(t, "cause", v.Cause, investigations.CauseLoadSpike)
	checkParty(t, "victim", v.Victim, checkout, 0)
	checkParty(t, "culprit", v.Culprit, checkout, 0)
	if v.Victim != nil {
		check(t, "victim's pid", v.Victim.PID, hog.PID)
	}
	if len(trace.Feedback) != 1 || trace.Feedback[0].Vote != investigations.VoteUp || trace.Feedback[0].By != "U0ADA" {
		t.Errorf("the vote is remembered as %+v", trace.Feedback)
	}
	checkCites(t, &p.remembered(t, sibling)[0], &trace)
}

// checkCites wants a later verdict to draw on an earlier one.
func checkCites(t *testing.T, later, earlier *investigations.Trace) {
	t.Helper()
	for _, q := range later.Result.Precedents {
		if q.ID == earlier.Result.ID {
			return
		}
	}
	t.Errorf("the verdict on %s does not cite that on %s: %+v", later.Result.Target.Pod, earlier.Result.Target.Pod, later.Result.Precedents)
}

// TestPod has a sidecar use up what the pod may have, so that the kernel kills the app.
func TestPod(t *testing.T) {
	p := newPlace(t)
	w := p.deploy(t, "pricing", &container{name: "pricing", request: 64, limit: 96}, &container{name: "log-shipper", request: 16, limit: 96})
	w.group.Limit(t, 120*cgroup.MiB) // as with resources of the pod's own, below the sum of its containers'
	p.scrape(t, w)
	p.serve(t)
	app, sidecar := w.containers[0], w.containers[1]
	victim := p.start(t, app, 60)
	app.group.WaitForUsage(t, 60*cgroup.MiB)
	p.watch(t)
	time.Sleep(5 * time.Second) // for the recorder to see that the app uses what it always does
	p.start(t, sidecar, 72)
	v := p.killedByOther(t, w, victim)
	check(t, "boundary", v.Boundary, investigations.BoundaryPod)
	check(t, "cause", v.Cause, investigations.CauseSidecar)
	checkParty(t, "culprit", v.Culprit, w, 1)
}

// killedByOther waits until the kernel has killed the process of a workload's first container for what another one used,
// has that be started again, and ends agent and bot when the thread has its verdict. It returns what is remembered of that,
// whose mechanism and victim are checked.
func (p *place) killedByOther(t *testing.T, w *workload, victim *cgroup.Process) *investigations.Verdict {
	t.Helper()
	cgroup.FirstKilled(t, victim) // a slow machine may kill the other one as well, before the memory of the first is free
	w.containers[0].restart(t, w, "OOMKilled", victim.At)
	p.put(t, w.object())
	m := p.verdict(t, w)
	t.Log(p.slack.Thread(channel, m.TS))
	p.end(t)
	v := &p.remembered(t, w)[0].Result.Verdict
	check(t, "mechanism", v.Mechanism, investigations.MemcgOOMKill)
	checkParty(t, "victim", v.Victim, w, 0)
	return v
}

// TestNodeAllocatable has all pods together reach what the node sets aside for them: one of them, which grew, is why another
// one dies.
func TestNodeAllocatable(t *testing.T) {
	p := newPlace(t)
	quiet := p.deploy(t, "api", &container{name: "api", request: 4, usual: 56, limit: 256})
	noisy := p.deploy(t, "etl", &container{name: "etl", request: 200, usual: 16, grown: 104, limit: 256})
	p.allocate(t, 224)
	cgroup.Group(p.pods).Limit(t, 224*cgroup.MiB)
	p.scrape(t, quiet, noisy)
	p.serve(t)
	victim := p.start(t, quiet.containers[0], 56)
	quiet.containers[0].group.WaitForUsage(t, 56*cgroup.MiB)
	p.watch(t)
	p.start(t, noisy.containers[0], 110)
	time.Sleep(3 * time.Second) // for the recorder to see that the one uses what it always does, and the other one far more
	p.start(t, noisy.containers[0], 80)
	v := p.killedByOther(t, quiet, victim)
	check(t, "boundary", v.Boundary, investigations.BoundaryNodeAllocatable)
	check(t, "cause", v.Cause, investigations.CauseNoisyNeighbour)
	checkParty(t, "culprit", v.Culprit, noisy, 0)
}

// TestSilentChild has a child of a container be killed, while its first process lives on: Kubernetes knows nothing of it.
func TestSilentChild(t *testing.T) {
	for _, rateLimited := range []bool{false, true} {
		t.Run(fmt.Sprintf("rate limited %v", rateLimited), func(t *testing.T) { silentChild(t, rateLimited) })
	}
}

func silentChild(t *testing.T, rateLimited bool) {
	p := newPlace(t)
	w := p.deploy(t, "workers", &container{name: "workers", request: 32, limit: 64}, unlimited())
	p.scrape(t, w)
	p.serve(t)
	group := w.containers[0].group
	first := group.Start(t, "gunicorn", p.score(w.containers[0]), 8)
	group.WaitForUsage(t, 8*cgroup.MiB)
	p.watch(t)
	if rateLimited {
		other := newWard(t, cgroup.Pods(), 3)
		other.burn(t, 12)                   // of what follows in the next seconds the kernel prints a line only
		time.Sleep(2500 * time.Millisecond) // no other counter rises at the time of the kill
	}
	child := group.Start(t, "worker", p.score(w.containers[0]), 96)
	if killed := cgroup.FirstKilled(t, first, child); killed != child {
		t.Fatal("the kernel killed the container's first process")
	}
	m := p.verdict(t, w)
	t.Log(p.slack.Thread(channel, m.TS))
	p.end(t)

	v := p.remembered(t, w)[0].Result.Verdict
	check(t, "mechanism", v.Mechanism, investigations.MemcgOOMKill)
	checkParty(t, "victim", v.Victim, w, 0)
	if v.Victim != nil && v.Victim.PID != child.PID {
		t.Errorf("the victim's pid is %d, want %d", v.Victim.PID, child.PID)
	}
	if !rateLimited {
		check(t, "boundary", v.Boundary, investigations.BoundaryContainer)
	}
}

// unlimited is a container without a limit, for whose pod the kubelet sets none either. Where it sets one for a pod of one
// container, that limit is reached first, by the little that the pod's cgroups take themselves.
func unlimited() *container { return &container{name: "proxy", request: 8} }

// start runs a process of some MiB in a container, which is called as that.
func (p *place) start(t testing.TB, c *container, mib int) *cgroup.Process {
	t.Helper()
	return c.group.Start(t, c.name, p.score(c), mib)
}

// die has the first container of a workload run into its limit, and be started again.
func (p *place) die(t testing.TB, w *workload) *cgroup.Process {
	t.Helper()
	c := w.containers[0]
	hog := p.start(t, c, int(2*c.limit))
	cgroup.FirstKilled(t, hog)
	c.restart(t, w, "OOMKilled", hog.At)
	p.put(t, w.object())
	return hog
}

// alert sends what Alertmanager sends of a pod.
func (p *place) alert(t testing.TB, w *workload, at time.Time) {
	t.Helper()
	body := fmt.Sprintf(`{"version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "oombot", "alerts": [{"status": "firing",
		"labels": {"alertname": "ContainerOOMKilled", "namespace": %q, "pod": %q}, "annotations": {}, "startsAt": %q, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": %q}]}`,
		namespace, w.pod, stamp(at.Add(time.Minute)), w.uid)
	if status, says := oombot.Post(t, p.bot.URL+"/webhooks/alertmanager", []byte(body)); status != http.StatusOK {
		t.Fatalf("the alert was answered %d %s", status, says)
	}
}

// check compares what is with what is wanted.
func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// checkParty wants a victim or culprit to be a container of a workload.
func checkParty(t *testing.T, what string, got *investigations.Party, w *workload, index int) {
	t.Helper()
	if got == nil {
		t.Errorf("there is no %s, want %s/%s", what, w.pod, w.containers[index].name)
		return
	}
	check(t, what+"'s pod", got.Namespace+"/"+got.Pod, namespace+"/"+w.pod)
	check(t, what+"'s container", got.Container, w.containers[index].name)
}
