package memorytest_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

func TestTraceIsDeterministic(t *testing.T) {
	for i := range 50 {
		if diff := cmp.Diff(memorytest.Trace(3, i), memorytest.Trace(3, i)); diff != "" {
			t.Fatalf("trace %d is another one the second time:\n%s", i, diff)
		}
	}
	if cmp.Equal(memorytest.Trace(3, 0), memorytest.Trace(4, 0)) {
		t.Error("another seed gives the same trace")
	}
}

// TestTraceIsRealistic holds the generated history to what it is measured with: sizes and spread of real incidents.
func TestTraceIsRealistic(t *testing.T) {
	const n = 1000
	var bytes, linked, judged, edges int
	seen := map[string]map[string]bool{"id": {}, "namespace": {}, "workload": {}, "image": {}, "cause": {}, "node": {}, "function": {}}
	last := ""
	for i := range n {
		tr := memorytest.Trace(1, i)
		if diff := cmp.Diff(memory.Normalized(tr), tr); diff != "" {
			t.Fatalf("trace %d is not in the shape of the document:\n%s", i, diff)
		}
		if tr.Result.ID <= last {
			t.Fatalf("the id of trace %d doesn't rise", i)
		}
		last = tr.Result.ID
		printed, err := json.MarshalIndent(tr.Result, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(printed)
		if len(tr.Result.Facts) != 38 {
			t.Errorf("trace %d has %d facts", i, len(tr.Result.Facts))
		}
		f := tr.Features
		for kind, v := range map[string]string{"id": last, "namespace": f.Namespace, "workload": f.Namespace + f.Workload, "image": f.Image, "cause": string(f.Cause), "node": f.Node} {
			seen[kind][v] = true
		}
		for _, fn := range f.Functions {
			seen["function"][fn] = true
		}
		linked, judged, edges = linked+len(tr.Links), judged+len(tr.Feedback), edges+len(memory.EdgesOf(tr))
	}
	if size := bytes / n; size < 16_000 || size > 26_000 {
		t.Errorf("a result has %d bytes in the mean, want about 20 KB", size)
	}
	for kind, least := range map[string]int{"id": n, "namespace": 35, "workload": 250, "image": 150, "cause": 9, "node": 100, "function": 100} {
		if len(seen[kind]) < least {
			t.Errorf("%d traces have %d values of %s, want at least %d", n, len(seen[kind]), kind, least)
		}
	}
	if linked < n/5 || judged < n/10 || edges < 6*n {
		t.Errorf("%d traces have %d links, %d judgements and %d edges", n, linked, judged, edges)
	}
}
