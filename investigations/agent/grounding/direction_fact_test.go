package grounding

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

func TestTrendOf(t *testing.T) {
	tests := []struct {
		name           string
		fact           investigations.Fact
		up, down, flat bool
		about          string
	}{
		{"grows", investigations.Fact{Says: "anonymous memory grew steadily: from 740 MiB to 1.91 GiB", Values: map[string]float64{"first_bytes": 740, "last_bytes": 1910}}, true, false, false, "memory"},
		{"level", investigations.Fact{Says: "anonymous memory stayed about level, at 50 MiB"}, false, false, true, "memory"},
		{"traffic flat", investigations.Fact{Says: "Over that life traffic changed by +0 %", Values: map[string]float64{"change_share": 0}}, false, false, true, "traffic"},
		{"traffic up", investigations.Fact{Says: "Over that life traffic changed by +40 %", Values: map[string]float64{"change_share": 0.4}}, true, false, false, "traffic"},
		{"traffic down", investigations.Fact{Says: "Over that life traffic changed by -40 %", Values: map[string]float64{"change_share": -0.4}}, false, true, false, "traffic"},
		{"held more", investigations.Fact{Says: "x held 971 MiB at that moment; usual before was 102 MiB", Values: map[string]float64{"usage_bytes": 971, "usual_bytes": 102}}, true, false, false, "memory"},
		{"limit lowered", investigations.Fact{Says: "Revision 29 came into force; against revision 28: memory limit of gateway: 128Mi -> 32Mi."}, false, true, false, "limit"},
		{"limit raised", investigations.Fact{Says: "Revision 29 came into force; against revision 28: memory limit of gateway: 1Gi -> 2Gi."}, true, false, false, "limit"},
		{"follows", investigations.Fact{Says: "Memory follows the present traffic; it comes down when traffic does."}, true, true, false, "traffic"},
		{"nothing", investigations.Fact{Says: "The pod has the emptyDir \"dshm\" with medium Memory."}, false, false, false, "volume"},
	}
	for _, tt := range tests {
		got := trendOf(factText{fact: tt.fact, lower: plain(tt.fact.Says), clauses: clauses(tt.fact.Says)})
		if got.up != tt.up || got.down != tt.down || got.flat != tt.flat || !got.about[tt.about] {
			t.Errorf("%s: got %+v, want up %t, down %t, flat %t, about %s", tt.name, got, tt.up, tt.down, tt.flat, tt.about)
		}
	}
}

func TestQuantity(t *testing.T) {
	for s, want := range map[string]float64{"512Mi": 512 << 20, "1 GiB": 1 << 30, "1.5 KiB": 1536, "2.": 2, "5G": 5e9, "": 0, "x": 0, "1Zi": 0} {
		if got := quantity(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}
