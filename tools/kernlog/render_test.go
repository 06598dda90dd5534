package kernlog

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// sampleLogs are the kernel logs of the package's testdata, and, where OOMBOT_SHARED names it, those of a folder of real
// kills.
func sampleLogs(t testing.TB) []string {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join("testdata", "logs", "*.log"))
	if err != nil || len(logs) < 20 {
		t.Fatalf("%d logs (%v)", len(logs), err)
	}
	if dir := os.Getenv("OOMBOT_SHARED"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "kernel", "*.log"))
		if err != nil || len(more) == 0 {
			t.Fatalf("OOMBOT_SHARED has no kernel logs (%v)", err)
		}
		logs = append(logs, more...)
	}
	return logs
}

// dated gives reports without a date one, as an agent does, which knows when the machine started; and without a place:
// the lines and the host, which becomes the node, differ in what is rendered.
func dated(reports []investigations.KernelReport) []investigations.KernelReport {
	for i := range reports {
		r := &reports[i]
		r.Lines, r.Host = [2]int64{}, ""
		if r.At != nil {
			continue
		}
		at := testBoot.Add(time.Duration(i) * time.Second)
		if r.UptimeS != nil {
			at = testBoot.Add(time.Duration(*r.UptimeS * float64(time.Second))).Round(time.Microsecond)
		}
		r.At = &at
	}
	return reports
}

// checkRendered renders reports and reads them back.
func checkRendered(t *testing.T, want []investigations.KernelReport) {
	t.Helper()
	want = dated(want)
	slices.SortStableFunc(want, func(a, b investigations.KernelReport) int { return a.At.Compare(*b.At) })
	text := Render(investigations.NodeAccount{Node: "n1", Reports: want})
	got := scan(t, text)
	for i := range got {
		if got[i].Host != "n1" && got[i].UptimeS != nil {
			t.Errorf("host %q", got[i].Host)
		}
	}
	if diff := cmp.Diff(want, dated(got)); diff != "" {
		t.Errorf("(-want +got)\n%s\n%s", diff, text[:min(len(text), 6000)])
	}
}

// TestRenderSamples: of all sample logs, what is rendered reads as the same reports.
func TestRenderSamples(t *testing.T) {
	var all []investigations.KernelReport
	for _, file := range sampleLogs(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			log, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			reports := scan(t, log)
			if len(reports) == 0 {
				t.Fatal("no reports")
			}
			checkRendered(t, reports)
			all = append(all, reports...)
		})
	}
	t.Run("together", func(t *testing.T) {
		checkRendered(t, all)
	})
}

// TestRenderCuts: a report of each kernel and sort, of which the log holds its beginning or its end only, lacks the same
// in what is rendered.
func TestRenderCuts(t *testing.T) {
	for _, k := range kernlogtest.Kernels {
		for name, incident := range incidents(k) {
			t.Run(k.Release+"/"+name, func(t *testing.T) {
				messages := incident.Messages()
				for i := 1; i < len(messages); i += 1 + i%3 {
					for _, cut := range [][]kernlogtest.Message{messages[:i], messages[i:]} {
						reports := scan(t, render(cut))
						checkRendered(t, reports)
						if t.Failed() {
							t.Fatalf("%d of %d, from %q to %q", len(cut), len(messages), cut[0].Text, cut[len(cut)-1].Text)
						}
					}
				}
			})
		}
	}
}

// TestRenderNames: a name that looks like a part of the log stays a name.
func TestRenderNames(t *testing.T) {
	for _, name := range []string{
		"a\nKilled process", ") total-vm:1kB,", ",pid=1,uid=0", "x\n[ 1.0] Out", "#012[ 2.0] x", "\\x0aOut of mem", "\x1b[31m", "é\xff",
		" ", "", "\r", "<3>[ 1.0] y", "oom-kill:pid=9", "[T1] z", "n1 kernel: x", "12 13 14",
	} {
		for _, k := range []kernlogtest.Kernel{kernlogtest.Kernels[0], kernlogtest.Kernels[len(kernlogtest.Kernels)-1]} {
			r := incidents(k)["container"]
			for i := range r.Tasks {
				r.Tasks[i].Comm = name
			}
			r.Invoker = r.Tasks[r.Victim]
			reports := scan(t, render(r.Messages()))
			if len(reports) != 1 || reports[0].Killed[0].Comm != name {
				t.Fatalf("%q is not read: %+v", name, reports)
			}
			checkRendered(t, reports)
			checkRendered(t, append(reports, scan(t, render(r.Kills()))...))
		}
	}
}

