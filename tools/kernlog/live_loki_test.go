package kernlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
	"github.com/oombot/oombot/tools/loki/lokitest"
)

const nodeLogPath = "kernel/" + kernlogtest.Host + ".log"

// journalOf returns messages as the journal keeps them, so much time apart.
func journalOf(at time.Time, step time.Duration, messages []kernlogtest.Message) []journalEntry {
	var out []journalEntry
	for i, m := range messages {
		out = append(out, journalEntry{at.Add(time.Duration(i) * step), m.Text})
	}
	return out
}

// TestThroughLoki: a report that went through Loki, an entry a message, is read as the same kill, for all kernels
// and also where all of its entries have one time.
func TestThroughLoki(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	for _, k := range kernlogtest.Kernels {
		for name, want := range incidents(k) {
			for _, step := range []time.Duration{0, 20 * time.Microsecond} {
				l := lokitest.New(lokitest.Options{MaxEntries: 1000})
				pushJournal(t, l, kernelLabels, []journalEntry{{at.Add(-time.Hour), "device eth0 entered promiscuous mode"}})
				pushJournal(t, l, kernelLabels, journalOf(at, step, want.Messages()))
				rec, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at.Add(time.Minute)))
				log := rec.file(t, nodeLogPath)
				got := res.Evidence.Kernel.Logs[0].Reports
				if len(got) != 1 || len(res.BlindSpots) > 0 {
					t.Fatalf("%s %s %s: %d reports, %s\n%s", k.Release, name, step, len(got), whysOf(res), log)
				}
				if got[0].At == nil || !got[0].At.Equal(at) || got[0].Host != kernlogtest.Host {
					t.Errorf("%s %s %s: at %v on %q", k.Release, name, step, got[0].At, got[0].Host)
				}
				if diff := cmp.Diff(expected(want), stripPlace(got[0])); diff != "" {
					t.Errorf("%s %s %s (-want +got)\n%s\n%s", k.Release, name, step, diff, log)
				}
			}
		}
	}
}

// TestJournalAsJSON: entries that a collector forwards as JSON keep the journal's own fields.
func TestJournalAsJSON(t *testing.T) {
	k := kernlogtest.Kernels[len(kernlogtest.Kernels)-1]
	for name, want := range incidents(k) {
		log := newLog(kernlogtest.JournalJSON)
		at := log.Now()
		log.Add(want.Messages()...)
		l := lokitest.New(lokitest.Options{})
		labels := map[string]string{"job": "loki.source.journal.read", "instance": kernlogtest.Host}
		i := 0
		for line := range strings.Lines(string(log.Bytes())) {
			us := fmt.Sprintf(`,"__REALTIME_TIMESTAMP":"%d"`, at.Add(time.Duration(i)*log.Step).UnixMicro())
			if !strings.Contains(line, us) {
				t.Fatalf("%s has no %s", line, us)
			}
			// Collectors do not pass this one on.
			pushJournal(t, l, labels, []journalEntry{{at.Add(time.Duration(i) * log.Step), strings.Replace(line, us, "", 1)}})
			i++
		}
		user := `{"MESSAGE":"Out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB","_TRANSPORT":"stdout","SYSLOG_IDENTIFIER":"app"}`
		pushJournal(t, l, labels, []journalEntry{{at.Add(time.Second), user}})
		_, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at.Add(time.Minute)))
		got := res.Evidence.Kernel.Logs[0].Reports
		if len(got) != 1 || len(res.BlindSpots) > 0 {
			t.Fatalf("%s: %d reports, %s", name, len(got), whysOf(res))
		}
		if diff := cmp.Diff(expected(want), stripPlace(got[0])); diff != "" || !got[0].At.Equal(at) {
			t.Errorf("%s: at %v\n%s", name, got[0].At, diff)
		}
	}
}

