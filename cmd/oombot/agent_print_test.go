package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestPrintCounted prints what counters tell, and whose bare lines are, without a bot.
func TestPrintCounted(t *testing.T) {
	var out bytes.Buffer
	p := &agentParts{app: &app{stderr: stream{Writer: &out}}}
	err := p.printReport(investigations.NodeReport{Counted: []investigations.CountedKill{
		{Path: "/kubepods/a", Kills: 2},
		{Path: "/kubepods/b", Kills: 3, PIDs: []int64{7, 8}},
		{Path: "/kubepods/c", Kills: 1, PIDs: []int64{9}, Recorded: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `2 killed in /kubepods/a, by the cgroup's counter alone
killed in /kubepods/b, of which the kernel log names no cgroup: [7 8]
1 killed in /kubepods/b, by the cgroup's counter alone
killed in /kubepods/c, of which the kernel log names no cgroup: [9]
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}
