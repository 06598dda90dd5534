package functions

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oombot/oombot/internal/goldentest"
	"github.com/oombot/oombot/investigations"
)

// TestGolden holds answers about the examples to files that were read by eye, one for each function.
func TestGolden(t *testing.T) {
	tests := []struct{ function, example, arguments string }{
		{"kernlog", "leak-after-deploy", ``},
		{"kernlog", "leak-after-deploy", `{"what":"kills"}`},
		{"kernlog", "leak-after-deploy", `{"at":"2026-04-15T11:00:00Z","top":1}`},
		{"kernlog", "leak-after-deploy", `{"what":"stats"}`},
		{"kernlog", "neighbour-is-a-backup-agent", `{"what":"tasks","top":4}`},
		{"kernlog", "neighbour-is-a-backup-agent", `{"what":"stats"}`},
		{"kernlog", "java-heap-ran-out", ``},
		{"kernlog", "java-heap-ran-out", `{"what":"user_kills"}`},
		{"pods", "sidecar-in-a-pod-limit", ``},
		{"pods", "files-in-dev-shm", `{"what":"spec"}`},
		{"pods", "liveness-probe", `{"what":"state"}`},
		{"pods", "liveness-probe", `{"what":"events"}`},
		{"pods", "node-allocatable", `{"what":"neighbours"}`},
		{"pods", "node-allocatable", `{"what":"node"}`},
		{"pods", "leak-after-deploy", `{"what":"quota"}`},
		{"metrics", "leak-after-deploy", ``},
		{"metrics", "leak-after-deploy", `{"query":"container_working_set"}`},
		{"metrics", "leak-after-deploy", `{"query":"container_rss","at":"2026-04-15T12:08:16Z"}`},
		{"metrics", "leak-after-deploy", `{"query":"container_oom_events","from":"2026-04-15T11:00:00Z"}`},
		{"metrics", "leak-after-deploy", `{"query":"runtime_heap"}`},
		{"metrics", "leak-after-deploy", `{"query":"node_total","pod":"gateway-zxthbd6kg-tcr7d"}`},
		{"metrics", "leak-after-deploy", `{"query":"recorder"}`},
		{"metrics", "follows-traffic", `{"query":"traffic"}`},
		{"metrics", "follows-traffic", `{"query":"container_restarts","to":"2026-01-01T00:00:00Z"}`},
		{"rollouts", "leak-after-deploy", ``},
		{"rollouts", "limit-lowered", `{"what":"diff"}`},
		{"rollouts", "limit-lowered", `{"what":"template"}`},
		{"rollouts", "limit-lowered", `{"what":"autoscalers"}`},
		{"rollouts", "limit-lowered", `{"what":"configmaps"}`},
		{"logs", "one-large-request", ``},
		{"logs", "java-heap-ran-out", `{"contains":"outofmemory"}`},
		{"logs", "java-heap-ran-out", `{"contains":"no such words"}`},
		{"logs", "leak-after-deploy", ``},
		{"profiles", "leak-after-deploy", ``},
		{"profiles", "leak-after-deploy", `{"function":"session.(*Store).Put"}`},
		{"profiles", "leak-after-deploy", `{"function":"nosuch"}`},
		{"profiles", "one-large-request", ``},
		{"past_incidents", "leak-after-deploy", ``},
	}
	byFunction := map[string]*strings.Builder{}
	for _, tt := range tests {
		b := byFunction[tt.function]
		if b == nil {
			b = &strings.Builder{}
			byFunction[tt.function] = b
		}
		fmt.Fprintf(b, "# %s %s\n", tt.example, tt.arguments)
		writeAnswer(b, call(t, example(t, tt.example).set(nil), tt.function, tt.arguments))
	}
	for name, b := range byFunction {
		goldentest.Equal(t, filepath.Join("testdata", name+".txt"), b.String())
	}
}

// writeAnswer writes an answer for people to read.
func writeAnswer(b *strings.Builder, a Answer) {
	for _, f := range a.Facts {
		fmt.Fprintf(b, "%s\n    %s\n", f.Says, f.Source)
		var keys []string
		for k, v := range f.Values {
			keys = append(keys, fmt.Sprintf("%s=%.10g", k, v))
		}
		slices.Sort(keys)
		fmt.Fprintf(b, "    %s\n", strings.Join(keys, " "))
	}
	fmt.Fprintf(b, "note: %s\n\n", a.Note)
}

// TestKeysOfLedger: the facts of two answers that say the same are one fact of an investigation.
func TestKeysOfLedger(t *testing.T) {
	s := example(t, "leak-after-deploy").set(nil)
	ledger := investigations.NewLedger(nil)
	add := func(arguments string) (ids []string) {
		for _, f := range call(t, s, "kernlog", arguments).Facts {
			ids = append(ids, ledger.Add(f))
		}
		return ids
	}
	report := add(`{"top":1}`)
	if again := add(`{"top":1,"at":"2026-04-15T12:08:00Z"}`); !slices.Equal(report, again) {
		t.Errorf("asked in another way: %v, then %v", report, again)
	}
	if other := add(`{"top":1,"at":"2026-04-15T11:18:00Z"}`); slices.ContainsFunc(other, func(id string) bool { return slices.Contains(report, id) }) {
		t.Errorf("another report's facts are those of the first: %v, %v", report, other)
	}
}