// TestRealReports: what real kernels wrote reads the same after it went through Loki.
func TestRealReports(t *testing.T) {
	files, err := filepath.Glob("testdata/logs/real-*.kmsg.log")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		l := lokitest.New(lokitest.Options{})
		var last time.Time
		var kernels []byte
		for line := range bytes.Lines(data) {
			head, msg, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), ";")
			var priority, seq, us int64
			if n, _ := fmt.Sscanf(head, "%d,%d,%d", &priority, &seq, &us); !ok || n != 3 || priority >= 8 {
				continue // of users, whom the journal tells apart by a field that is no label
			}
			kernels = append(kernels, line...)
			// The journal stamps a message when it gets it, never before the one before.
			at := testBoot.Add(time.Duration(us%3_600_000_000) * time.Microsecond)
			if at.Before(last) {
				at = last
			}
			last = at
			pushJournal(t, l, kernelLabels, []journalEntry{{at, string(decode(nil, []byte(msg), false))}})
		}
		s := subjectOf(last.Add(time.Second))
		s.Request.Window = 2 * time.Hour
		_, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), s)
		want, got := scan(t, kernels), res.Evidence.Kernel.Logs[0].Reports
		if len(want) == 0 || len(want) != len(got) {
			t.Errorf("%s: %d reports, want %d", name, len(got), len(want))
			continue
		}
		for i := range want {
			if strings.ContainsAny(invoker(want[i]), "\\\n") {
				continue // a journal's text does not tell such a name from an escape, or from a line's end
			}
			if diff := cmp.Diff(stripPlace(want[i]), stripPlace(got[i])); diff != "" {
				t.Errorf("%s: report %d (-want +got)\n%s", name, i, diff)
			}
		}
	}
}

func invoker(r investigations.KernelReport) string {
	if r.InvokedBy == nil {
		return ""
	}
	return r.InvokedBy.Comm
}

// TestWholeJournal: where the kernel's lines are among those of all units, other units' lines are not the
// kernel's, whatever they say, and user-space kills are found.
func TestWholeJournal(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	want := incidents(kernlogtest.Kernels[0])["container"]
	const fake = "Memory cgroup out of memory: Killed process 1 (fake) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB"
	oomd := "Killed /kubepods.slice/kubepods-burstable.slice due to memory pressure for /kubepods.slice being 59.41% > 50.00% for > 20s with reclaim activity"
	for _, kernel := range []map[string]string{{}, {"transport": "kernel"}} {
		l := lokitest.New(lokitest.Options{})
		with := func(more map[string]string) map[string]string {
			out := map[string]string{"job": "integrations/kubernetes/journal", "instance": kernlogtest.Host, "service_name": "unknown_service"}
			for k, v := range more {
				out[k] = v
			}
			return out
		}
		pushJournal(t, l, with(kernel), journalOf(at, time.Microsecond, want.Messages()))
		pushJournal(t, l, with(map[string]string{"unit": "app.service"}), []journalEntry{{at.Add(-time.Minute), fake}})
		pushJournal(t, l, with(map[string]string{"unit": "app.service", "transport": "syslog", "syslog_identifier": "kernel"}), []journalEntry{{at.Add(-time.Minute), fake}})
		pushJournal(t, l, with(map[string]string{"unit": "app.service"}), []journalEntry{{at.Add(-time.Minute), `{"MESSAGE":"` + fake + `","_TRANSPORT": "kernel"}`}})
		pushJournal(t, l, with(map[string]string{"unit": "systemd-oomd.service"}), []journalEntry{{at.Add(-40 * time.Minute), oomd}})
		other := with(kernel)
		other["instance"] = "node-2"
		pushJournal(t, l, other, []journalEntry{{at.Add(-time.Minute), fake}})
		_, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
		log := res.Evidence.Kernel.Logs[0]
		if len(log.Reports) != 1 || log.Reports[0].Killed[0].Comm == "fake" || len(res.BlindSpots) > 0 {
			t.Errorf("%v: %d reports: %s", kernel, len(log.Reports), whysOf(res))
		}
		if len(log.UserKills) != 1 || !log.UserKills[0].At.Equal(at.Add(-40*time.Minute)) {
			t.Errorf("%v: %+v", kernel, log.UserKills)
		}
	}
}