// TestRenderTimes: a report without a date, without seconds since boot, and without either.
func TestRenderTimes(t *testing.T) {
	r := scan(t, []byte(bareKill("  1.500000", 5)))[0]
	want := func(prefix string) string {
		return prefix + "Memory cgroup out of memory: Killed process 5 (worker) total-vm:29740kB, anon-rss:28452kB, file-rss:4kB, shmem-rss:696kB, UID:0 pgtables:96kB oom_score_adj:936\n"
	}
	at := time.Date(2026, 11, 23, 14, 19, 7, 664609000, time.UTC)
	for _, test := range []struct {
		node, want string
		at         *time.Time
		up         *float64
	}{
		{"n1", want("2026-11-23T14:19:07.664609+00:00 n1 kernel: [    1.500000][    T1] "), &at, r.UptimeS},
		{"a b", want("2026-11-23T14:19:07.664609+00:00 kernel: [    1.500000][    T1] "), &at, r.UptimeS},
		{"n1", want("2026-11-23T14:19:07,664609+00:00 [    T1] "), &at, nil},
		{"n1", want("[    1.500000][    T1] n1 kernel: "), nil, r.UptimeS},
		{"n1:", want("[    1.500000][    T1] "), nil, r.UptimeS},
		{"n1", "", nil, nil},
	} {
		r.At, r.UptimeS = test.at, test.up
		text := withoutFollowed(t, Render(investigations.NodeAccount{Node: test.node, Reports: []investigations.KernelReport{r}}))
		if diff := cmp.Diff(test.want, string(text)); diff != "" {
			t.Error(diff)
		}
		if got := scan(t, text); test.want != "" && (len(got) != 1 || got[0].At != nil && !got[0].At.Equal(at)) {
			t.Errorf("%+v", got)
		}
	}
}

// TestRenderApart: a report that has no kill does not take that of the next, and a kill does not join another's group.
func TestRenderApart(t *testing.T) {
	whole := incidents(kernlogtest.Kernels[len(kernlogtest.Kernels)-1])["group"]
	messages := whole.Messages()
	first := slices.IndexFunc(messages, func(m kernlogtest.Message) bool { return strings.Contains(m.Text, killed) })
	open := scan(t, render(messages[:first]))
	bare := scan(t, render(whole.Kills()[:1]))
	group := scan(t, render(messages))
	if len(open) != 1 || len(open[0].Killed) > 0 || len(bare) != 1 || len(group) != 1 {
		t.Fatal(open, bare, group)
	}
	for _, boot := range []bool{true, false} {
		reports := []investigations.KernelReport{open[0], bare[0], group[0], bare[0], open[0]}
		for i := range reports {
			reports[i].UptimeS = open[0].UptimeS
			if !boot {
				reports[i].UptimeS = nil
			}
		}
		checkRendered(t, reports)
	}
}

