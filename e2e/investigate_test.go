package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/investigations"
)

// TestInvestigateRealKill kills a container, records the kernel's log and the pod as a kubelet would show it,
// and has the program investigate that.
func TestInvestigateRealKill(t *testing.T) {
	cgroup.Need(t)
	uid, id := cgroup.NewPodUID(), cgroup.NewContainerID()
	container := cgroup.New(t, cgroup.Pods()+"/burstable/pod"+uid+"/"+id)
	container.Limit(t, 48*cgroup.MiB)
	log := followKmsg(t)
	started := time.Now()
	hog := container.Start(t, "checkout", score, 96)
	cgroup.FirstKilled(t, hog)
	onlyReport(t, log, uid)

	dir := t.TempDir()
	fill := strings.NewReplacer("UID", uid, "CONTAINER-ID", id,
		"STARTED", started.UTC().Format(time.RFC3339), "FINISHED", time.Now().UTC().Format(time.RFC3339))
	write(t, dir, "kernel/n1.log", string(log.text))
	write(t, dir, "incident.yaml", fill.Replace(incident))
	write(t, dir, "kubernetes/pods.json", fill.Replace(pods))

	var result investigations.Result
	if err := json.Unmarshal(printed(t, nil, "investigate", "--bundle", dir, "-o", "json"), &result); err != nil {
		t.Fatal(err)
	}
	v := result.Verdict
	check(t, "mechanism", v.Mechanism, investigations.MemcgOOMKill)
	check(t, "boundary", v.Boundary, investigations.BoundaryContainer)
	if v.Victim == nil {
		t.Fatalf("no victim in %+v", v)
	}
	check(t, "victim's pod", v.Victim.Pod, "checkout-7c9d8f6b5-x2x4p")
	check(t, "victim's container", v.Victim.Container, "checkout")
	check(t, "victim's pid", v.Victim.PID, hog.PID)
	check(t, "victim's comm", v.Victim.Comm, hog.Comm)
	blind := map[string]bool{}
	for _, b := range result.BlindSpots {
		blind[b.Tool] = true
	}
	for _, tool := range []string{"metrics", "logs", "profiles", "rollouts"} {
		if !blind[tool] {
			t.Errorf("%s was not recorded and is no blind spot", tool)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const incident = `version: 1
at: FINISHED
target: {namespace: shop, pod: checkout-7c9d8f6b5-x2x4p, container: checkout}
`

const pods = `{"apiVersion": "v1", "kind": "List", "items": [{
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {"namespace": "shop", "name": "checkout-7c9d8f6b5-x2x4p", "uid": "UID", "creationTimestamp": "STARTED"},
  "spec": {
    "nodeName": "n1", "restartPolicy": "Always",
    "containers": [{"name": "checkout", "image": "registry.test/checkout:1.5.0",
      "resources": {"requests": {"memory": "32Mi"}, "limits": {"memory": "48Mi"}}}]
  },
  "status": {
    "phase": "Running", "qosClass": "Burstable", "startTime": "STARTED",
    "containerStatuses": [{
      "name": "checkout", "image": "registry.test/checkout:1.5.0", "restartCount": 1, "ready": false,
      "state": {"waiting": {"reason": "CrashLoopBackOff"}},
      "lastState": {"terminated": {
        "exitCode": 137, "reason": "OOMKilled", "containerID": "containerd://CONTAINER-ID",
        "startedAt": "STARTED", "finishedAt": "FINISHED"}}
    }]
  }
}]}
`
