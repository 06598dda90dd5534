package kernlog

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// killOf is a report of a kill in the pod of that uid.
func killOf(at time.Time, uid string) string {
	stamp := at.Format("2006-01-02T15:04:05.000000-07:00") + " n1 kernel: "
	cgroup := "/kubepods/burstable/pod" + uid + "/" + fmt.Sprintf("%064d", 7)
	return stamp + "app invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=936\n" +
		stamp + "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=" + cgroup + ",task_memcg=" + cgroup + ",task=app,pid=7,uid=0\n" +
		stamp + "Memory cgroup out of memory: Killed process 7 (app) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:936\n"
}

func TestLastKill(t *testing.T) {
	const ours, theirs = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "1a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	file := filepath.Join(t.TempDir(), "kern.log")
	text := killOf(now.Add(-3*time.Hour), ours) + killOf(now.Add(-2*time.Hour), ours) + killOf(now.Add(-time.Hour), theirs)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l := NewLive([]KernelFile{{Path: filepath.Join(t.TempDir(), "none")}, {Path: "-"}, {Path: t.TempDir()}, {Path: file}}, nil,
		LiveOptions{Now: func() time.Time { return now }})
	pod := investigations.SubjectPod{Namespace: "shop", Name: "web-1", UID: ours}
	byID := investigations.SubjectPod{Name: "web-2", Containers: []investigations.SubjectContainer{{IDs: []string{fmt.Sprintf("%064d", 7)}}}}
	for name, tt := range map[string]struct {
		subject investigations.Subject
		want    time.Time
	}{
		"a pod": {investigations.Subject{
			Request: investigations.Request{Target: investigations.Target{Namespace: "shop", Pod: "web-1"}}, Pods: []investigations.SubjectPod{pod},
		}, now.Add(-2 * time.Hour)},
		"another pod of its workload": {investigations.Subject{
			Request: investigations.Request{Target: investigations.Target{Namespace: "shop", Pod: "web-0"}}, Pods: []investigations.SubjectPod{pod},
		}, time.Time{}},
		"by its container's id": {investigations.Subject{
			Request: investigations.Request{Target: investigations.Target{Namespace: "shop", Workload: "deployment/web"}}, Pods: []investigations.SubjectPod{byID},
		}, now.Add(-time.Hour)},
		"a node": {investigations.Subject{Request: investigations.Request{Target: investigations.Target{Node: "n1"}}}, now.Add(-time.Hour)},
	} {
		if got := l.LastKill(t.Context(), tt.subject); !got.Equal(tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
