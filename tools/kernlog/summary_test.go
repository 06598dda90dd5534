package kernlog

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func summaryOf(t *testing.T, log string) investigations.KernelLog {
	t.Helper()
	s := NewScanner(strings.NewReader(unindent(log)), Options{Now: testNow})
	for s.Scan() {
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return s.Summary()
}

func utc(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestCoverage(t *testing.T) {
	up := func(v float64) *float64 { return &v }
	tests := map[string]struct {
		log  string
		want investigations.KernelLog
	}{
		"empty": {"", investigations.KernelLog{}},
		"dates": {`2026-03-26T01:00:00+00:00 n kernel: one
			2026-03-26T02:00:00+00:00 n kernel: two
			2026-03-26T03:00:00+00:00 n app: three
			no stamp
			`, investigations.KernelLog{Lines: 4, From: utc("2026-03-26T01:00:00Z"), To: utc("2026-03-26T03:00:00Z")}},
		"seconds since boot, nothing else": {"[    1.000000] one\n[   20.000000] two\n", investigations.KernelLog{Lines: 2, UptimeFrom: up(1), UptimeTo: up(20)}},
		"an audit record tells the date": {`[    1.000000] one
			[   10.000000] audit: type=1400 audit(1774487759.500:8494): apparmor="DENIED"
			[   20.000000] two
			`, investigations.KernelLog{
			Lines: 3, UptimeFrom: up(1), UptimeTo: up(20), BootTime: utc("2026-03-26T01:15:49.5Z"), From: utc("2026-03-26T01:15:50.5Z"), To: utc("2026-03-26T01:16:09.5Z"),
		}},
		"lines with both": {"Mar 26 01:00:10 n kernel: [   10.000000] one\nMar 26 01:00:20 n kernel: [   20.000000] two\n", investigations.KernelLog{
			Lines: 2, UptimeFrom: up(10), UptimeTo: up(20), BootTime: utc("2026-03-26T01:00:00Z"), From: utc("2026-03-26T01:00:10Z"), To: utc("2026-03-26T01:00:20Z"),
		}},
		"starts": {`2026-03-26T01:00:00+00:00 n kernel: one
			2026-03-26T02:00:00+00:00 n kernel: Linux version 6.1.0-18-amd64 (x)
			`, investigations.KernelLog{
			Lines: 2, From: utc("2026-03-26T01:00:00Z"), To: utc("2026-03-26T02:00:00Z"), Boots: []time.Time{utc("2026-03-26T02:00:00Z")},
		}},
		"a start without a date": {`[    0.000000] Linux version 6.1.0-18-amd64 (x)
			[   10.000000] audit: type=2000 audit(1774487760.000:1): state=initialized
			`, investigations.KernelLog{
			Lines: 2, UptimeFrom: up(0), UptimeTo: up(10), BootTime: utc("2026-03-26T01:15:50Z"), From: utc("2026-03-26T01:15:50Z"), To: utc("2026-03-26T01:16:00Z"),
			Boots: []time.Time{utc("2026-03-26T01:15:50Z")},
		}},
		"lost by number": {"6,5,1000000,-;a\n6,6,1000001,-;b\n6,9,1000002,-;c\n", investigations.KernelLog{
			Lines: 3, UptimeFrom: up(1), UptimeTo: up(1.000002), Lost: []investigations.KernelLoss{{Line: 3, Why: "2 records are missing before this line"}},
		}},
		"lost at a known time": {"6,5,10000000,-;audit: type=1400 audit(1774487759.500:8494): x\n6,9,20000000,-;c\n", investigations.KernelLog{
			Lines: 2, UptimeFrom: up(10), UptimeTo: up(20), BootTime: utc("2026-03-26T01:15:49.5Z"), From: utc("2026-03-26T01:15:59.5Z"), To: utc("2026-03-26T01:16:09.5Z"),
			Lost: []investigations.KernelLoss{{Line: 2, At: utc("2026-03-26T01:16:09.5Z"), Why: "3 records are missing before this line"}},
		}},
		"lost by words": {`2026-03-26T01:00:00+00:00 n kernel: Missed 14 kernel messages
			2026-03-26T01:00:00+00:00 n systemd-journald[3]: Missed 15 kernel messages
			2026-03-26T01:00:00+00:00 n kernel: ** 24 printk messages dropped **
			2026-03-26T01:00:00+00:00 n systemd-journald[3]: Suppressed 9 messages from x.service
			2026-03-26T01:00:00+00:00 n rsyslogd: imjournal: 12 messages lost due to rate-limiting
			2026-03-26T01:00:00+00:00 n app: Missed 15 kernel messages
			`, investigations.KernelLog{
			Lines: 6, From: utc("2026-03-26T01:00:00Z"), To: utc("2026-03-26T01:00:00Z"), Lost: []investigations.KernelLoss{
				{Line: 1, At: utc("2026-03-26T01:00:00Z"), Why: "Missed 14 kernel messages"},
				{Line: 2, At: utc("2026-03-26T01:00:00Z"), Why: "Missed 15 kernel messages"},
				{Line: 3, At: utc("2026-03-26T01:00:00Z"), Why: "** 24 printk messages dropped **"},
				{Line: 5, At: utc("2026-03-26T01:00:00Z"), Why: "imjournal: 12 messages lost due to rate-limiting"},
			},
		}},
		"a line over the limit": {"[    1.000000] one\n" + strings.Repeat("x", maxLine+1) + "\n[    2.000000] two\n", investigations.KernelLog{
			Lines: 3, SkippedLines: 1, UptimeFrom: up(1), UptimeTo: up(2),
		}},
		"a line at the limit": {strings.Repeat("x", maxLine) + "\n", investigations.KernelLog{Lines: 1}},
		"an endless line":     {strings.Repeat("x", 3*maxLine), investigations.KernelLog{Lines: 1, SkippedLines: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, summaryOf(t, tt.log)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestUserKills(t *testing.T) {
	const slice = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_4e5f_4a6b_8c7d_9e0f1a2b3c4d.slice"
	tests := map[string]investigations.UserKill{
		"systemd-oomd[600]: Killed " + slice + "/cri-containerd-" + sampleID + ".scope due to memory pressure for " + slice + " being 59.41% > 50.00% for > 20s with reclaim activity": {
			Killer: investigations.UserKillSystemdOOMD, Path: slice + "/cri-containerd-" + sampleID + ".scope", PodUID: sampleUID, ContainerID: sampleID,
		},
		"systemd-oomd[600]: Killed /user.slice/a due to memory used (950) / total (1000) and swap used (99) / total (100) being more than 90.00%": {
			Killer: investigations.UserKillSystemdOOMD, Path: "/user.slice/a",
		},
		"systemd[1]: cri-containerd-" + sampleID + ".scope: A process of this unit has been killed by the OOM killer.": {
			Killer: investigations.UserKillUnit, Path: "cri-containerd-" + sampleID + ".scope", ContainerID: sampleID,
		},
		"systemd[1]: nginx.service: Failed with result 'oom-kill'.":                  {Killer: investigations.UserKillUnit, Path: "nginx.service"},
		"systemd[1]: nginx.service: systemd-oomd killed 3 process(es) in this unit.": {Killer: investigations.UserKillSystemdOOMD, Path: "nginx.service"},
		`earlyoom[77]: sending SIGTERM to process 4711 uid 1000 "a" b": badness 900, VmRSS 512 MiB`: {
			Killer: investigations.UserKillEarlyOOM, PID: 4711, Comm: `a" b`,
		},
		`kubelet[9]: I0326 01:00:00.1 9 eviction_manager.go:627] "Eviction manager: pod is evicted successfully" pod="shop/api-0"`:                  {Killer: investigations.UserKillKubeletEviction},
		`kubelet[9]: I0326 01:00:00.1 9 eviction_manager.go:395] "Eviction manager: must evict pod(s) to reclaim" resourceName="memory"`:            {Killer: investigations.UserKillKubeletEviction},
		`kubelet[9]: I0326 01:00:00.1 9 eviction_manager.go:395] "Eviction manager: must evict pod(s) to reclaim" resourceName="ephemeral-storage"`: {},
		"systemd[1]: Started nginx.service.":                                 {},
		"app[1]: Killed /user.slice/a due to memory pressure for x being 1%": {},
		"app[1]: sending SIGTERM to process 4711":                            {},
		"kernel: Killed /user.slice/a due to memory pressure for x being 1%": {},
	}
	for line, want := range tests {
		t.Run(line, func(t *testing.T) {
			log := "2026-03-26T01:00:00+00:00 n app: first\n2026-03-26T01:00:07+00:00 n " + line + "\n"
			got := summaryOf(t, log).UserKills
			if want.Killer == "" {
				if len(got) != 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			want.At, want.Line = utc("2026-03-26T01:00:07Z"), 2
			_, want.Text, _ = strings.Cut(line, ": ")
			if diff := cmp.Diff([]investigations.UserKill{want}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestUserKillsOfOtherFormats has the same line where there is no identifier, and where the time is since boot.
func TestUserKillsOfOtherFormats(t *testing.T) {
	const text = "Killed /a due to memory pressure for /a being 59.41% > 50.00%"
	cat := summaryOf(t, text+"\n")
	if len(cat.UserKills) != 1 || cat.UserKills[0].Path != "/a" {
		t.Errorf("%+v", cat.UserKills)
	}
	mono := summaryOf(t, "[   10.000000] n kernel: audit: type=1400 audit(1774487759.500:8494): x\n[   20.000000] n systemd-oomd[6]: "+text+"\n")
	if len(mono.UserKills) != 1 || !mono.UserKills[0].At.Equal(utc("2026-03-26T01:16:09.5Z")) {
		t.Errorf("%+v", mono.UserKills)
	}
	dmesg := summaryOf(t, "[   20.000000] systemd[1]: a.service: A process of this unit has been killed by the OOM killer.\n               Out of memory: Killed process\n")
	if len(dmesg.UserKills) != 1 || dmesg.UserKills[0].Path != "a.service" {
		t.Errorf("%+v", dmesg.UserKills)
	}
	long := summaryOf(t, "Mar 26 01:00:00 n systemd-oomd[6]: "+text+strings.Repeat("\x1b[31m", 2000)+"\n")
	if n := len(long.UserKills[0].Text); n > 500 || strings.Contains(long.UserKills[0].Text, "\x1b") {
		t.Errorf("text of %d bytes: %q", n, long.UserKills[0].Text)
	}
}

// TestManyNotes has more losses, starts and kills than a summary holds.
func TestManyNotes(t *testing.T) {
	var b bytes.Buffer
	for range 3 * maxNotes {
		b.WriteString("[    0.000000] Linux version 6.1.0\n[    1.000000] Missed 3 kernel messages\n[    1.000000] n systemd-oomd[6]: Killed /a due to memory pressure\n[    1.000000] audit: type=1 audit(1774487759.500:8494): x\n")
	}
	l := summaryOf(t, b.String())
	if len(l.Lost) != maxNotes || len(l.UserKills) != maxNotes || len(l.Boots) > maxNotes || l.Lines != 12*maxNotes {
		t.Errorf("%d losses, %d kills, %d starts, %d lines", len(l.Lost), len(l.UserKills), len(l.Boots), l.Lines)
	}
}

// TestAnchors has a clock that is set while the machine runs, and a second start.
func TestAnchors(t *testing.T) {
	var a anchors
	for i := range int64(5000) {
		if a.due(i) {
			at := 1_700_000_000_000_000 + i*1e6
			if i >= 2500 {
				at += 3600e6
			}
			a.add(anchor{boot: 1, us: i * 1e6, at: at}, i)
		}
	}
	if len(a.list) > maxAnchors {
		t.Errorf("%d anchors", len(a.list))
	}
	if got := a.at(1, 100e6); got.UnixMicro() != 1_700_000_100_000_000 {
		t.Errorf("before the clock was set: %v", got)
	}
	if got := a.at(1, 4000e6); got.UnixMicro() != 1_700_007_600_000_000 {
		t.Errorf("after it: %v", got)
	}
	if got := a.at(2, 4000e6); !got.IsZero() {
		t.Errorf("of a start without any: %v", got)
	}
	if got := a.bootTime(1); got.UnixMicro() != 1_700_003_600_000_000 {
		t.Errorf("start: %v", got)
	}
}
