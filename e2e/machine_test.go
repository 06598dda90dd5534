package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/guest/scene"
	"github.com/oombot/oombot/e2e/machine"
	"github.com/oombot/oombot/investigations"
)

// bootTime is how long the machine may take for all of its acts: some 15 s without KVM on an idle computer.
const bootTime = 8 * time.Minute

// TestMachine boots a machine of 192 MiB with cgroup v2 and lets a container, a pod and the machine itself run
// out of memory, one after the other.
func TestMachine(t *testing.T) {
	log := bootMachine(t)
	var reports []investigations.KernelReport
	for line := range bytes.Lines(printed(t, log, "kernlog", "-o", "json")) {
		var r investigations.KernelReport
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v in the line %s", err, line)
		}
		reports = append(reports, r)
	}
	if len(reports) != len(scene.Acts) {
		t.Fatalf("%d reports, want %d:\n%s", len(reports), len(scene.Acts), log)
	}

	t.Run("container", func(t *testing.T) {
		r := reports[0]
		checkMachine(t, r, investigations.KernelMemcg, investigations.BoundaryContainer, scene.Checkout, scene.Checkout)
		check(t, "container_id", r.ContainerID, scene.CheckoutID)
		check(t, "memory.limit_kb", *r.Memory.LimitKB, 48<<10)
		// With memory.oom.group the kernel names the chosen victim twice, and it was killed once.
		check(t, "killed", fmt.Sprint(comms(r)), "[worker-1 gunicorn]")
		check(t, "tasks", len(r.Tasks), 2)
		if anon := r.Stats["anon"]; anon < 30<<20 || anon > 48<<20 {
			t.Errorf("the container's anonymous memory is %d bytes, want most of 48 MiB", anon)
		}
		check(t, "stats_path", r.StatsPath, scene.Checkout)
	})
	t.Run("pod", func(t *testing.T) {
		r := reports[1]
		checkMachine(t, r, investigations.KernelMemcg, investigations.BoundaryPod, scene.CheckoutPod, scene.Shipper)
		check(t, "pod_uid", r.PodUID, scene.CheckoutUID)
		check(t, "container_id", r.ContainerID, scene.ShipperID)
		check(t, "qos", r.QoS, "Burstable")
		check(t, "killed", fmt.Sprint(comms(r)), "[log-shipper]")
		check(t, "tasks", len(r.Tasks), 2)
	})
	t.Run("node", func(t *testing.T) {
		r := reports[2]
		checkMachine(t, r, investigations.KernelGlobal, investigations.BoundaryNode, "", scene.Checkout)
		check(t, "pod_uid", r.PodUID, scene.CheckoutUID)
		check(t, "killed", fmt.Sprint(comms(r)), "[leaky-app]")
		if r.Node == nil || r.Node.RAMPages == nil || *r.Node.RAMPages < 30_000 || *r.Node.RAMPages > 49_152 {
			t.Errorf("the machine's memory is %+v, want about 192 MiB in pages of 4 KiB", r.Node)
		}
		for _, name := range []string{"kubelet", "redis-server", "leaky-app"} {
			if !slices.ContainsFunc(r.Tasks, func(task investigations.KernelTask) bool { return task.Comm == name }) {
				t.Errorf("the table of processes lacks %s", name)
			}
		}
	})
	t.Run("investigate", func(t *testing.T) { investigateMachine(t, log) })
}

// investigateMachine has the program investigate the machine's last kill.
func investigateMachine(t *testing.T, log []byte) {
	dir := t.TempDir()
	write(t, dir, "kernel/n1.log", string(log))
	write(t, dir, "incident.yaml", "version: 1\nat: "+time.Now().UTC().Format(time.RFC3339)+"\ntarget: {node: n1}\n")
	var result investigations.Result
	if err := json.Unmarshal(printed(t, nil, "investigate", "--bundle", dir, "-o", "json"), &result); err != nil {
		t.Fatal(err)
	}
	check(t, "mechanism", result.Verdict.Mechanism, investigations.GlobalOOMKill)
	check(t, "boundary", result.Verdict.Boundary, investigations.BoundaryNode)
	if v := result.Verdict.Victim; v == nil || v.Comm != "leaky-app" {
		t.Errorf("the victim is %+v, want leaky-app", v)
	}
}

func checkMachine(
	t *testing.T, r investigations.KernelReport, kind string, b investigations.Boundary, oomMemcg, taskMemcg string,
) {
	t.Helper()
	check(t, "kind", r.Kind, kind)
	check(t, "boundary", r.Boundary, b)
	check(t, "oom_memcg", r.OOMMemcg, oomMemcg)
	check(t, "task_memcg", r.TaskMemcg, taskMemcg)
	check(t, "complete", r.Complete, true)
	check(t, "missing", fmt.Sprint(r.Missing), "[]")
	if kind == investigations.KernelMemcg && (r.Memory == nil || r.Memory.LimitKB == nil) {
		t.Fatalf("no memory limit in %+v", r.Memory)
	}
}

func comms(r investigations.KernelReport) []string {
	var out []string
	for _, k := range r.Killed {
		out = append(out, k.Comm)
	}
	return out
}

// bootMachine runs the guest in a virtual machine and returns what its kernel logged.
func bootMachine(t *testing.T) []byte {
	t.Helper()
	output := filepath.Join(t.TempDir(), "output")
	console, _, err := machine.Run(t, machine.Options{
		MiB: 192, Files: map[string][]byte{"init": machine.Build(t, "./guest")}, Append: "loglevel=7", Serial: "file:" + output, Within: bootTime,
	})
	log, readErr := os.ReadFile(output)
	// The serial port's line discipline turns line feeds into CRLF, which any reader of logs has to stand.
	if err != nil || readErr != nil || !bytes.Contains(log, []byte(scene.End)) {
		t.Fatalf("the machine did not play to its end: %v, %v\n%s\n%s", err, readErr, log, console)
	}
	return log
}
