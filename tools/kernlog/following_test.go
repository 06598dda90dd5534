package kernlog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestFollowed goes through a log as a follower does: line by line, asking after each whether what is open may be ended.
func TestFollowed(t *testing.T) {
	steps := []struct {
		line          string
		open, settled bool
	}{
		{"4,1,1000000,-;usb 1-1: new device", false, true},
		{"4,2,2000000,-;java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=936", true, false},
		{"6,3,2000001,-;memory: usage 65536kB, limit 65536kB, failcnt 95", true, false},
		{
			"6,4,2000002,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=/kubepods/burstable/pod11111111-2222-3333-4444-555555555555,task_memcg=/kubepods/burstable/pod11111111-2222-3333-4444-555555555555/c1,task=java,pid=7,uid=0",
			true, false,
		},
		{"3,5,2000003,-;Memory cgroup out of memory: Killed process 7 (java) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:936", true, true},
	}
	p := NewParser(Options{})
	for _, s := range steps {
		p.Line([]byte(s.line))
		if p.Open() != s.open || p.Settled() != s.settled {
			t.Errorf("after %q: open %t and settled %t, want %t and %t", s.line, p.Open(), p.Settled(), s.open, s.settled)
		}
		if r := p.Next(); r != nil {
			t.Errorf("after %q there is a report of %v already, though tasks of its group may follow", s.line, r.Killed)
		}
	}
	p.Flush()
	r := p.Next()
	if r == nil || len(r.Killed) != 1 || r.Killed[0].PID != 7 {
		t.Fatalf("the report is %+v, want that of process 7", r)
	}
	if p.Open() || !p.Settled() {
		t.Error("something is open after all was read")
	}
}

// TestSettledWithoutKill takes a report as complete once the kernel says that it killed nothing.
func TestSettledWithoutKill(t *testing.T) {
	for _, last := range []string{
		"[   31.611201] Out of memory and no killable processes...",
		"[   31.611201] OOM victim 95 (still) is already exiting. Skip killing the task",
	} {
		p := NewParser(Options{})
		p.Line([]byte("[   31.610202] init invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"))
		p.Line([]byte("[   31.610950] memory: usage 33548kB, limit 16384kB, failcnt 0"))
		if p.Settled() {
			t.Error("it is settled in its middle")
		}
		p.Line([]byte(last))
		if !p.Open() || !p.Settled() {
			t.Errorf("after %q: open %t and settled %t", last, p.Open(), p.Settled())
		}
		p.Flush()
		if r := p.Next(); r == nil || len(r.Killed) != 0 || r.InvokedBy == nil || r.InvokedBy.Comm != "init" {
			t.Errorf("after %q the report is %+v", last, r)
		}
	}
}

func TestTakeUserKills(t *testing.T) {
	const line = "Nov 23 14:19:07 n1 systemd-oomd[600]: Killed /system.slice/a.service due to memory pressure for /system.slice being 59.41% > 50.00% for > 20s with reclaim activity"
	p := NewParser(Options{})
	p.Line([]byte(line))
	kills := p.TakeUserKills()
	var got []string
	for _, k := range kills {
		got = append(got, k.Killer+" "+k.Path)
	}
	if diff := cmp.Diff([]string{investigations.UserKillSystemdOOMD + " /system.slice/a.service"}, got); diff != "" {
		t.Errorf("kills of user space (-want +got):\n%s", diff)
	}
	if again := p.TakeUserKills(); len(again) != 0 {
		t.Errorf("they are returned a second time: %v", again)
	}
}
