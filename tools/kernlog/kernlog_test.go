package kernlog

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
	"github.com/oombot/oombot/tools/toolstest"
)

// nodeLogText is a log of kernel 6.1 with one kill, stamped as tr does.
func nodeLogText(tr kernlogtest.Transport) []byte {
	l := newLog(tr)
	l.Uptime -= time.Minute
	l.Add(kernlogtest.Message{Level: 6, Text: "device eth0 entered promiscuous mode"})
	l.Uptime += time.Minute
	l.Add(incidents(kernlogtest.Kernels[9])["pod"].Messages()...)
	return l.Bytes()
}

// killedAt is when that kill happened.
var killedAt = testBoot.Add(423*time.Second + 123456*time.Microsecond)

func request() investigations.Request {
	return investigations.Request{At: killedAt.Add(2 * time.Minute), Target: investigations.Target{Namespace: "shop", Pod: "api-0", Node: "n1"}}
}

func TestConformance(t *testing.T) {
	toolstest.TestTool(t, func(f fs.FS) investigations.Tool { return New(f) }, toolstest.Options{
		Tree: fstest.MapFS{
			"kernel/n1.log": {Data: nodeLogText(kernlogtest.JournalISO)},
			"kernel/n2.log": {Data: nodeLogText(kernlogtest.Kmsg)},
		},
		Request: request(),
	})
}

func query(t *testing.T, fsys fs.FS, req investigations.Request) investigations.ToolResult {
	t.Helper()
	return toolstest.Query(t, New(fsys), req)
}

func TestQuery(t *testing.T) {
	r := query(t, fstest.MapFS{
		"kernel/n1.log":    {Data: nodeLogText(kernlogtest.JournalShort)},
		"kernel/n0.log":    {Data: append(nodeLogText(kernlogtest.Kmsg), fmt.Sprintf("5,999,%d,-;audit: type=1400 audit(%d.000:1): x\n", 500*1_000_000, testBoot.Add(500*time.Second).Unix())...)},
		"kernel/README.md": {Data: []byte("no log")},
	}, request())
	if len(r.BlindSpots) != 0 {
		t.Errorf("blind spots: %+v", r.BlindSpots)
	}
	logs := r.Evidence.Kernel.Logs
	if len(logs) != 2 || logs[0].Node != "n0" || logs[1].Source != "kernel/n1.log" || len(logs[0].Reports) != 1 || len(logs[1].Reports) != 1 {
		t.Fatalf("%+v", logs)
	}
	if at := logs[1].Reports[0].At; at == nil || !at.Equal(killedAt.Truncate(time.Second)) {
		t.Errorf("at %v", at)
	}
	if at := logs[0].Reports[0].At; at == nil || at.Sub(killedAt).Abs() > time.Second {
		t.Errorf("at %v by the audit record", at)
	}
	var says []string
	for _, f := range r.Facts {
		says = append(says, f.Key+" "+f.Source+" "+f.Says)
	}
	uid, id := logs[0].Reports[0].PodUID, logs[0].Reports[0].ContainerID[:12]
	kill := `the kernel killed "worker-0" (pid 271806): the containers of pod ` + uid + ` together reached the pod's memory limit of 512 MiB; the victim ran in container ` + id + ` of pod ` + uid + "."
	want := []string{
		"kernlog/log/n1 kernel/n1.log The kernel log of node n1 covers 2026-03-04 02:16:03 UTC to 2026-03-04 02:17:03 UTC (1 min) and tells of one OOM kill.",
		"kernlog/log/n0 kernel/n0.log The kernel log of node n0 covers 2026-03-04 02:16:03 UTC to 2026-03-04 02:18:20 UTC (2 min 17 s) and tells of one OOM kill.",
		"kernlog/report/n1/2 kernel/n1.log:2-59 On node n1 " + kill,
		"kernlog/report/n0/2 kernel/n0.log:2-30 On node n0 " + kill,
	}
	if diff := cmp.Diff(want, says); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if v := r.Facts[2].Values; v["limit_bytes"] != 512<<20 || v["pid"] != 271806 || v["anon_rss_bytes"] != 440000<<10 {
		t.Errorf("values %v", v)
	}
}

