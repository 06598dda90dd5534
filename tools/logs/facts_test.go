package logs

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/toolstest"
)

// TestFactsTellTheLinesNearTheMoment: of many lines those count that are near the moment, of these the largest
// input, and of a runtime's errors the latest.
func TestFactsTellTheLinesNearTheMoment(t *testing.T) {
	res := query(t, fstest.MapFS{"logs/shop/api-1/api.previous.log": logOf(
		"7000 importing a.csv (9 GB)", "500 importing b.csv (1 GB)", "400 importing c.csv (3 GB)", "300 importing d.csv (2 GB)",
		"200 export of e started", "90 MemoryError", "50 cache grew to 700 MB", "40 worker process 29 exited on signal 9", "9 MemoryError",
		"5 received SIGTERM", "-3600 importing f.csv (8 GB)",
	)}, testRequest())
	var got []string
	for _, f := range res.Facts {
		if strings.HasPrefix(f.Key, "logs/line/") {
			_, source, _ := strings.Cut(f.Source, ".log:")
			got = append(got, fmt.Sprintf("%s %.0f", source, f.Values["bytes"]))
		}
	}
	want := []string{"9 0", "6 0", "3 3000000000", "4 2000000000", "2 1000000000", "7 700000000", "8 0", "10 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFactsOfTheNearestLog: another pod's errors are told where the target's log has none.
func TestFactsOfTheNearestLog(t *testing.T) {
	res := query(t, fstest.MapFS{
		"logs/shop/api-1/api.log":   logOf("7200 ready", "3 busy"),
		"logs/shop/api-2/api.log":   logOf("7200 ready", "30 java.lang.OutOfMemoryError: Metaspace"),
		"logs/pay/bill-1/bill.log":  logOf("30 java.lang.OutOfMemoryError: Java heap space"),
		"logs/pay/bill-1/proxy.log": logOf("30 ready"),
	}, testRequest())
	var got []string
	for _, f := range res.Facts {
		got = append(got, f.Key)
	}
	want := []string{
		"logs/coverage/logs/shop/api-1/api.log", "logs/coverage/logs/shop/api-2/api.log", "logs/coverage/logs/pay/bill-1/bill.log",
		"logs/line/logs/shop/api-2/api.log:2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestHostileNames: what a stranger put into a name or a line reaches a terminal in quotes and without controls.
func TestHostileNames(t *testing.T) {
	const hostile = "a\x1b[2J\u202eb"
	res := query(t, fstest.MapFS{
		"logs/shop/" + hostile + "/" + hostile + ".log": logOf("7200 ready", "3 MemoryError: \x1b[31m\u202e<!channel>\x00"),
	}, investigations.Request{At: testAt, Target: investigations.Target{Namespace: "shop", Pod: hostile}})
	var texts []string
	for _, f := range res.Facts {
		texts = append(texts, f.Says, f.Source)
	}
	texts = append(texts, toolstest.Whys(res)...)
	if len(texts) != 4 {
		t.Errorf("%q", texts)
	}
	for _, s := range texts {
		if s != investigations.CleanText(s, len(s)) {
			t.Errorf("%q", s)
		}
	}
	m := res.Evidence.Logs.Logs[0].Matches
	if len(m) != 1 || m[0].Kind != investigations.LogPythonOOM || strings.ContainsAny(m[0].Text, "\x1b\u202e\x00") {
		t.Errorf("%+v", m)
	}
}
