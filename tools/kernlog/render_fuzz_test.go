package kernlog

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// FuzzRender renders whatever a node may send: what is written tells of the kills that the reports have, each once a
// report, and of no others.
func FuzzRender(f *testing.F) {
	for i, file := range sampleLogs(f) {
		log, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if i%6 > 0 || len(log) > 100_000 {
			continue
		}
		reports, sum := readAllOf(log)
		for j := range reports {
			reports[j].Tasks = reports[j].Tasks[:min(len(reports[j].Tasks), 3)]
		}
		data, err := json.Marshal(investigations.NodeReport{Node: "n1", Reports: reports[:min(len(reports), 4)], UserKills: sum.UserKills})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"node":"n 1","reports":[{"uptime_s":1,"killed":[{"pid":-1,"comm":") total-vm:1kB"},{"pid":3},{"pid":3}],"oom_memcg":"\n[ 1.0] Killed process 7 (x)"}]}`))
	f.Add([]byte(`{"reports":[{"at":"0001-01-01T00:00:00Z","kind":"global","missing":["kill"],"tasks":[{"pid":1}]}],"user_kills":[{"at":"2026-01-01T00:00:00Z","killer":"systemd-oomd","text":"Killed /x due to memory used"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var report investigations.NodeReport
		if json.Unmarshal(data, &report) != nil {
			return
		}
		checkTold(t, &report)
	})
}

// FuzzRenderFields renders two reports whose fields are drawn from texts and numbers, each there or not.
func FuzzRenderFields(f *testing.F) {
	f.Add("java", "/kubepods/burstable/pod60db5bd1-4a3c-4f7b-8e04-714f4244e2b1", "6.1.0-18-amd64", int64(5), uint64(1<<63))
	f.Add("a b) c, pid=1", "/x,task_memcg=/y,task=z,pid=1,uid=2", "4.4.0", int64(-1), uint64(77))
	f.Add("\nKilled process 7 (x) total-vm:1kB", "\\x0a", "Not tainted 5.4.0", int64(1<<60), uint64(3<<40|1))
	f.Fuzz(func(t *testing.T, comm, path, text string, number int64, bits uint64) {
		d := &drawn{comm: comm, path: path, text: text, number: number, rng: rand.New(rand.NewPCG(bits, 7))}
		checkTold(t, &investigations.NodeReport{
			Node: d.one(text, "n1"), Reports: []investigations.KernelReport{d.report(), d.report(), d.report()},
			Counted:   []investigations.CountedKill{{At: testBoot, Path: path, Kills: number, PIDs: []int64{number, 1}}},
			UserKills: []investigations.UserKill{{At: testBoot, Killer: d.one("systemd-oomd", "kubelet-eviction", text), Text: text, PodUID: path, PID: number}},
		})
	})
}

// drawn draws the fields of reports.
type drawn struct {
	comm, path, text string
	number           int64
	rng              *rand.Rand
}

func (d *drawn) one(of ...string) string { return of[d.rng.IntN(len(of))] }

func (d *drawn) maybe() bool { return d.rng.IntN(3) > 0 }

func (d *drawn) value() *int64 {
	if !d.maybe() {
		return nil
	}
	v := d.number
	switch d.rng.IntN(4) {
	case 0:
		v = d.rng.Int64N(1 << 40)
	case 1:
		v = -v
	}
	return &v
}

func (d *drawn) plain() int64 {
	if v := d.value(); v != nil {
		return *v
	}
	return d.rng.Int64N(100)
}

func (d *drawn) counter() *investigations.KernelCounter {
	if !d.maybe() {
		return nil
	}
	return &investigations.KernelCounter{UsageKB: d.plain(), LimitKB: d.value(), FailCnt: d.plain()}
}

func (d *drawn) stats() map[string]int64 {
	if !d.maybe() {
		return nil
	}
	return map[string]int64{"anon": d.plain(), d.one("cache", "file"): d.plain(), d.text: d.plain(), "zzz_x": d.plain()}
}

func (d *drawn) report() investigations.KernelReport {
	up := d.rng.Float64() * 1e5
	r := investigations.KernelReport{
		At: &testBoot, UptimeS: &up, Kind: d.one("memcg", "global", "manual", "", d.text), Kernel: d.one("", "4.4.0-1", "6.1.0-18", d.text),
		OOMMemcg: d.one("", d.path), TaskMemcg: d.one("", d.path), PodUID: d.one("", "60db5bd1-4a3c-4f7b-8e04-714f4244e2b1", d.path),
		ContainerID: d.one("", d.text), QoS: d.one("", "Burstable", d.text), Memory: d.counter(), MemorySwap: d.counter(), Swap: d.counter(), Kmem: d.counter(),
		Stats: d.stats(), StatsPath: d.one("", d.path), Constraint: d.one("", "CONSTRAINT_MEMCG", "CONSTRAINT_NONE", d.text), SuppressedBefore: d.rng.Int64N(3),
		Boundary: investigations.Boundary(d.one("container", "numa", d.text)),
	}
	if d.rng.IntN(4) == 0 {
		r.UptimeS = nil
	}
	for _, part := range []string{partHead, partStats, partTasks, partSummary, partKill} {
		if d.rng.IntN(3) == 0 {
			r.Missing = append(r.Missing, part)
		}
	}
	if d.maybe() {
		r.InvokedBy = &investigations.KernelInvoker{Comm: d.comm, PID: d.plain(), GFPMask: d.one("0x1", "0x1(GFP)", d.text), Order: d.rng.Int64N(4) - 1, OOMScoreAdj: d.value()}
	}
	if d.rng.IntN(4) == 0 {
		r.Children = map[string]map[string]int64{d.path: d.stats(), d.text: d.stats()}
	}
	for range d.rng.IntN(4) {
		r.Killed = append(r.Killed, investigations.KernelKill{
			PID: d.rng.Int64N(5), Comm: d.comm, UID: d.value(), TotalVMKB: d.value(), AnonRSSKB: d.value(), FileRSSKB: d.value(),
			ShmemRSSKB: d.value(), PgtablesKB: d.value(), OOMScoreAdj: d.value(), Score: d.value(),
		})
	}
	for range d.rng.IntN(4) {
		r.Tasks = append(r.Tasks, investigations.KernelTask{PID: d.rng.Int64N(5), TGID: d.plain(), Comm: d.comm, RSSPages: d.plain(), PgtablesBytes: d.value(), RSSAnonPages: d.value(), Badness: d.value()})
	}
	if d.maybe() {
		r.Node = &investigations.KernelNode{RAMPages: d.value(), ReservedPages: d.value(), FreePages: d.value(), SwapTotalKB: d.value(), AnonPages: d.value(), HugepagesKB: d.value()}
	}
	return r
}

// checkTold renders what a node told, and holds that the text tells of the same kills.
func checkTold(t *testing.T, report *investigations.NodeReport) {
	t.Helper()
	var want, got []int64
	account := investigations.NodeAccount{
		Node: report.Node, Reports: report.Reports, UserKills: report.UserKills, Counted: report.Counted, LosslessFrom: testBoot, LosslessTo: killedAt,
	}
	for _, e := range inOrder(account) {
		if e.report == nil {
			continue
		}
		if _, ok := stampText(e.report); ok {
			for _, k := range distinct(e.report.Killed) {
				want = append(want, k.PID)
			}
		}
	}
	text := Render(account)
	reports, sum := readAllOf(text)
	for i := range reports {
		for _, k := range reports[i].Killed {
			got = append(got, k.PID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("kills (-want +got)\n%s\n%s", diff, text)
	}
	if len(sum.UserKills) > len(report.Counted)+len(report.UserKills) || !sum.Followed.Holds(killedAt) || len(sum.Lost) > 0 || len(sum.Boots) > 0 {
		t.Fatalf("%+v\n%s", sum, text)
	}
}

func readAllOf(log []byte) (reports []investigations.KernelReport, sum investigations.KernelLog) {
	s := NewScanner(bytes.NewReader(log), Options{Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)})
	for s.Scan() {
		reports = append(reports, *s.Report())
	}
	return reports, s.Summary()
}
