package kernlog

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

var testBoot = time.Date(2026, 3, 4, 2, 10, 0, 250_000_000, time.UTC)

// testNow is the clock of the tests: after testBoot, in the same year.
var testNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newLog(t kernlogtest.Transport) *kernlogtest.Log {
	return &kernlogtest.Log{Transport: t, Boot: testBoot, Uptime: 423*time.Second + 123456*time.Microsecond, Step: 20 * time.Microsecond}
}

// scan returns the reports of a log.
func scan(t *testing.T, log []byte) []investigations.KernelReport {
	t.Helper()
	s := NewScanner(bytes.NewReader(log), Options{Now: testNow})
	var reports []investigations.KernelReport
	for s.Scan() {
		reports = append(reports, *s.Report())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return reports
}

// incidents are one report of each sort, with names that are hard to read.
func incidents(k kernlogtest.Kernel) map[string]*kernlogtest.Report {
	rng := rand.New(rand.NewPCG(7, 7))
	container := kernlogtest.Incident(k, rng, 5)

	pod := kernlogtest.Incident(k, rng, 3)
	pod.OOMMemcg = pod.OOMMemcg[:strings.LastIndex(pod.OOMMemcg, "/")]
	pod.Children = []string{pod.TaskMemcg, pod.OOMMemcg + "/cri-containerd-" + strings.Repeat("ab", 32) + ".scope"}

	group := kernlogtest.Incident(k, rng, 4)
	group.Group = []int{0, 1, 2, 3}

	names := kernlogtest.Incident(k, rng, 6)
	for i, n := range []string{"a b) c, pid=1", "x) total-vm:1kB", ",task=q,pid=1", "[  12]  0", "two\nlines", " lead trail "} {
		names.Tasks[i].Comm = n
	}
	names.Victim, names.Invoker = 4, names.Tasks[4]

	global := kernlogtest.Incident(k, rng, 8)
	global.OOMMemcg, global.Constraint = "", "CONSTRAINT_NONE"
	global.RAMPages, global.ReservedPages, global.FreePages = 2097152, 71943, 18000
	global.Tasks[1].Adj, global.Tasks[2].Adj, global.Tasks[3].Adj = -1000, 0, -999

	return map[string]*kernlogtest.Report{"container": container, "pod": pod, "group": group, "names": names, "global": global}
}

// TestRoundTrip prints reports as each kernel does in each transport, and reads them back.
func TestRoundTrip(t *testing.T) {
	for _, k := range kernlogtest.Kernels {
		for name, want := range incidents(k) {
			for _, tr := range kernlogtest.Transports {
				t.Run(k.Release+"/"+name+"/"+string(tr), func(t *testing.T) {
					if name == "names" && (tr == kernlogtest.JournalCat || tr == kernlogtest.Console) {
						t.Skip("without a prefix, or with the same before each line, a name's second line can be anything")
					}
					l := newLog(tr)
					l.Line("")
					l.Add(kernlogtest.Message{Level: 6, Text: "device eth0 entered promiscuous mode"})
					at := l.Now()
					up := l.Uptime
					l.Add(want.Messages()...)
					l.Add(kernlogtest.Message{Level: 6, Text: "device eth0 left promiscuous mode"})
					got := scan(t, l.Bytes())
					if len(got) != 1 {
						t.Fatalf("%d reports\n%s", len(got), l.Bytes())
					}
					if diff := cmp.Diff(expected(want), stripPlace(got[0])); diff != "" {
						t.Errorf("(-want +got)\n%s\n%s", diff, l.Bytes())
					}
					checkTime(t, tr, &got[0], at, up)
				})
			}
		}
	}
}

// stripPlace takes out what depends on the transport.
func stripPlace(r investigations.KernelReport) investigations.KernelReport {
	r.At, r.UptimeS, r.Host, r.Lines = nil, nil, "", [2]int64{}
	return r
}

func checkTime(t *testing.T, tr kernlogtest.Transport, r *investigations.KernelReport, at time.Time, up time.Duration) {
	t.Helper()
	if r.Lines[0] != 3 || r.Lines[1] <= r.Lines[0] {
		t.Errorf("lines %v", r.Lines)
	}
	dates, seconds, uptimes, host := true, false, false, strings.HasPrefix(string(tr), "journal-") || strings.Contains(string(tr), "syslog")
	switch tr {
	case kernlogtest.DmesgH, kernlogtest.JournalCat:
		dates, host = false, false
	case kernlogtest.Dmesg, kernlogtest.DmesgCaller, kernlogtest.DmesgX, kernlogtest.DmesgR, kernlogtest.Console, kernlogtest.Kmsg, kernlogtest.JournalMonotonic:
		dates, uptimes = false, true
	case kernlogtest.DmesgT, kernlogtest.JournalShort, kernlogtest.JournalISO, kernlogtest.JournalFull, kernlogtest.Syslog, kernlogtest.SyslogNoSpace:
		seconds = true
	case kernlogtest.SyslogUptime:
		seconds, uptimes = true, true
	case kernlogtest.JournalJSON:
		uptimes = true
	}
	if seconds {
		at = at.Truncate(time.Second)
	}
	switch {
	case !dates && r.At != nil:
		t.Errorf("at %v in a log without dates", r.At)
	case dates && (r.At == nil || !r.At.Equal(at)):
		t.Errorf("at %v, want %v", r.At, at)
	}
	switch {
	case !uptimes && r.UptimeS != nil:
		t.Errorf("uptime %v in a log without", *r.UptimeS)
	case uptimes && (r.UptimeS == nil || *r.UptimeS != up.Seconds()):
		t.Errorf("uptime %v, want %v", r.UptimeS, up.Seconds())
	}
	if want := map[bool]string{true: kernlogtest.Host}[host]; r.Host != want {
		t.Errorf("host %q, want %q", r.Host, want)
	}
}

// expected says what a report is to be read as.
func expected(w *kernlogtest.Report) investigations.KernelReport {
	k := w.Kernel
	from := func(major, minor int) bool { return k.Major > major || k.Major == major && k.Minor >= minor }
	p := func(v int64) *int64 { return &v }
	r := investigations.KernelReport{
		Complete: true, Missing: []string{}, Kind: "global", Boundary: investigations.BoundaryNode, Kernel: k.Release,
		InvokedBy: &investigations.KernelInvoker{Comm: w.Invoker.Comm, PID: w.Invoker.PID, Order: w.Order, OOMScoreAdj: p(w.Invoker.Adj), GFPMask: "0xcc0(GFP_KERNEL)"},
	}
	switch {
	case !from(4, 4):
		r.InvokedBy.GFPMask = "0xd0"
	case !from(4, 19):
		r.InvokedBy.GFPMask = "0x24000c0(GFP_KERNEL)"
	}
	if from(5, 0) {
		r.Constraint = w.Constraint
	}
	if from(5, 0) || w.OOMMemcg != "" {
		r.TaskMemcg = w.TaskMemcg
		c := ParseCgroup(w.TaskMemcg)
		r.PodUID, r.ContainerID, r.QoS = c.PodUID, c.ContainerID, c.QoS
	}
	total := w.RAMPages - w.ReservedPages
	if w.OOMMemcg != "" {
		expectedMemcg(&r, w, from)
		total = w.LimitKB / 4
	} else {
		r.Node = &investigations.KernelNode{
			RAMPages: p(w.RAMPages), ReservedPages: p(w.ReservedPages), FreePages: p(w.FreePages), SwapTotalKB: p(0), SwapFreeKB: p(0),
			SlabReclaimablePages: p(15124), SlabUnreclaimablePages: p(40331), ShmemPages: p(300), PagetablesPages: p(7684), AnonPages: p(33086), FilePages: p(713),
		}
	}
	for _, t := range w.Tasks {
		row := investigations.KernelTask{
			PID: t.PID, TGID: t.TGID, UID: t.UID, Comm: t.Comm, TotalVMPages: t.VM, RSSPages: t.RSS(), SwapentsPages: t.Swap, OOMScoreAdj: t.Adj,
			Badness: p(t.RSS() + t.Swap + t.PagetablesBytes/4096 + t.Adj*(total/1000)),
		}
		if from(6, 8) {
			row.RSSAnonPages, row.RSSFilePages, row.RSSShmemPages = p(t.Anon), p(t.File), p(t.Shmem)
		}
		if from(4, 15) {
			row.PgtablesBytes = p(t.PagetablesBytes)
		}
		if t.Adj == -1000 {
			row.Badness = nil
		}
		r.Tasks = append(r.Tasks, row)
	}
	victims := []int{w.Victim}
	if from(4, 19) {
		for _, i := range w.Group {
			if i != w.Victim {
				victims = append(victims, i)
			}
		}
	}
	for n, i := range victims {
		t := w.Tasks[i]
		kill := investigations.KernelKill{PID: t.PID, Comm: t.Comm, TotalVMKB: p(t.VM * 4), AnonRSSKB: p(t.Anon * 4), FileRSSKB: p(t.File * 4)}
		if from(4, 4) {
			kill.ShmemRSSKB = p(t.Shmem * 4)
		}
		if from(5, 4) {
			kill.UID, kill.PgtablesKB, kill.OOMScoreAdj = p(t.UID), p(t.PagetablesBytes/1024), p(t.Adj)
		}
		if !from(5, 1) && n == 0 {
			kill.Score = p(1000)
		}
		r.Killed = append(r.Killed, kill)
	}
	return r
}

func expectedMemcg(r *investigations.KernelReport, w *kernlogtest.Report, from func(int, int) bool) {
	r.Kind, r.OOMMemcg, r.StatsPath = "memcg", w.OOMMemcg, w.OOMMemcg
	r.Boundary = ParseCgroup(w.OOMMemcg).Boundary
	limit := w.LimitKB
	r.Memory = &investigations.KernelCounter{UsageKB: w.UsageKB, LimitKB: &limit, FailCnt: w.FailCnt}
	if w.V1 || !from(4, 5) {
		r.MemorySwap, r.Kmem = &investigations.KernelCounter{UsageKB: w.UsageKB}, &investigations.KernelCounter{}
	} else {
		r.Swap = &investigations.KernelCounter{}
	}
	r.Stats = map[string]int64{}
	for _, s := range w.Stats {
		if from(5, 3) {
			r.Stats[s.Key] = s.Bytes
		} else {
			r.Stats[s.Key] = s.Bytes >> 10 << 10
		}
	}
	if !from(5, 3) {
		r.Stats["cache"] = 0
		for _, c := range w.Children {
			if r.Children == nil {
				r.Children = map[string]map[string]int64{}
			}
			r.Children[c] = r.Stats
		}
	}
}
