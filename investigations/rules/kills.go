package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/oombot/oombot/investigations"
)

// kill is a kernel report with its moment and what it matches.
type kill struct {
	log    *investigations.KernelLog
	report *investigations.KernelReport
	at     time.Time // zero: the clock is not known
	// pod and container are who lost a process, where the report's cgroup tells; nil and "" else.
	pod       *investigations.Pod
	container string
	// byTime says that the match rests on time and name only: the report names no cgroup.
	byTime bool
	// counted is the agent's line that tells the cgroup of a report that names none; nil else.
	counted *counted
}

func (k *kill) source() string {
	return fmt.Sprintf("%s:%d-%d", k.log.Source, k.report.Lines[0], k.report.Lines[1])
}

// victim returns the process that was chosen; ok is false where the report has no kill line.
func (k *kill) victim() (investigations.KernelKill, bool) {
	if len(k.report.Killed) == 0 {
		return investigations.KernelKill{}, false
	}
	return k.report.Killed[0], true
}

// pageSize returns the machine's page size in bytes: read off a process that stands in the table (pages) and
// in a kill line (KiB), else 4096.
func (k *kill) pageSize() float64 {
	for _, d := range k.report.Killed {
		if d.AnonRSSKB == nil || d.FileRSSKB == nil {
			continue
		}
		kb := *d.AnonRSSKB + *d.FileRSSKB
		if d.ShmemRSSKB != nil {
			kb += *d.ShmemRSSKB
		}
		for _, t := range k.report.Tasks {
			if t.PID != d.PID || t.RSSPages < 256 {
				continue
			}
			ratio := float64(kb) / float64(t.RSSPages)
			for _, size := range []float64{4, 16, 64} {
				if ratio > size*0.7 && ratio < size*1.4 {
					return size * 1024
				}
			}
		}
	}
	return 4096
}

var systemOOMRE = regexp.MustCompile(`victim process: .*, pid: (\d+)$`)

// systemOOMPid reads the pid from the kubelet's event "System OOM encountered, victim process: C, pid: N".
func systemOOMPid(msg string) (int64, bool) {
	m := systemOOMRE.FindStringSubmatch(msg)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n, err == nil
}

// collectKills joins every kernel report with the pod whose cgroup it names.
func (s *scene) collectKills() {
	byUID := s.podsByUID()
	s.collectCounted(byUID)
	for i := range s.ev.Kernel.Logs {
		l := &s.ev.Kernel.Logs[i]
		for j := range l.Reports {
			r := &l.Reports[j]
			k := &kill{log: l, report: r, at: s.reportTime(l, r)}
			k.pod, k.container = s.whose(byUID, r.PodUID, r.ContainerID)
			s.joinCounted(k)
			s.inferContainer(k)
			s.kills = append(s.kills, k)
		}
	}
	slices.SortStableFunc(s.kills, func(a, b *kill) int { return a.at.Compare(b.at) })
}

// podsByUID returns the pods by what names their cgroups.
func (s *scene) podsByUID() map[string]*investigations.Pod {
	byUID := map[string]*investigations.Pod{}
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		byUID[p.UID] = p
		// The kubelet names a static pod's cgroup by the hash of its file, not by the mirror pod's uid.
		if h := p.Annotations["kubernetes.io/config.hash"]; h != "" {
			byUID[h] = p
		}
	}
	return byUID
}

// whose returns the pod and the container of a cgroup, as far as the cluster knows them.
func (s *scene) whose(byUID map[string]*investigations.Pod, uid, containerID string) (pod *investigations.Pod, container string) {
	if p := byUID[uid]; p != nil && uid != "" {
		return p, containerByID(p, containerID)
	}
	if containerID == "" {
		return nil, ""
	}
	for i := range s.ev.Pods.Pods {
		if c := containerByID(&s.ev.Pods.Pods[i], containerID); c != "" {
			pod, container = &s.ev.Pods.Pods[i], c
		}
	}
	return pod, container
}

// containerByID returns the name of the pod's container that has or had that id.
func containerByID(p *investigations.Pod, id string) string {
	if id == "" {
		return ""
	}
	for _, c := range p.Containers {
		if c.ContainerID == id {
			return c.Name
		}
		for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
			if t != nil && t.ContainerID == id {
				return c.Name
			}
		}
	}
	return ""
}

// inferContainer names the container of a report whose container id Kubernetes no longer knows (only the
// last end is kept): the pod's only container, or the one whose last end fits the moment, or that is named
// like the process.
func (s *scene) inferContainer(k *kill) {
	if k.pod == nil || k.container != "" || k.report.ContainerID == "" {
		return
	}
	var apps []string
	for _, c := range k.pod.Containers {
		if c.Kind == investigations.ContainerApp || c.Kind == investigations.ContainerSidecar {
			apps = append(apps, c.Name)
		}
	}
	if len(apps) == 1 {
		k.container = apps[0]
		return
	}
	for _, c := range k.pod.Containers {
		for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
			if t != nil && !k.at.IsZero() && absDur(t.FinishedAt.Sub(k.at)) <= 3*time.Second {
				k.container = c.Name
				return
			}
		}
	}
	v, ok := k.victim()
	if !ok || len(k.pod.Containers) == 0 {
		return
	}
	best := slices.MaxFunc(k.pod.Containers, func(a, b investigations.Container) int {
		return cmp.Compare(nameAffinity(a, v.Comm), nameAffinity(b, v.Comm))
	})
	if nameAffinity(best, v.Comm) > 0 {
		k.container = best.Name
	}
}

func absDur(d time.Duration) time.Duration {
	if d < 0 {
		return -d
	}
	return d
}