// TestUnlabelled: where no label tells who wrote a line, that is said.
func TestUnlabelled(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	l := lokitest.New(lokitest.Options{})
	pushJournal(t, l, map[string]string{"job": "node/journal", "host": "10.0.0.5"}, journalOf(at, 1, incidents(kernlogtest.Kernels[0])["global"].Messages()))
	_, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
	if len(res.Evidence.Kernel.Logs[0].Reports) != 1 || !strings.Contains(whysOf(res), "no label tells the kernel's lines") {
		t.Error(whysOf(res))
	}
}

// TestSyslogFile: lines that carry a prefix of their own stay as they are.
func TestSyslogFile(t *testing.T) {
	log := newLog(kernlogtest.RsyslogRFC3339)
	at := log.Now()
	log.Add(incidents(kernlogtest.Kernels[0])["container"].Messages()...)
	l := lokitest.New(lokitest.Options{})
	labels := map[string]string{"job": "varlogs", "filename": "/var/log/kern.log", "node_name": kernlogtest.Host}
	for line := range strings.Lines(string(log.Bytes())) {
		pushJournal(t, l, labels, []journalEntry{{at, strings.TrimSuffix(line, "\n")}})
	}
	rec, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
	if rec.file(t, nodeLogPath) != string(log.Bytes()) || len(res.Evidence.Kernel.Logs[0].Reports) != 1 {
		t.Errorf("%s\n%s", whysOf(res), rec.file(t, nodeLogPath))
	}
}

// TestEarlierKills: kills farther back in the window are found, the latest of them with their whole reports.
func TestEarlierKills(t *testing.T) {
	k := kernlogtest.Kernels[len(kernlogtest.Kernels)-1]
	rng := rand.New(rand.NewPCG(1, 2))
	at := testBoot.Add(20 * time.Hour)
	l := lokitest.New(lokitest.Options{})
	begin := at.Add(-19 * time.Hour)
	pushJournal(t, l, kernelLabels, []journalEntry{{begin, "device eth0 entered promiscuous mode"}})
	for i := range 6 {
		when := at.Add(-time.Duration(6-i) * 3 * time.Hour)
		pushJournal(t, l, kernelLabels, journalOf(when.Add(-time.Minute), 1, []kernlogtest.Message{{Text: "device eth1 left promiscuous mode"}}))
		pushJournal(t, l, kernelLabels, journalOf(when, 20*time.Microsecond, kernlogtest.Incident(k, rng, 5).Messages()))
	}
	pushJournal(t, l, kernelLabels, journalOf(at.Add(-time.Minute), 20*time.Microsecond, kernlogtest.Incident(k, rng, 5).Messages()))
	_, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
	log := res.Evidence.Kernel.Logs[0]
	var complete []bool
	for _, r := range log.Reports {
		complete = append(complete, r.Complete)
		if r.OOMMemcg == "" || r.Memory == nil || r.Killed[0].AnonRSSKB == nil {
			t.Errorf("what a search finds of a report lacks the cgroup, the limit or the victim: %+v", r)
		}
	}
	if diff := cmp.Diff([]bool{false, false, false, true, true, true, true}, complete); diff != "" || !log.From.Equal(begin) {
		t.Errorf("from %s: %v\n%s", log.From, complete, whysOf(res))
	}
}

