package kernlog

import (
	"fmt"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// killPrefix is what the kernel prints before a kill of that kind.
func killPrefix(kind string) string {
	switch kind {
	case investigations.KernelMemcg:
		return "Memory cgroup out of memory: "
	case investigations.KernelGlobal, investigations.KernelManual:
		return "Out of memory: "
	}
	return ""
}

// killed writes how the report ends.
func (t *rendered) killed() {
	r, prefix := t.r, killPrefix(t.r.Kind)
	switch {
	case len(t.kills) > 0:
	case t.misses(partKill):
		return
	case t.endsWithout():
		t.add("Out of memory and no killable processes...")
		return
	default:
		t.add("OOM victim 0 () is already exiting. Skip killing the task")
		return
	}
	group, path := t.group()
	// A kill without words before it is of an old kernel, unless the group's line stood before it.
	first := prefix == "" && t.misses(partSummary)
	line := fmt.Sprintf("Tasks in %s are going to be killed due to memory.oom.group set", path)
	if group && first {
		t.out = append(t.out, line)
	}
	whole := true
	for i := range t.kills {
		k := &t.kills[i]
		before := prefix
		if i == 0 && k.Score != nil {
			t.add("%sKill process %d (%s) score %d or sacrifice child", prefix, k.PID, commText(k.Comm), *k.Score)
			before = ""
		}
		kill := killText(k, before)
		_, is, _ := parseKill([]byte(kill))
		whole = whole && is
		t.out = append(t.out, kill)
		if group && !first && i == 0 {
			t.out = append(t.out, line)
		}
	}
	if t.misses(partKill) && whole {
		// It is the second line about a victim that was cut off.
		t.add("%sKilled process %d (", killPrefix(r.Kind), t.kills[len(t.kills)-1].PID)
	}
}

// killText is the line about a killed process, of the values that the report has.
func killText(k *investigations.KernelKill, prefix string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sKilled process %d (%s", prefix, k.PID, commText(k.Comm))
	late := k.PgtablesKB != nil || k.OOMScoreAdj != nil // since 5.4
	if k.TotalVMKB == nil && k.AnonRSSKB == nil && k.FileRSSKB == nil && k.ShmemRSSKB == nil && !late {
		if k.Comm != "" {
			b.WriteString(")")
		}
		return b.String()
	}
	b.WriteString(")")
	if !late && k.UID != nil {
		fmt.Fprintf(&b, ", UID %d,", *k.UID)
	}
	kB := func(name string, v *int64) {
		if v != nil {
			fmt.Fprintf(&b, "%s:%dkB", name, *v)
		}
	}
	if kB(" total-vm", k.TotalVMKB); k.TotalVMKB == nil {
		b.WriteString(" total-vm:kB") // it tells where the name ends
	}
	kB(", anon-rss", k.AnonRSSKB)
	kB(", file-rss", k.FileRSSKB)
	kB(", shmem-rss", k.ShmemRSSKB)
	if late {
		b.WriteString(",")
		if k.UID != nil {
			fmt.Fprintf(&b, " UID:%d", *k.UID)
		}
		kB(" pgtables", k.PgtablesKB)
		if k.OOMScoreAdj != nil {
			fmt.Fprintf(&b, " oom_score_adj:%d", *k.OOMScoreAdj)
		}
	}
	return b.String()
}

// group tells whether the line about a memory.oom.group is to be written, and with which path: where there are further
// kills, and where no other line tells the victim's pod.
func (t *rendered) group() (is bool, path string) {
	r := t.r
	path = r.TaskMemcg
	known := ParseCgroup(path).PodUID
	for _, p := range [...]string{r.OOMMemcg, r.StatsPath} {
		if known == "" && r.Kind == investigations.KernelMemcg {
			known = ParseCgroup(p).PodUID
		}
	}
	if r.PodUID != "" && known == "" {
		if made := madePath(r); made != "" {
			return true, made
		}
	}
	if path == "" {
		path = r.OOMMemcg
	}
	if path == "" {
		path = "/"
	}
	return len(t.kills) > 1, pathText(path)
}

// madePath is the path of the report's container as the driver cgroupfs has it; "" where that would tell something else.
func madePath(r *investigations.KernelReport) string {
	path := "/pod" + r.PodUID
	switch r.QoS {
	case "":
	case "Guaranteed":
		path = "/kubepods" + path
	default:
		path = "/kubepods/" + strings.ToLower(r.QoS) + path
	}
	if r.ContainerID != "" {
		path += "/" + r.ContainerID
	}
	if c := ParseCgroup(path); c.PodUID != r.PodUID || c.ContainerID != r.ContainerID || c.QoS != r.QoS {
		return ""
	}
	return path
}
