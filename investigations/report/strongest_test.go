package report

import (
	"strings"
	"testing"

	inv "github.com/oombot/oombot/investigations"
)

func TestStrongest(t *testing.T) {
	r := &inv.Result{
		Verdict: inv.Verdict{Cause: inv.CauseLeak, Explanation: "It was killed. [F2] [F3]\n\nIt grew. [F4, F2]\n\nNo citation here.\n\nSet off by a change. [F9]"},
		Hypotheses: []inv.Hypothesis{
			{Cause: inv.CauseSidecar, For: []string{"F6"}},
			{Cause: inv.CauseLeak, For: []string{"F4", "F5"}, Against: []string{"F6"}},
		},
	}
	for _, id := range []string{"F1", "F2", "F3", "F4", "F5", "F6"} {
		r.Facts = append(r.Facts, inv.Fact{ID: id})
	}
	tests := []struct {
		n    int
		want string
	}{
		{0, ""}, {1, "F2"}, {2, "F2 F4"}, {3, "F2 F4 F3"}, {10, "F2 F4 F3 F5"},
	}
	for _, tt := range tests {
		var got []string
		for _, f := range Strongest(r, tt.n) {
			got = append(got, f.ID)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("the strongest %d are %q, want %q", tt.n, s, tt.want)
		}
	}
}
