// Package scene says what happens in the virtual machine of package vm: the guest plays it, and the test knows from it
// what the kernel did, and what the agent must have told.
package scene

import (
	"strings"
	"time"
)

const (
	// Mount is where the cgroups are in the machine.
	Mount = "/sys/fs/cgroup"
	// Node is how the agent calls the machine.
	Node = "vm1"
	// Reader is the variable of the guest's environment that says how the agent reads the kernel log.
	Reader = "AGENT_READER"
	// Token is what agent and bot share.
	Token = "agents-s3cret-of-the-tests"
	// Score is oom_score_adj of a small Burstable container.
	Score = 936
)

// Pods is the cgroup of all pods.
const Pods = "/kubepods.slice"

// Container is one of a pod that the machine runs.
type Container struct {
	Pod, Name string
	// UID is the pod's, ID the container's.
	UID, ID string
	// LimitMiB is what Kubernetes says that it may use, in MiB; 0 for as much as it likes.
	LimitMiB int64
}

// PodCgroup returns the path of the pod's cgroup, as the systemd driver of a kubelet makes it for a Burstable pod.
func (c Container) PodCgroup() string {
	return Pods + "/kubepods-burstable.slice/kubepods-burstable-pod" + strings.ReplaceAll(c.UID, "-", "_") + ".slice"
}

// Cgroup returns the path of the container's cgroup.
func (c Container) Cgroup() string { return c.PodCgroup() + "/cri-containerd-" + c.ID + ".scope" }

// container returns one whose ids come from a digit.
func container(pod, name, digits string, limit int64) Container {
	id := strings.Repeat(digits, 64/len(digits))
	uid := strings.Repeat(digits[:1], 8)
	return Container{Pod: pod, Name: name, UID: uid + "-7b4e-4c55-9a10-0f6a2b3c4d5e", ID: id, LimitMiB: limit}
}

// The containers.
var (
	Agent    = container("oombot-agent-x2x4p", "agent", "0123456789abcdef", 96)
	Still    = container("tank-0", "still", "1f", 0)
	Pressed  = container("tank-0", "pressed", "1e", 0)
	Checkout = container("checkout-7c9d8f6b5-q2fdq", "checkout", "2d", 48)
	Workers  = container("workers-6b5c9d8f7-hv9qw", "workers", "3c", 64)
	Batch    = container("batch-28t7x", "batch", "4b", 32)
	Pricing  = container("pricing-5c4d7f6b8-x8k2z", "pricing", "5a", 80)
	Shipper  = container("pricing-5c4d7f6b8-x8k2z", "log-shipper", "59", 80)
	API      = container("api-6f7c8b9d4-m4hcr", "api", "68", 0)
	ETL      = container("etl-zxthbd6kg-tcr7d", "etl", "77", 0)
	Redis    = container("redis-0", "redis", "86", 0)
	Leaky    = container("leaky-7rc6zqmr94-jhmxj", "leaky", "95", 0)
	Early    = container("early-0", "early", "a4", 32)
	Late     = container("late-0", "late", "b3", 32)
)

// Containers are all but the agent.
var Containers = []Container{Still, Pressed, Checkout, Workers, Batch, Pricing, Shipper, API, ETL, Redis, Leaky, Early, Late}

// Process is one that takes memory, and holds it until it is killed.
type Process struct {
	Comm   string
	Cgroup string
	// MiB is how much anonymous memory it takes, SharedMiB how much in files of a tmpfs. Socket has it send to itself what
	// it never reads.
	MiB, SharedMiB int
	Socket         bool
	OOMScoreAdj    int
	// Times is how often it is started at once; 0 for once.
	Times int
}

// Act is one or more kills.
type Act struct {
	Name string
	// Clock is how far the machine's clock is set on before all else.
	Clock time.Duration
	// Before are files of cgroups that are written before the first process starts, by their path below Mount.
	Before map[string]string
	// First are started together, and have Settle to take their memory. What is in Files is written then, and the processes
	// of Then are started.
	First, Then []Process
	Settle      time.Duration
	Files       map[string]string
	// Read are cgroups whose files are read once a second in Settle.
	Read []string
	// Kills is how many processes have ended when the act is over.
	Kills int
}

// limit is the file of a cgroup's limit.
func limit(cgroup string) string { return cgroup + "/memory.max" }

// group is the file that says whether all of a cgroup goes at once, as Kubernetes has it since 1.28.
func group(cgroup string) string { return cgroup + "/memory.oom.group" }

