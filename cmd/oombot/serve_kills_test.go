package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// The pod and the container that are killed in leak-after-deploy, as the kernel's log tells.
const (
	leakUID       = "9928d1ec-5e69-4b9f-a69b-a7b133e8d9d1"
	leakContainer = "94eda3481d19d4fba2a4670f30280a75421cf78c264005f52f803e0f33dee9f1"
	leakNode      = "ip-10-0-3-186"
)

var leakKilled = investigations.Target{
	Namespace: "ads", Pod: "gateway-zxthbd6kg-tcr7d", Container: "gateway", Workload: "deployment/gateway", Node: leakNode,
}

func TestLiveClusterFindKill(t *testing.T) {
	pod := []investigations.Target{{Namespace: "ads", Pod: leakKilled.Pod, Container: "gateway"}}
	node := investigations.Target{Node: leakNode}
	gone := investigations.Target{Namespace: "ads", Pod: "gateway-zxthbd6kg-bcdfg", Workload: "deployment/gateway", Node: leakNode}
	for name, tt := range map[string]struct {
		targets []investigations.Target
		kill    bot.Kill
		want    investigations.Target
	}{
		"by its names":                 {pod, bot.Kill{Node: leakNode, PodUID: leakUID, ContainerID: leakContainer}, leakKilled},
		"by its uid":                   {nil, bot.Kill{Node: leakNode, PodUID: leakUID, ContainerID: leakContainer}, leakKilled},
		"by its uid before its node":   {[]investigations.Target{node}, bot.Kill{Node: leakNode, PodUID: leakUID, ContainerID: leakContainer}, leakKilled},
		"by its container":             {nil, bot.Kill{Node: leakNode, ContainerID: leakContainer}, leakKilled},
		"a pod that is gone":           {[]investigations.Target{{Namespace: "ads", Pod: gone.Pod}}, bot.Kill{Node: leakNode, PodUID: "u-gone"}, gone},
		"a container that is not its":  {[]investigations.Target{{Namespace: "ads", Pod: leakKilled.Pod, Container: "x"}}, bot.Kill{Node: leakNode, PodUID: leakUID, ContainerID: leakContainer}, leakKilled},
		"of a pod that nobody knows":   {nil, bot.Kill{Node: leakNode, PodUID: "u-gone"}, node},
		"outside of pods":              {[]investigations.Target{node}, bot.Kill{Node: leakNode, Comm: "borg"}, node},
		"on a node of no cluster":      {nil, bot.Kill{Node: "elsewhere", PodUID: "u-gone"}, investigations.Target{Node: "elsewhere"}},
		"names that are no names":      {[]investigations.Target{{Namespace: "ads", Pod: "a\tb"}}, bot.Kill{Node: leakNode, PodUID: leakUID, ContainerID: leakContainer}, leakKilled},
		"its workload is not its pod":  {[]investigations.Target{{Namespace: "ads", Workload: "gateway"}}, bot.Kill{Node: leakNode, PodUID: "u-gone"}, node},
		"of the node, its uid unknown": {nil, bot.Kill{Node: leakNode}, node},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := clusterOf(t, kubetest.New(t, os.DirFS(leak)))
			at := time.Date(2026, 4, 15, 12, 8, 16, 664_000_000, time.UTC)
			found, err := c.Find(t.Context(), bot.Ask{Targets: tt.targets, Kill: &tt.kill, At: at})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, found.Target()); diff != "" {
				t.Error(diff)
			}
			if got := found.(*liveCase).session.subject.Request.At; !got.Equal(at) {
				t.Errorf("it is looked at of %s, want the kill's own moment %s", got, at)
			}
		})
	}
}