// TestRenderMuch: beyond the limits tables go first, then all but the kills.
func TestRenderMuch(t *testing.T) {
	r := dated(scan(t, render(incidents(kernlogtest.Kernels[len(kernlogtest.Kernels)-1])["names"].Messages())))[0]
	r.OOMMemcg = strings.Repeat("\n", 3*renderPath)
	r.TaskMemcg, r.StatsPath = r.OOMMemcg, r.OOMMemcg
	var reports []investigations.KernelReport
	for range 50 {
		reports = append(reports, r)
	}
	w := newRenderer("n1")
	w.room = 200_000
	w.all(inOrder(investigations.NodeAccount{Reports: reports}))
	text := w.out
	if len(text) > 3*w.room {
		t.Errorf("%d bytes", len(text))
	}
	got := scan(t, text)
	if len(got) != len(reports) || len(got[0].Tasks) == 0 || len(got[len(got)-1].Tasks) > 0 {
		t.Fatalf("%d reports", len(got))
	}
	for i := range got {
		if len(got[i].Killed) != 1 {
			t.Fatalf("report %d: %+v", i, got[i].Killed)
		}
	}
	if got := bytes.Count(Render(investigations.NodeAccount{Node: "n1", UserKills: make([]investigations.UserKill, 10_000)}), []byte("\n")); got > renderKills {
		t.Errorf("%d kills of user space", got)
	}
}

// TestRenderUserKills: kills by user space are written as the line of who killed, where that is one, else as the
// agent's.
func TestRenderUserKills(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 19, 7, 664609000, time.UTC)
	const uid = "60db5bd1-4a3c-4f7b-8e04-714f4244e2b1"
	id := strings.Repeat("ab", 32)
	path := "/kubepods/burstable/pod" + uid + "/" + id
	counted := Counted(investigations.CountedKill{At: at, WithinMS: 1000, Path: path, PodUID: uid, ContainerID: id, Kills: 2, OOM: true, PIDs: []int64{12, 13}})
	placed := Counted(investigations.CountedKill{At: at, WithinMS: 1000, Path: path, PodUID: uid, ContainerID: id, Kills: 2, PIDs: []int64{12, 13}, Recorded: true})
	shared := Counted(investigations.CountedKill{At: at, WithinMS: 1000, Path: path, PodUID: uid, ContainerID: id, Kills: 1, Among: []int64{12, 14}})
	silent := Counted(investigations.CountedKill{At: at, WithinMS: 1000, Path: "/a, of pids 9\n, in cgroup /b", Kills: 1})
	for _, test := range []struct {
		want string
		kill investigations.UserKill
	}{
		{
			"systemd-oomd: Killed " + path + " due to memory pressure for /kubepods being 59.41% > 50.00% for > 20s",
			investigations.UserKill{
				At: at, Killer: investigations.UserKillSystemdOOMD, Path: path, PodUID: uid, ContainerID: id,
				Text: "Killed " + path + " due to memory pressure for /kubepods being 59.41% > 50.00% for > 20s",
			},
		},
		{
			"systemd: a.service: Failed with result 'oom-kill'.",
			investigations.UserKill{At: at, Killer: investigations.UserKillUnit, Path: "a.service", Text: "a.service: Failed with result 'oom-kill'."},
		},
		{
			`earlyoom: sending SIGTERM to process 5 uid 0 "x": badness 900`,
			investigations.UserKill{At: at, Killer: investigations.UserKillEarlyOOM, PID: 5, Comm: "x", Text: `sending SIGTERM to process 5 uid 0 "x": badness 900`},
		},
		{
			"kubelet: eviction manager: pod is evicted successfully",
			investigations.UserKill{At: at, Killer: investigations.UserKillKubeletEviction, Text: "eviction manager: pod is evicted successfully"},
		},
		{
			"oombot-agent: kubelet-eviction of pod " + uid + ", pid 7: The node was low on resource: memory.",
			investigations.UserKill{At: at, Killer: investigations.UserKillKubeletEviction, PodUID: uid, PID: 7, Text: "The node was low on resource: memory."},
		},
		{"oombot-agent: counted 2 kills within 1000 ms, of pids 12 13, at its own limit, in cgroup " + path, counted},
		{"oombot-agent: placed 2 kills within 1000 ms, of pids 12 13, where the recorder saw them, in cgroup " + path, placed},
		{"oombot-agent: counted 1 kills within 1000 ms, among those of pids 12 14, in cgroup " + path, shared},
		{"", investigations.UserKill{At: at, Killer: "somebody", Text: "Memory cgroup out of memory: Killed process 5 (x)"}},
		{"", investigations.UserKill{Killer: investigations.UserKillUnit, Path: "a.service", Text: "a.service: Failed with result 'oom-kill'."}},
		{"oombot-agent: counted 1 kills within 1000 ms, in cgroup /a, of pids 9\\x0a, in cgroup /b", silent},
	} {
		text := withoutFollowed(t, Render(investigations.NodeAccount{Node: "n1", UserKills: []investigations.UserKill{test.kill}}))
		want := ""
		if test.want != "" {
			want = "2026-11-23T14:19:07.664609+00:00 n1 " + test.want + "\n"
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Error(diff)
		}
		s := NewScanner(bytes.NewReader(text), Options{})
		if s.Scan() {
			t.Errorf("%s is read as a report", text)
		}
		if want == "" {
			continue
		}
		wanted := test.kill
		if wanted.Line = 1; wanted.Counted != nil && wanted.PodUID == "" {
			continue // a path that tells of something else is not taken at its word
		}
		if diff := cmp.Diff([]investigations.UserKill{wanted}, s.Summary().UserKills); diff != "" {
			t.Error(diff)
		}
	}
}

