package bench

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	warmUp   = 20 * time.Second
	measured = 40 * time.Second
	// storm is how long what happens in a storm is spread over.
	storm     = time.Minute
	kills     = 1000
	hotplug   = 2000
	ownMemory = "64M" // of the agent near its own limit
)

// BenchmarkAgent runs the program `oombot agent` on a node of 110 pods with 250 containers, and the sandbox of each pod:
// cgroups of this machine's kernel (v1), a process in each. It reports to a stand-in of the bot, and Prometheus scrapes
// it. node-problem-detector runs beside it and is measured in the same seconds. A percent is of one core. The agent watches
// all containers of the machine, other benchmarks' too: containers tells how many there were, load how busy the machine was.
//
//   - idle and restless are as for BenchmarkRecorder, by either reader.
//   - kills has a container killed a thousand times in a minute: told are the processes of which the bot heard (with those
//     of other cgroups whose lines name none), placed those whose cgroup it knows, unnamed the kills that a counter told of
//     without a process; placed and unnamed are as many as were killed, where each is told of once. Of the unnamed, shared are
//     those whose lines may be of other cgroups whose counters rose at the time: other tests' kills.
//   - hotplug has two thousand containers come and go in a minute.
//   - confined has both happen to an agent in a cgroup of 64 MiB with GOMEMLIMIT=48MiB; own-MB is the most that this cgroup
//     held, with what the kernel holds for the agent.
func BenchmarkAgent(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root, to make cgroups and to read the kernel log")
	}
	if _, err := os.Stat(filepath.Join(memoryController, "memory.limit_in_bytes")); err != nil {
		b.Skipf("needs cgroup v1's memory controller at %s: %v", memoryController, err)
	}
	agent, npd := agentProgram(b), detectorProgram(b)
	for _, c := range []struct {
		name, reader       string
		restless, confined bool
		during             []func(b *testing.B, n *agentNode)
	}{
		{name: "idle", reader: "syslog"},
		{name: "idle", reader: "kmsg"},
		{name: "restless", reader: "syslog", restless: true},
		{name: "kills", reader: "syslog", during: []func(*testing.B, *agentNode){killing}},
		{name: "hotplug", reader: "syslog", during: []func(*testing.B, *agentNode){plugging}},
		{name: "confined", reader: "syslog", restless: true, confined: true, during: []func(*testing.B, *agentNode){killing, plugging}},
	} {
		b.Run(c.name+"/"+c.reader, func(b *testing.B) {
			n := newAgentNode(b, agent, npd, c.reader, c.restless, c.confined)
			time.Sleep(warmUp)
			for b.Loop() {
				if c.during == nil {
					n.measure(b, measured)
				}
				for _, during := range c.during {
					ended := make(chan struct{})
					go func() { // ends with the storm
						defer close(ended)
						during(b, n)
					}()
					n.measure(b, storm)
					<-ended
				}
			}
			n.report(b)
			b.ReportMetric(0, "ns/op") // is what was chosen above
		})
	}
}

// agentNode is a node with an agent and with node-problem-detector.
type agentNode struct {
	root, own  string // cgroups: of all pods, and of the agent
	small      string // the cgroup of a container with little memory
	agent, npd *process
	bot        *collector
	used       [2]use
	killed     int64
	plugged    int
}

func newAgentNode(b *testing.B, agent, npd, reader string, restless, confined bool) *agentNode {
	b.Helper()
	n := &agentNode{root: node(b, restless)}
	for i := range pods {
		container(b, filepath.Join(podDir(n.root, i), fmt.Sprintf("%064x", 1<<20+i)), "", "sleep", "3600")
	}
	n.small = filepath.Join(podDir(n.root, 0), fmt.Sprintf("%064x", 2<<20))
	container(b, n.small, "8M", "sleep", "3600")
	n.bot = newCollector(b, filepath.Base(filepath.Dir(n.root)))
	host, port := freeAddress(b)
	env := []string{"OOMBOT_AGENT_TOKEN=", "KUBERNETES_SERVICE_HOST="}
	if confined {
		n.own = filepath.Join(memoryController, fmt.Sprintf("oombot-bench-agent-%d", os.Getpid()))
		mkdir(b, n.own)
		if err := os.WriteFile(filepath.Join(n.own, "memory.limit_in_bytes"), []byte(ownMemory), 0o644); err != nil {
			b.Fatal(err)
		}
		env = append(env, "GOMEMLIMIT=48MiB")
	}
	n.agent = start(b, n.own, "http://"+net.JoinHostPort(host, port)+"/metrics", env, agent, "agent", "--bot", n.bot.URL,
		"--node", "n1", "--kernel-log", reader, "--pods", "none", "--state", b.TempDir(), "--listen", net.JoinHostPort(host, port))
	n.npd = detector(b, npd)
	return n
}

func (n *agentNode) measure(b *testing.B, d time.Duration) {
	b.Helper()
	for i, u := range measure(b, d, n.agent, n.npd) {
		u.seconds = append(u.seconds, n.used[i].seconds...)
		u.resident, u.faults = max(u.resident, n.used[i].resident), u.faults+n.used[i].faults
		n.used[i] = u
	}
}

func (n *agentNode) report(b *testing.B) {
	b.Helper()
	if n.killed > 0 { // a storm of reports is delivered at the agent's own pace
		told, placed, unnamed, shared := n.bot.told()
		for end := time.Now().Add(20 * time.Second); placed+unnamed < n.killed && time.Now().Before(end); {
			time.Sleep(time.Second)
			told, placed, unnamed, shared = n.bot.told()
		}
		b.ReportMetric(float64(n.killed), "killed")
		b.ReportMetric(float64(told), "told")
		b.ReportMetric(float64(placed), "placed")
		b.ReportMetric(float64(unnamed), "unnamed")
		b.ReportMetric(float64(shared), "shared")
	}
	if n.plugged > 0 {
		b.ReportMetric(float64(n.plugged), "plugged")
	}
	n.agent.alive(b)
	m := n.agent.scrape(b)
	n.bot.mu.Lock()
	beats := n.bot.beats
	n.bot.mu.Unlock()
	if m["oombot_agent_containers"] < containers || beats == 0 {
		b.Fatalf("the agent does not watch the node: %v containers, %d heartbeats", m["oombot_agent_containers"], beats)
	}
	n.used[0].report(b, "")
	n.used[1].report(b, "npd-")
	b.ReportMetric(m["oombot_agent_containers"], "containers")
	b.ReportMetric(m["oombot_agent_ring_bytes"]/1e6, "ring-MB")
	b.ReportMetric(m["oombot_agent_ticks_missed_total"], "missed")
	b.ReportMetric(load(b), "load")
	if n.own != "" {
		b.ReportMetric(float64(counter(b, filepath.Join(n.own, "memory.max_usage_in_bytes")))/1e6, "own-MB")
		b.ReportMetric(float64(counter(b, filepath.Join(n.own, "memory.kmem.usage_in_bytes")))/1e6, "own-kernel-MB")
	}
}

// counter reads a file of one number.
func counter(b *testing.B, file string) int64 {
	b.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// load is how many processes wanted a processor, over the last minute: the figures are those of a machine that busy.
func load(b *testing.B) float64 {
	b.Helper()
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		b.Fatal(err)
	}
	first, _, _ := strings.Cut(string(data), " ")
	l, err := strconv.ParseFloat(first, 64)
	if err != nil {
		b.Fatal(err)
	}
	return l
}