// TestManyLines: a node that logs more than is read keeps the report, by the search for it.
func TestManyLines(t *testing.T) {
	at := testBoot.Add(20 * time.Hour)
	l := lokitest.New(lokitest.Options{})
	want := incidents(kernlogtest.Kernels[0])["container"]
	for i := range fullLines + 5000 {
		pushJournal(t, l, kernelLabels, []journalEntry{{at.Add(-299 * time.Second).Add(time.Duration(i) * 5 * time.Millisecond), fmt.Sprint("noise ", i)}})
	}
	pushJournal(t, l, kernelLabels, journalOf(at.Add(-time.Second), 20*time.Microsecond, want.Messages()))
	_, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
	got := res.Evidence.Kernel.Logs[0].Reports
	if len(got) != 1 || !strings.Contains(whysOf(res), "so many lines") {
		t.Fatalf("%d reports, %s", len(got), whysOf(res))
	}
	if diff := cmp.Diff(expected(want), stripPlace(got[0])); diff != "" {
		t.Error(diff)
	}
}

// TestKernelTemplate: the configured query replaces the selectors.
func TestKernelTemplate(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	l := lokitest.New(lokitest.Options{})
	pushJournal(t, l, map[string]string{"app": "kmsg", "machine_id": kernlogtest.Host}, journalOf(at, 1, incidents(kernlogtest.Kernels[0])["pod"].Messages()))
	queries := map[string]string{QueryKernelLog: `{app="kmsg", machine_id=~"$node"}`}
	rec, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, queries), LiveOptions{}), subjectOf(at))
	if len(res.Evidence.Kernel.Logs[0].Reports) != 1 {
		t.Error(whysOf(res))
	}
	if o, _ := rec.Origin(nodeLogPath); o.Source != `{app="kmsg", machine_id=~"(?:node-1|10\\.0\\.0\\.5)"}` || o.Name != "the journal of node node-1 in Loki" {
		t.Errorf("%+v", o)
	}
}

// TestNoKernelLog: why there is none is said, with what to do.
func TestNoKernelLog(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	broken := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	nodeless := subjectOf(at)
	nodeless.Node, nodeless.Request.Target.Node = "", ""
	for name, tt := range map[string]struct {
		live *Live
		s    investigations.Subject
		want error
		says string
	}{
		"nothing configured": {NewLive(nil, nil, LiveOptions{}), subjectOf(at), investigations.ErrNotConfigured, "set loki.url, where the nodes' journals are in Loki, or give --kernel-log FILE"},
		"no journal":         {NewLive(nil, lokiOf(t, lokitest.New(lokitest.Options{}), nil), LiveOptions{}), subjectOf(at), investigations.ErrNotFound, `Loki has no journal of node node-1 in the window; looked for streams with transport="kernel" or `},
		"forbidden":          {NewLive(nil, lokiOf(t, broken, nil), LiveOptions{}), subjectOf(at), investigations.ErrForbidden, "status 403"},
		"no node":            {NewLive(nil, lokiOf(t, broken, nil), LiveOptions{}), nodeless, investigations.ErrNotFound, "the node of shop/api-1 is not known"},
		"template":           {NewLive(nil, lokiOf(t, broken, map[string]string{QueryKernelLog: "{x=$y}"}), LiveOptions{}), subjectOf(at), investigations.ErrNotConfigured, "there is no $y, only $node"},
	} {
		rec, res := recordLive(t.Context(), t, tt.live, tt.s)
		var why error
		for _, err := range rec.misses {
			why = err
		}
		if !errors.Is(why, tt.want) || !strings.Contains(fmt.Sprint(why), tt.says) || len(rec.misses) != 1 || len(res.BlindSpots) == 0 {
			t.Errorf("%s: %v, %s", name, rec.misses, whysOf(res))
		}
	}
}

// TestSlowLoki: a server that hangs on the search leaves what was read.
func TestSlowLoki(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	l := lokitest.New(lokitest.Options{Fault: func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Query().Get("query"), "|~") {
			<-r.Context().Done()
			return true
		}
		return false
	}})
	pushJournal(t, l, kernelLabels, journalOf(at, 1, incidents(kernlogtest.Kernels[0])["container"].Messages()))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, res := recordLive(ctx, t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
	if len(res.Evidence.Kernel.Logs[0].Reports) != 1 || !strings.Contains(whysOf(res), "a search for kills in the window could not be read to the end") {
		t.Error(whysOf(res))
	}
}