// TestLiveClusterFindKillBlind has an API server that refuses, and one that can't be reached: the kill is told of by its node.
func TestLiveClusterFindKillBlind(t *testing.T) {
	server := kubetest.New(t, os.DirFS(leak))
	c, _ := clusterOf(t, server)
	c.config.Limits.SourceTimeout = config.Duration(300 * time.Millisecond)
	ask := bot.Ask{Kill: &bot.Kill{Node: leakNode, PodUID: leakUID}, At: time.Now()}
	server.Forbid(func(*http.Request) bool { return true })
	for _, state := range []string{"forbidden", "away"} {
		if state == "away" {
			server.Close()
		}
		found, err := c.Find(t.Context(), ask)
		if err != nil || found.Target() != (investigations.Target{Node: leakNode}) {
			t.Errorf("%s: found %v, %v", state, found, err)
		}
	}
	if _, err := c.Find(t.Context(), bot.Ask{Kill: &bot.Kill{PodUID: leakUID}}); !errors.Is(err, bot.ErrNoTarget) || !strings.Contains(err.Error(), "no pod") && !strings.Contains(err.Error(), "look among") {
		t.Errorf("a node whose name is none: %v", err)
	}
}

// TestLiveClusterInvestigatesKill has a kill of which only the cgroup is known: the verdict is that of the pod.
func TestLiveClusterInvestigatesKill(t *testing.T) {
	b, err := bundle.Open(leak)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, _ := clusterOf(t, kubetest.New(t, b.FS()))
	found, err := c.Find(t.Context(), bot.Ask{Kill: &bot.Kill{Node: leakNode, PodUID: leakUID, ContainerID: leakContainer}, At: b.Request().At})
	if err != nil {
		t.Fatal(err)
	}
	result, _, err := found.Investigate(t.Context(), bot.Watch{})
	if err != nil || result.Target != leakKilled || result.Verdict.Mechanism != investigations.MemcgOOMKill {
		t.Errorf("judged %s of %+v: %v", result.Verdict.Mechanism, result.Target, err)
	}
}

const (
	shopUID, cartUID, goneUID = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002", "aaaaaaaa-0000-4000-8000-000000000003"
	staticUID                 = "0123456789abcdef0123456789abcdef"
	deadID                    = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
)

// kernelReport is a kernel log that reports one kill in a container of a pod.
func kernelReport(uid, container string) string {
	cgroup := "/kubepods/burstable/pod" + uid + "/" + container
	return "2026-03-04T02:17:09,000000+00:00 java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=936\n" +
		"2026-03-04T02:17:09,000001+00:00 oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=" + cgroup +
		",task_memcg=" + cgroup + ",task=java,pid=4711,uid=0\n" +
		"2026-03-04T02:17:09,000002+00:00 Memory cgroup out of memory: Killed process 4711 (java) total-vm:1000kB, anon-rss:900kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:84kB oom_score_adj:936\n"
}

// recordedKills is recordedShop, whose pods have uids, with an incident that has a kernel log alone, and two of one static pod.
func recordedKills(t *testing.T) string {
	t.Helper()
	dir := recordedShop(t)
	edit(t, filepath.Join(dir, "b", "kubernetes", "pods.json"), `"name":"checkout-7c9d8f6b5-x2x4p"`, `"name":"checkout-7c9d8f6b5-x2x4p","uid":"`+shopUID+`"`)
	edit(t, filepath.Join(dir, "b", "kubernetes", "pods.json"), `"name":"cart-5f5f5f5f5-aaaaa"`, `"name":"cart-5f5f5f5f5-aaaaa","uid":"`+cartUID+`"`)
	incident(t, filepath.Join(dir, "h"), `{namespace: cart, pod: cart-5f5f5f5f5-bbbbb}`, "2026-03-04T02:17:09Z", nil)
	if err := os.Mkdir(filepath.Join(dir, "h", "kernel"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "h", "kernel", "n5.log"), []byte(kernelReport(goneUID, deadID)), 0o600); err != nil {
		t.Fatal(err)
	}
	static := map[string]string{"pods": `{"kind":"Pod","metadata":{"namespace":"kube-system","name":"etcd-n7","uid":"mirror","annotations":{"kubernetes.io/config.hash":"` + staticUID +
		`"}},"spec":{"nodeName":"n7","containers":[{"name":"etcd"}]}}`}
	incident(t, filepath.Join(dir, "i"), `{namespace: kube-system, pod: etcd-n7}`, "2026-03-01T00:00:00Z", static)
	incident(t, filepath.Join(dir, "j"), `{namespace: kube-system, pod: etcd-n7}`, "2026-03-02T00:00:00Z", static)
	return dir
}