// The names of the acts.
const (
	Steady    = "steady"
	ByLimit   = "container"
	Silent    = "silent"
	Storm     = "storm"
	ByPod     = "pod"
	ByPods    = "kubepods"
	ByMachine = "node"
	Ahead     = "clock ahead"
	Behind    = "clock behind"
)

// Acts are played in this order.
var Acts = []Act{
	{
		Name:   Steady,
		Before: map[string]string{Pressed.Cgroup() + "/memory.high": "8M"},
		First: []Process{
			{Comm: "still", Cgroup: Still.Cgroup(), MiB: 24, SharedMiB: 8, Socket: true, OOMScoreAdj: Score},
			{Comm: "pressed", Cgroup: Pressed.Cgroup(), MiB: 32, OOMScoreAdj: Score},
		},
		Settle: 20 * time.Second, Read: []string{Still.Cgroup(), Pressed.Cgroup()},
		Files: map[string]string{limit(Still.Cgroup()): "16M"}, Kills: 1,
	},
	{
		Name:   ByLimit,
		Before: map[string]string{limit(Checkout.Cgroup()): "48M", group(Checkout.Cgroup()): "1"},
		First:  []Process{{Comm: "gunicorn", Cgroup: Checkout.Cgroup(), MiB: 8, OOMScoreAdj: Score}}, Settle: 3 * time.Second,
		Then:  []Process{{Comm: "worker-1", Cgroup: Checkout.Cgroup(), MiB: 96, OOMScoreAdj: Score}},
		Kills: 2,
	},
	{
		Name:   Silent,
		Before: map[string]string{limit(Workers.Cgroup()): "64M"},
		First:  []Process{{Comm: "main", Cgroup: Workers.Cgroup(), MiB: 16}}, Settle: 3 * time.Second,
		Then:  []Process{{Comm: "child", Cgroup: Workers.Cgroup(), MiB: 96, OOMScoreAdj: Score}},
		Kills: 1,
	},
	{
		Name:   ByPod,
		Before: map[string]string{limit(Pricing.PodCgroup()): "96M"},
		First:  []Process{{Comm: "pricing", Cgroup: Pricing.Cgroup(), MiB: 60, OOMScoreAdj: Score}}, Settle: 6 * time.Second,
		Then:  []Process{{Comm: "log-shipper", Cgroup: Shipper.Cgroup(), MiB: 72, OOMScoreAdj: Score}},
		Kills: 1,
	},
	{
		Name:  ByPods,
		First: []Process{{Comm: "api", Cgroup: API.Cgroup(), MiB: 88, OOMScoreAdj: Score}}, Settle: 6 * time.Second,
		Files: map[string]string{limit(Pods): "184M"},
		Then:  []Process{{Comm: "etl", Cgroup: ETL.Cgroup(), MiB: 120, OOMScoreAdj: Score}},
		Kills: 1,
	},
	{
		Name:   ByMachine,
		Before: map[string]string{limit(Pods): "max"},
		First: []Process{
			{Comm: "kubelet", Cgroup: "/system.slice/kubelet.service", MiB: 10, OOMScoreAdj: -999},
			{Comm: "redis-server", Cgroup: Redis.Cgroup(), MiB: 20, OOMScoreAdj: 850},
		},
		Settle: 5 * time.Second,
		Then:   []Process{{Comm: "leaky-app", Cgroup: Leaky.Cgroup(), MiB: 4096, OOMScoreAdj: Score}},
		Kills:  1,
	},
	{
		Name: Ahead, Clock: 2 * time.Hour,
		Before: map[string]string{limit(Early.Cgroup()): "32M"},
		First:  []Process{{Comm: "init", Cgroup: Early.Cgroup(), MiB: 2}}, Settle: 4 * time.Second,
		Then:  []Process{{Comm: "early", Cgroup: Early.Cgroup(), MiB: 64, OOMScoreAdj: Score}},
		Kills: 1,
	},
	{
		Name: Behind, Clock: -3 * time.Hour,
		Before: map[string]string{limit(Late.Cgroup()): "32M"},
		First:  []Process{{Comm: "init", Cgroup: Late.Cgroup(), MiB: 2}}, Settle: 4 * time.Second,
		Then:  []Process{{Comm: "late", Cgroup: Late.Cgroup(), MiB: 64, OOMScoreAdj: Score}},
		Kills: 1,
	},
	{ // the last, as of what follows it the kernel tells a line only
		Name:   Storm,
		Before: map[string]string{limit(Batch.Cgroup()): "32M"},
		Then:   []Process{{Comm: "burns", Cgroup: Batch.Cgroup(), MiB: 16, OOMScoreAdj: Score, Times: 24}},
		Kills:  20,
	},
}
