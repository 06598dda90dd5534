package live

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// TestRecreatedPod has a StatefulSet's pod deleted and made anew, under the same name, at one moment after the other of a
// run: the verdict stays that of the kill, which the new pod knows nothing of.
func TestRecreatedPod(t *testing.T) {
	dir := written(t, "leak_statefulset", 5)
	for after := range 4 {
		t.Run(fmt.Sprintf("after %d requests", after), func(t *testing.T) {
			i := load(t, dir, cluster.PrometheusOptions{})
			target := i.request.Target
			younger := successor(t, i)
			path := "/namespaces/" + target.Namespace + "/pods"
			replace := cluster.Do(func() {
				if err := i.server.Put(context.WithoutCancel(t.Context()), nil, younger); err != nil {
					t.Error(err)
				}
			}).Where(func(r *http.Request) bool { return strings.Contains(r.URL.Path, path) }).After(after).Once()
			p := cluster.StartProxy(t, i.server.URL, i.server.CAFile, replace)
			env := i.env(t, i.server.KubeconfigFor(t, cluster.Access{Server: p.URL, CAFile: p.CAFile}))
			r := i.investigate(t, env)
			v := r.Verdict
			if v.Mechanism != investigations.MemcgOOMKill || v.Cause != investigations.CauseLeak || v.Trigger != investigations.TriggerDeploy {
				t.Errorf("the verdict is %s, %s, %s; blind: %+v", v.Mechanism, v.Cause, v.Trigger, r.BlindSpots)
			}
			if v.Victim == nil || v.Victim.Pod != target.Pod || v.Victim.PID == 0 {
				t.Errorf("the victim is %+v", v.Victim)
			}
			if got := i.server.Get(t, younger)["metadata"].(map[string]any)["uid"]; got != youngerUID {
				t.Errorf("the pod was not replaced: its uid is %v", got)
			}
		})
	}
}

const youngerUID = "0b2d1c1e-0000-4000-8000-00000000beef"

// successor is the pod that comes after the target: of its name, and without its past.
func successor(t *testing.T, i *incident) cluster.Object {
	t.Helper()
	target := i.request.Target
	objects, err := cluster.Objects(i.fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if namespace, name := o.Meta(); o.Resource != "pods" || namespace != target.Namespace || name != target.Pod {
			continue
		}
		meta := o.Value["metadata"].(map[string]any)
		meta["uid"], meta["creationTimestamp"] = youngerUID, "2027-01-01T00:00:00Z"
		status := o.Value["status"].(map[string]any)
		status["startTime"] = "2027-01-01T00:00:00Z"
		for _, s := range status["containerStatuses"].([]any) {
			c := s.(map[string]any)
			c["restartCount"], c["lastState"] = 0, map[string]any{}
			c["state"] = map[string]any{"running": map[string]any{"startedAt": "2027-01-01T00:00:02Z"}}
			c["containerID"] = "containerd://" + strings.Repeat("beef", 16)
		}
		return o
	}
	t.Fatalf("no pod %s/%s in %s", target.Namespace, target.Pod, i.dir)
	return cluster.Object{}
}