func edit(t *testing.T, path, from, to string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), from) {
		t.Fatalf("%s has no %s: %v", path, from, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRecordingsFindKill(t *testing.T) {
	c := recordingsOf(t, recordedKills(t), investigating{})
	for name, tt := range map[string]struct {
		targets []investigations.Target
		kill    bot.Kill
		dir     string
	}{
		"by its uid":                      {nil, bot.Kill{Node: "other", PodUID: shopUID}, "b"},
		"a pod beside the target":         {nil, bot.Kill{Node: "other", PodUID: cartUID}, "b"},
		"by the kernel's log alone":       {nil, bot.Kill{Node: "n5", PodUID: goneUID}, "h"},
		"by its container":                {nil, bot.Kill{Node: "n5", ContainerID: deadID}, "h"},
		"a static pod, the newest":        {nil, bot.Kill{Node: "n7", PodUID: staticUID}, "j"},
		"a static pod, at its moment":     {nil, bot.Kill{Node: "n7", PodUID: staticUID, At: time.Date(2026, 3, 1, 0, 0, 9, 0, time.UTC)}, "i"},
		"its uid before its name":         {[]investigations.Target{{Namespace: "dev", Pod: "lone"}}, bot.Kill{PodUID: goneUID}, "h"},
		"by its name":                     {[]investigations.Target{{Namespace: "dev", Pod: "lone"}}, bot.Kill{Node: "n1", PodUID: "u-new"}, "e"},
		"outside of pods":                 {[]investigations.Target{{Node: "n9"}}, bot.Kill{Node: "n9", Comm: "borg"}, "d"},
		"of nobody's uid, the node":       {nil, bot.Kill{Node: "n9", PodUID: "u-new"}, "d"},
		"what happened on the node of it": {nil, bot.Kill{Node: "n7"}, "j"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := c.Find(t.Context(), bot.Ask{Targets: tt.targets, Kill: &tt.kill})
			if err != nil {
				t.Fatal(err)
			}
			if dir := filepath.Base(found.(*recordedCase).recorded.dir); dir != tt.dir {
				t.Errorf("it is %s, want %s", dir, tt.dir)
			}
		})
	}
	for want, kill := range map[string]bot.Kill{
		"no recorded incident is about a pod with uid u-new, nor of the node n8": {Node: "n8", PodUID: "u-new"},
		"no recorded incident is of the node n8":                                 {Node: "n8"},
	} {
		if _, err := c.Find(t.Context(), bot.Ask{Kill: &kill}); !errors.Is(err, bot.ErrNoTarget) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestRecordedExamplesFindKill has a kill in the target of each example, as its kernel log tells of it, find that example.
func TestRecordedExamplesFindKill(t *testing.T) {
	c := recordingsOf(t, "../../examples", investigating{})
	found := 0
	for i := range c.all {
		r := &c.all[i]
		for uid, rank := range r.kills {
			if rank != killOwn || len(uid) != 36 {
				continue
			}
			found++
			for _, at := range []time.Time{r.req.At, time.Now()} { // of a log without dates the moment is not known
				got, err := c.Find(t.Context(), bot.Ask{Kill: &bot.Kill{Node: r.target.Node, PodUID: uid, At: at}})
				if err != nil || got.(*recordedCase).recorded.dir != r.dir {
					t.Errorf("the kill in %s of %s at %s finds %v, %v", uid, r.dir, at, got, err)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("%d examples know the uid of their pod", found)
	}
}
