package card

import (
	"strings"
	"testing"

	inv "github.com/oombot/oombot/investigations"
)

func BenchmarkCard(b *testing.B) {
	r := &inv.Result{Verdict: inv.Verdict{Cause: inv.CauseLeak, Headline: "checkout was killed at its memory limit of 512 MiB", Explanation: "It grew. [F1] [F2] [F3]"}}
	for _, id := range []string{"F1", "F2", "F3"} {
		r.Facts = append(r.Facts, inv.Fact{ID: id, Says: strings.Repeat("memory grew by 12.5 MiB an hour ", 5), Source: "metrics/container_working_set.json"})
	}
	for name, n := range map[string]int{"alone": 0, "storm": 500} {
		b.Run(name, func(b *testing.B) {
			v := judged(r)
			v.Incident.Folded = foldedIn(n, 3, "same node n7")
			for b.Loop() {
				Card(v)
			}
		})
	}
}
