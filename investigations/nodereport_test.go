package investigations

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestNodeHeartbeatOfAnyShape takes heartbeats as others may write them.
func TestNodeHeartbeatOfAnyShape(t *testing.T) {
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	since := at.Add(-time.Hour)
	tests := map[string]NodeHeartbeat{
		`{"at":"2026-03-04T02:17:09Z","reader":"syslog","lossless_since":"2026-03-04T01:17:09Z","dropped":3,"faults":["a"]}`: {
			At: at, Reader: "syslog", LosslessSince: &since, Dropped: 3, Faults: []string{"a"},
		},
		`{"at":"2026-03-04T02:17:09Z","lossless_since":null}`:                   {At: at},
		`{"at":1772590629,"lossless_since":"2026-03-04T01:17:09Z"}`:             {LosslessSince: &since},
		`{"at":"2026-03-04T02:17:09Z","dropped":"many","reader":{"a":1},"x":1}`: {At: at},
		`"2026-03-04T02:17:09Z"`:                                                {At: at},
		`true`:                                                                  {},
		`7`:                                                                     {},
		`["a"]`:                                                                 {},
		`{}`:                                                                    {},
		`"soon"`:                                                                {},
	}
	for text, want := range tests {
		var r NodeReport
		if err := json.Unmarshal([]byte(`{"heartbeat":`+text+`}`), &r); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(&want, r.Heartbeat); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// TestSamples writes and reads values, those that are not known among them.
func TestSamples(t *testing.T) {
	values := Samples{1, math.NaN(), 0, -3, 0.5, 1e300, 1 << 54, math.Inf(1)}
	data, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	if want := `[1,null,0,-3,0.5,1e+300,1.8014398509481984e+16,null]`; string(data) != want {
		t.Errorf("written as %s, want %s", data, want)
	}
	var back Samples
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	values[7] = math.NaN()
	if diff := cmp.Diff(values, back, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(`["a"]`), &back); err == nil {
		t.Error("a text is taken for a value")
	}
}
