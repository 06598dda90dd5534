package investigations

import (
	"context"
	"testing"
)

// TestRunWithoutCovered: what a tool could not see is no blind spot where the rules know it from another source; what
// they could not see themselves is one.
func TestRunWithoutCovered(t *testing.T) {
	blind := func(name string) source {
		return source{name: name, query: func(context.Context) (ToolResult, error) {
			return ToolResult{BlindSpots: []BlindSpot{{Tool: name, Why: "nothing was recorded"}}}, nil
		}}
	}
	res, _ := run(t, func(req Request, _ Evidence, _ *Ledger) Diagnosis {
		return Diagnosis{Target: req.Target, Covered: []string{ToolKernlog}, BlindSpots: []BlindSpot{{Tool: ToolKernlog, Why: "the rules say so"}}}
	}, Options{}, blind(ToolKernlog), blind(ToolLogs))
	var got []string
	for _, b := range res.BlindSpots {
		got = append(got, b.Tool+": "+b.Why)
	}
	if len(got) != 2 || got[0] != "logs: nothing was recorded" || got[1] != "kernlog: the rules say so" {
		t.Error(got)
	}
}
