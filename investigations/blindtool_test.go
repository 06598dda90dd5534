package investigations

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fixed answers always the same.
type fixed struct {
	result ToolResult
	err    error
}

func (f fixed) Describe() Description { return Description{Name: ToolPods} }

func (f fixed) Query(context.Context, Request) (ToolResult, error) { return f.result, f.err }

func TestWithBlindSpots(t *testing.T) {
	own, more := BlindSpot{Tool: ToolPods, Why: "own"}, BlindSpot{Tool: ToolPods, Why: "more"}
	answered := false
	spots := func(tool string) []BlindSpot {
		if tool != ToolPods {
			t.Errorf("asked for %s", tool)
		}
		answered = true
		return []BlindSpot{more}
	}
	tool := WithBlindSpots(fixed{result: ToolResult{BlindSpots: []BlindSpot{own}}}, spots)
	if answered {
		t.Error("asked before the tool has answered")
	}
	got, err := tool.Query(t.Context(), Request{})
	if diff := cmp.Diff(ToolResult{BlindSpots: []BlindSpot{own, more}}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := tool.Describe().Name; got != ToolPods {
		t.Errorf("it is called %s", got)
	}

	failure := errors.New("broken")
	got, err = WithBlindSpots(fixed{err: failure}, spots).Query(t.Context(), Request{})
	if !errors.Is(err, failure) || len(got.BlindSpots) > 0 {
		t.Errorf("a failure stays one: %+v, %v", got, err)
	}
}

func TestWouldTellIsKnownForAllTools(t *testing.T) {
	for _, tool := range []string{ToolKernlog, ToolPods, ToolRollouts, ToolMetrics, ToolLogs, ToolProfiles, ToolMemory} {
		if WouldTell(tool) == "" {
			t.Errorf("nothing says what %s would tell", tool)
		}
	}
}
