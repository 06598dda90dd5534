package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/toolstest"
)

var testAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

func testRequest() investigations.Request {
	return investigations.Request{
		At: testAt, Target: investigations.Target{Namespace: "shop", Pod: "api-1", Container: "api"},
	}
}

// logOf writes a log as kubectl prints it: each line begins with how many seconds before the moment it was
// written.
func logOf(lines ...string) *fstest.MapFile {
	var b strings.Builder
	for _, l := range lines {
		var ago float64
		var text string
		if _, err := fmt.Sscanf(l, "%g", &ago); err == nil {
			_, text, _ = strings.Cut(l, " ")
		}
		at := testAt.Add(-time.Duration(ago * float64(time.Second)))
		fmt.Fprintf(&b, "%s %s\n", at.Format(time.RFC3339Nano), text)
	}
	return &fstest.MapFile{Data: []byte(b.String())}
}

func sampleBundle() fstest.MapFS {
	return fstest.MapFS{
		"logs/shop/api-1/api.previous.log": logOf("3600 listening on :8080", "40 GET /healthz 200 3ms", "12 importing file customers.csv (2.1 GB)",
			"3 java.lang.OutOfMemoryError: Java heap space", "3 \tat java.util.Arrays.copyOf(Arrays.java:3745)"),
		"logs/shop/api-1/api.log":   logOf("-2 listening on :8080"),
		"logs/shop/api-1/proxy.log": logOf("7200 ready", "1 upstream reset"),
		"logs/shop/web-1/web.log":   logOf("3 starting export of 9 million rows"),
		"logs/pay/bill-1/bill.log":  logOf("3 ready"),
	}
}

func query(t *testing.T, fsys fs.FS, req investigations.Request) investigations.ToolResult {
	t.Helper()
	return toolstest.Query(t, New(fsys), req)
}

func TestConformance(t *testing.T) {
	toolstest.TestTool(t, func(fsys fs.FS) investigations.Tool { return New(fsys) },
		toolstest.Options{Tree: sampleBundle(), Request: testRequest()})
}