// withoutFollowed takes the line off that says that the agent did not follow the log, which is there where anything has
// a date.
func withoutFollowed(t *testing.T, text []byte) []byte {
	t.Helper()
	const last = "oombot-agent: did not follow the kernel log without loss\n"
	if !bytes.HasSuffix(text, []byte(last)) {
		if bytes.HasPrefix(text, []byte("2026")) {
			t.Errorf("%s", text)
		}
		return text
	}
	return text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1]
}

// TestRenderFollowed: how the agent followed the log is what it covers.
func TestRenderFollowed(t *testing.T) {
	from, to := testBoot, testBoot.Add(time.Hour)
	sum := func(a investigations.NodeAccount) investigations.KernelLog {
		_, sum := readAllOf(Render(a))
		return sum
	}
	got := sum(investigations.NodeAccount{Node: "n1", LosslessFrom: from, LosslessTo: to})
	if diff := cmp.Diff(&investigations.KernelFollowed{From: from, To: to}, got.Followed); diff != "" || !got.From.Equal(from) || !got.To.Equal(to) {
		t.Error(diff, got)
	}
	for at, quiet := range map[time.Time]bool{
		from: true, from.Add(time.Second): false, to: false, to.Add(90 * time.Second): false, to.Add(91 * time.Second): true, from.Add(-time.Hour): true,
	} {
		if got.TooQuiet(got.From, got.To, at) != quiet {
			t.Errorf("quiet at %s: %v", at, !quiet)
		}
	}
	got = sum(investigations.NodeAccount{Node: "n1", Counted: []investigations.CountedKill{{At: to, Path: "/a", Kills: 1}}})
	if got.Followed == nil || *got.Followed != (investigations.KernelFollowed{}) || !got.TooQuiet(from, to, to) {
		t.Error(got)
	}
	if text := Render(investigations.NodeAccount{Node: "n1"}); len(text) > 0 {
		t.Errorf("%s", text)
	}
	if text := Render(investigations.NodeAccount{Node: "n1", LosslessFrom: to, LosslessTo: from}); len(text) > 0 {
		t.Errorf("%s", text)
	}
}

// TestAgentLines: what is no line of an agent counts for nothing.
func TestAgentLines(t *testing.T) {
	for _, line := range []string{
		"counted", "counted x kills within 1 ms, in cgroup /a", "counted 1 kills within 1 ms, in cgroup ", "counted 0 kills within 1 ms, in cgroup /a",
		"counted 1 kills within 1 ms", "kubelet-eviction", "kubelet-eviction of pod x", "kubelet-evictions: x", "evicted: x", "",
		"followed the kernel log without loss since yesterday", "followed the kernel log without loss since 2027-01-01T00:00:00Z",
	} {
		p := NewParser(Options{})
		p.Line([]byte("2026-11-23T14:19:07+00:00 n1 oombot-agent: " + line))
		if got := p.Summary(); len(got.UserKills) > 0 || got.Followed != nil {
			t.Errorf("%q: %+v", line, got)
		}
	}
}