func TestBlindSpots(t *testing.T) {
	const dated = "2026-03-04T02:17:03+00:00 n1 kernel: eth0: link is up\n2026-03-04T02:19:03+00:00 n1 kernel: eth0: link is up\n"
	file := func(text string) fstest.MapFS { return fstest.MapFS{"kernel/n1.log": {Data: []byte(text)}} }
	tests := map[string]struct {
		fsys fs.FS
		want []string
	}{
		"no folder":                {fstest.MapFS{}, []string{"no kernel log was recorded: there is no folder kernel/"}},
		"no log":                   {fstest.MapFS{"kernel/x.txt": {}}, []string{"no kernel log was recorded: kernel/ holds no file that ends in .log"}},
		"empty":                    {file(""), []string{"kernel/n1.log is empty"}},
		"covers":                   {file(dated), nil},
		"a folder":                 {fstest.MapFS{"kernel/n1.log/x": {}}, []string{"kernel/n1.log can't be read: unavailable: it is a folder"}},
		"begins after it":          {file(strings.ReplaceAll(dated, "T02:", "T04:")), []string{"kernel/n1.log begins 1 h 58 min after the moment, at 2026-03-04 04:17:03 UTC: it proves nothing about what was before"}},
		"ends long before it":      {file(strings.ReplaceAll(dated, "03-04T", "03-03T")), []string{"kernel/n1.log ends 1 d before the moment, at 2026-03-03 02:19:03 UTC: it proves nothing about what came later"}},
		"ends before it by a span": {file(strings.ReplaceAll(dated, ":19:", ":17:")), []string{"kernel/n1.log ends 2 min before the moment, at 2026-03-04 02:17:03 UTC: it proves nothing about what came later"}},
		"of another node":          {fstest.MapFS{"kernel/n2.log": {Data: []byte(strings.ReplaceAll(dated, "03-04T", "03-03T"))}}, nil},
		"clock unknown":            {file("[    1.000000] a\n[   90.000000] b\n"), []string{"kernel/n1.log is stamped with seconds since boot (1 to 90), and no line of it tells when the machine booted"}},
		"no time":                  {file("a\nb\n"), []string{"the lines of kernel/n1.log carry no time that can be read"}},
		"lost nearby":              {file(dated + "2026-03-04T02:19:04+00:00 n1 kernel: Missed 7 kernel messages\n"), []string{"kernel/n1.log lost records near the moment (line 3: Missed 7 kernel messages)"}},
		"lost long before":         {file("2026-03-03T02:19:04+00:00 n1 kernel: Missed 7 kernel messages\n" + dated), nil},
		"a long line":              {file(dated + strings.Repeat("x", maxLine+1)), []string{"kernel/n1.log: lines longer than 1 MiB were skipped: 1 of 3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, b := range query(t, tt.fsys, request()).BlindSpots {
				got = append(got, b.Why)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestManyLogs says only so much about so many logs.
func TestManyLogs(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 50 {
		fsys[fmt.Sprintf("kernel/n%d.log", i)] = &fstest.MapFile{Data: []byte("a\n")}
	}
	req := request()
	req.Target.Node = ""
	r := query(t, fsys, req)
	if n := len(r.BlindSpots); n != maxSpots+1 || !strings.HasPrefix(r.BlindSpots[n-1].Why, "38 more things") {
		t.Errorf("%d blind spots, the last %+v", n, r.BlindSpots[n-1])
	}
	if len(r.Facts) > 10 {
		t.Errorf("%d facts", len(r.Facts))
	}
}

// TestTooMuch keeps what is nearest to the moment.
func TestTooMuch(t *testing.T) {
	l := &nodeLog{}
	log := kernlogtest.Big(kernlogtest.JournalISO, kernlogtest.Kernels[9], 1<<20, 100, 30)
	s := NewScanner(strings.NewReader(string(log)), Options{Now: testNow})
	var at time.Time
	for s.Scan() {
		if len(l.Reports) == 15 && at.IsZero() {
			at = *s.Report().At
		}
		l.keep(s, at, limits{reports: 40, rows: 500})
	}
	if n := len(l.Reports); n > 40 || n < 30 || l.dropped != 100-n {
		t.Errorf("%d reports, %d dropped", n, l.dropped)
	}
	rows := 0
	for i := range l.Reports {
		r := &l.Reports[i]
		rows += len(r.Tasks)
		if near := r.At.Sub(at).Abs() < 30*time.Second; near && len(r.Tasks) != 30 {
			t.Errorf("report at %v, near the moment, has %d rows", r.At, len(r.Tasks))
		}
	}
	if rows > 500 || rows != l.rows || l.bare == 0 {
		t.Errorf("%d rows, counted as %d, %d tables left out", rows, l.rows, l.bare)
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fsys := fstest.MapFS{"kernel/n1.log": {Data: kernlogtest.Big(kernlogtest.Dmesg, kernlogtest.Kernels[9], 8<<20, 10, 10)}}
	r, err := New(stopping{fsys, cancel}).Query(ctx, request())
	if err != nil || len(r.BlindSpots) != 2 || !strings.Contains(r.BlindSpots[0].Why, "want of time") || r.Evidence.Kernel.Logs[0].Lines == 0 {
		t.Errorf("error %v, blind spots %+v", err, r.BlindSpots)
	}
}

// stopping ends a context when the first piece of a file has been read.
type stopping struct {
	fstest.MapFS
	cancel func()
}

func (s stopping) Open(name string) (fs.File, error) {
	f, err := s.MapFS.Open(name)
	return stoppingFile{f, s.cancel}, err
}

type stoppingFile struct {
	fs.File
	cancel func()
}

func (f stoppingFile) Read(b []byte) (int, error) {
	defer f.cancel()
	return f.File.Read(b)
}

// TestSharedBundles reads the kernel logs of recorded incidents, if there are any.
func TestSharedBundles(t *testing.T) {
	for _, b := range toolstest.SampleBundles(t) {
		t.Run(filepath.Base(b), func(t *testing.T) {
			r := query(t, os.DirFS(b), investigations.Request{})
			for _, l := range r.Evidence.Kernel.Logs {
				for i := range l.Reports {
					rep := &l.Reports[i]
					if !rep.Complete || rep.At == nil || rep.PodUID == "" {
						t.Errorf("%s: %s", l.Source, brief(rep))
					}
				}
				t.Logf("%s: %d reports", l.Source, len(l.Reports))
			}
		})
	}
}