func TestQuery(t *testing.T) {
	res := query(t, sampleBundle(), testRequest())
	if len(res.BlindSpots) > 0 {
		t.Errorf("blind spots %q", toolstest.Whys(res))
	}
	var order []string
	for _, l := range res.Evidence.Logs.Logs {
		order = append(order, l.Source)
	}
	want := []string{
		"logs/shop/api-1/api.log", "logs/shop/api-1/api.previous.log", "logs/shop/api-1/proxy.log", "logs/shop/web-1/web.log",
		"logs/pay/bill-1/bill.log",
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	previous := res.Evidence.Logs.Logs[1]
	wantLog := investigations.ContainerLog{
		Namespace: "shop", Pod: "api-1", Container: "api", Previous: true, Source: want[1], Lines: 5,
		From: testAt.Add(-time.Hour), To: testAt.Add(-3 * time.Second),
		Matches: []investigations.LogMatch{
			{
				Kind: investigations.LogWork, Detail: detailSize, Bytes: 21e8,
				LogLine: investigations.LogLine{At: testAt.Add(-12 * time.Second), Line: 3, Text: "importing file customers.csv (2.1 GB)"},
			},
			{
				Kind: investigations.LogJavaOOM, Detail: "Java heap space",
				LogLine: investigations.LogLine{At: testAt.Add(-3 * time.Second), Line: 4, Text: "java.lang.OutOfMemoryError: Java heap space"},
			},
		},
	}
	if len(previous.Last) != 5 || previous.Last[4].Text != " at java.util.Arrays.copyOf(Arrays.java:3745)" {
		t.Errorf("last lines %+v", previous.Last)
	}
	previous.Last = nil
	if diff := cmp.Diff(wantLog, previous); diff != "" {
		t.Error(diff)
	}
	var says []string
	for _, f := range res.Facts {
		says = append(says, f.Source+": "+f.Says)
	}
	if diff := cmp.Diff([]string{
		`logs/shop/api-1/api.log: log of "shop/api-1/api": 1 lines from 2026-03-04T02:17:11Z to 2026-03-04T02:17:11Z`,
		`logs/shop/api-1/api.previous.log: log of the life before of "shop/api-1/api": 5 lines from 2026-03-04T01:17:09Z to 2026-03-04T02:17:06Z`,
		`logs/shop/api-1/proxy.log: log of "shop/api-1/proxy": 2 lines from 2026-03-04T00:17:09Z to 2026-03-04T02:17:08Z`,
		`logs/shop/api-1/api.previous.log:4: "api-1/api" logged: "java.lang.OutOfMemoryError: Java heap space"`,
		`logs/shop/api-1/api.previous.log:3: "api-1/api" logged: "importing file customers.csv (2.1 GB)"`,
	}, says); diff != "" {
		t.Error(diff)
	}
}

func TestCoverage(t *testing.T) {
	tests := []struct {
		name string
		fsys fstest.MapFS
		req  investigations.Request
		want []string
	}{
		{"no folder", fstest.MapFS{"incident.yaml": {}}, testRequest(), []string{"no container logs were recorded: there is no folder logs/"}},
		{
			"others' logs only",
			fstest.MapFS{"logs/pay/bill-1/bill.log": logOf("3 ready")},
			testRequest(),
			[]string{`logs/ holds no log of "shop/api-1/api"`},
		},
		{
			"the container runs since the kill, and its earlier life is missing",
			fstest.MapFS{"logs/shop/api-1/api.log": logOf("-2 ready")},
			testRequest(),
			[]string{`no log of "shop/api-1/api" shows the time before 2026-03-04T02:17:09Z: logs/shop/api-1/api.log begins at 2026-03-04T02:17:11Z; there is no CONTAINER.previous.log`},
		},
		{
			"the container never ended", fstest.MapFS{"logs/shop/api-1/api.log": logOf("7200 ready", "-30 still here")}, testRequest(), nil,
		},
		{
			"an old log",
			fstest.MapFS{"logs/shop/api-1/api.previous.log": logOf("7200 ready", "3600 gone")},
			testRequest(),
			[]string{`no log of "shop/api-1/api" shows the time before 2026-03-04T02:17:09Z: logs/shop/api-1/api.previous.log ends at 2026-03-04T01:17:09Z`},
		},
		{
			"no timestamps",
			fstest.MapFS{"logs/shop/api-1/api.previous.log": {Data: []byte("ready\n")}},
			testRequest(),
			[]string{`no log of "shop/api-1/api" shows the time before 2026-03-04T02:17:09Z: logs/shop/api-1/api.previous.log has no timestamps`},
		},
		{
			"any pod of the workload",
			fstest.MapFS{"logs/shop/api-7c-x/api.log": logOf("7200 ready", "3 busy")},
			investigations.Request{At: testAt, Target: investigations.Target{Namespace: "shop", Workload: "deployment/api"}},
			nil,
		},
		{
			"a node has no log",
			fstest.MapFS{"logs/pay/bill-1/bill.log": logOf("3 ready")},
			investigations.Request{At: testAt, Target: investigations.Target{Node: "n1"}},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, toolstest.Whys(query(t, tt.fsys, tt.req))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLongLinesAreSkipped(t *testing.T) {
	fsys := sampleBundle()
	data := "2026-03-04T01:00:00Z ready\n" + strings.Repeat("x", maxLine+1) + "\n" + strings.Repeat("y", maxLine) +
		"\r\n2026-03-04T02:17:08Z java.lang.OutOfMemoryError: Metaspace"
	fsys["logs/shop/api-1/api.previous.log"] = &fstest.MapFile{Data: []byte(data)}
	res := query(t, fsys, testRequest())
	if diff := cmp.Diff([]string{"logs/shop/api-1/api.previous.log: 1 lines longer than 1 MiB were skipped"}, toolstest.Whys(res)); diff != "" {
		t.Error(diff)
	}
	l := res.Evidence.Logs.Logs[1]
	if l.Lines != 4 || len(l.Matches) != 1 || l.Matches[0].Line != 4 || len(l.Last) != 3 {
		t.Errorf("%d lines, %d last, matches %+v", l.Lines, len(l.Last), l.Matches)
	}
}

func TestLineReader(t *testing.T) {
	doc := "a\r\n\n" + strings.Repeat("b", 100<<10) + "\n" + strings.Repeat("c", maxLine+5) + "\nd"
	for name, src := range map[string]io.Reader{"at once": strings.NewReader(doc), "byte by byte": iotest.OneByteReader(strings.NewReader(doc))} {
		r := newLineReader(src)
		var got []string
		for {
			line, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%d:%.1s*%d", r.number, line, len(line)))
		}
		if diff := cmp.Diff([]string{"1:a*1", "2:*0", "3:b*102400", "5:d*1"}, got); diff != "" || r.skipped != 1 || r.size != int64(len(doc)) {
			t.Errorf("%s: %d skipped, %d bytes: %s", name, r.skipped, r.size, diff)
		}
	}
	broken := errors.New("disk broke")
	if _, err := newLineReader(io.MultiReader(strings.NewReader(doc[:200]), iotest.ErrReader(broken))).next(); err != nil {
		t.Errorf("the line before the break: %v", err)
	}
}

// letters writes a number without digits: lines that differ in numbers only count as one form.
func letters(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i))
}

func TestMatchesAreBounded(t *testing.T) {
	var lines []string
	for i := range 1000 {
		lines = append(lines, fmt.Sprintf("%d MemoryError", 9000-i), fmt.Sprintf("%d job %s started", 9000-i, letters(i)),
			fmt.Sprintf("%d received SIGTERM", 9000-i))
	}
	lines = append(lines, "-3000 job late started")
	res := query(t, fstest.MapFS{"logs/shop/api-1/api.log": logOf(lines...)}, testRequest())
	count := map[string]int{}
	l := res.Evidence.Logs.Logs[0]
	for _, m := range l.Matches {
		count[m.Kind]++
	}
	want := map[string]int{investigations.LogPythonOOM: 40, investigations.LogWork: 100, investigations.LogSignal: 20}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
	var errorLines []int64
	for _, m := range l.Matches {
		if m.Kind == investigations.LogPythonOOM {
			errorLines = append(errorLines, m.Line)
		}
	}
	if errorLines[0] != 1 || errorLines[9] != 28 || errorLines[10] != 2911 || !slices.IsSorted(errorLines) {
		t.Errorf("errors of lines %v", errorLines)
	}
	for _, m := range l.Matches {
		if strings.Contains(m.Text, "late") {
			t.Error("a line long after the moment counts")
		}
	}
	if len(res.Facts) > maxFacts {
		t.Errorf("%d facts", len(res.Facts))
	}
}

func TestFilesAreBounded(t *testing.T) {
	fsys := fstest.MapFS{"logs/shop/api-1/api.log": logOf("7200 ready", "3 busy")}
	for i := range maxLogs + 3 {
		fsys[fmt.Sprintf("logs/pay/bill-%04d/bill.log", i)] = logOf("3 ready")
	}
	res := query(t, fsys, testRequest())
	if len(res.Evidence.Logs.Logs) != maxLogs || res.Evidence.Logs.Logs[0].Pod != "api-1" {
		t.Errorf("%d logs, first %s", len(res.Evidence.Logs.Logs), res.Evidence.Logs.Logs[0].Source)
	}
	if diff := cmp.Diff([]string{"logs/pay/bill-0499/bill.log and others were not read: more than 500 logs"}, toolstest.Whys(res)); diff != "" {
		t.Error(diff)
	}
}

func TestQueryEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	res, err := New(toolstest.EndingFS{MapFS: sampleBundle(), Suffix: "logs/shop/api-1/proxy.log", End: cancel}).Query(ctx, testRequest())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"logs/shop/api-1/proxy.log was not read to its end for want of time; what stands before that was read",
		"logs/shop/web-1/web.log and 1 more logs were not read for want of time",
	}, toolstest.Whys(res)); diff != "" || len(res.Evidence.Logs.Logs) != 2 {
		t.Errorf("%d logs: %s", len(res.Evidence.Logs.Logs), diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("2026-03-04T02:17:09Z java.lang.OutOfMemoryError: Java heap space\n\tat x\n")
	f.Add("{\"ts\":1772590629,\"msg\":\"importing 2.1 GB\",\"password\":\"x\"}\r\nKilled")
	f.Add("\x1b[31mMemoryError\x1b[0m\n-----BEGIN PRIVATE KEY-----\nx")
	f.Fuzz(func(t *testing.T, doc string) {
		r := newReading(file{path: "logs/a/b/c.log"}, testAt)
		if err := r.readAll(t.Context(), strings.NewReader(doc)); err != nil {
			t.Fatal(err)
		}
		log := r.finish()
		check := func(l investigations.LogLine) {
			if l.Line < 1 || l.Line > log.Lines || len(l.Text) > maxText || investigations.CleanText(l.Text, maxText) != l.Text {
				t.Errorf("line %d of %d: %q", l.Line, log.Lines, l.Text)
			}
		}
		for _, m := range log.Matches {
			check(m.LogLine)
			if m.Kind == "" || m.Bytes < 0 {
				t.Errorf("match %+v", m)
			}
		}
		for _, l := range log.Last {
			check(l)
		}
		facts(testRequest(), []investigations.ContainerLog{*log})
	})
}
