package metrics

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const recorded = `{"version":1,"node":"n1","from":"2026-03-04T02:16:00Z","to":"2026-03-04T02:17:10Z","lossless_since":"2026-03-01T00:00:00+01:00",
 "series":[{"namespace":"shop","pod":"api-1","container":"api","pod_uid":"u-1","container_id":"c-1","name":"memory_current","unit":"bytes","step_ms":1000,
   "values":[100,null,300,-1,500.5]},{"name":"mem_available","unit":"bytes","step_ms":1000,"values":[null]}],
 "top":[{"at":"2026-03-04T02:17:00.5Z","namespace":"shop","pod":"api-1","container":"api","pid":4711,"comm":"java","rss_bytes":1073741824,
  "pod_uid":"u-1","container_id":"c-1","command":"java -Xmx1g -Ddb.password=h0rse-battery\n-jar api.jar"},7]}`

func TestRecorder(t *testing.T) {
	from := time.Date(2026, 3, 4, 2, 16, 0, 0, time.UTC)
	fsys := bundleOf(full())
	fsys["recorder/n1.json"] = &fstest.MapFile{Data: []byte(recorded)}
	fsys["recorder/README"] = &fstest.MapFile{}
	res := query(t, fsys, testRequest())
	want := []investigations.Recorder{{
		Node: "n1", From: from, To: from.Add(70 * time.Second), Source: "recorder/n1.json",
		LosslessSince: time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC),
		Series: []investigations.RecorderSeries{{
			Namespace: "shop", Pod: "api-1", Container: "api", Name: "memory_current", Unit: "bytes", PodUID: "u-1", ContainerID: "c-1",
			Series: investigations.Series{
				Namespace: "shop", Pod: "api-1", Container: "api", Node: "n1",
				T: []int64{from.UnixMilli(), from.UnixMilli() + 2000, from.UnixMilli() + 4000}, V: []float64{100, 300, 500.5}, Dropped: 1,
			},
		}},
		Top: []investigations.RecorderTop{{
			At: from.Add(60500 * time.Millisecond), Namespace: "shop", Pod: "api-1", Container: "api", PodUID: "u-1", ContainerID: "c-1", PID: 4711, Comm: "java", RSSBytes: 1 << 30,
			Command: "java -Xmx1g -Ddb.password=[redacted] -jar api.jar",
		}},
	}}
	if diff := cmp.Diff(want, res.Evidence.Metrics.Recorder); diff != "" {
		t.Error(diff)
	}
	if len(res.BlindSpots) > 0 {
		t.Errorf("blind spots %+v", res.BlindSpots)
	}
	var says string
	for _, f := range res.Facts {
		if f.Key == "metrics/recorder/n1" {
			says = f.Says
		}
	}
	if want := `the flight recorder of node "n1" holds 1 series and 1 readings of processes from 2026-03-04T02:16:00Z to 2026-03-04T02:17:10Z`; says != want {
		t.Errorf("fact %q", says)
	}
}

// TestRecorderBroken spoils the file; a recorder beside no metrics is read all the same.
func TestRecorderBroken(t *testing.T) {
	tests := []struct {
		name, doc, want string
		read            bool
	}{
		{"another version", strings.Replace(recorded, `"version":1`, `"version":2`, 1), "has the wrong type: version 2, where 1 is known", false},
		{"no version", `{"node":"n1"}`, "has the wrong type: version 0, where 1 is known", false},
		{"cut off", recorded[:strings.Index(recorded, `"top"`)], "is cut off", true},
		{"cut in the head", `{"vers`, "is cut off", false},
		{"empty", "", "is empty", false},
		{"a list", "[]", "has the wrong type: it is no object", false},
		{"no beginning", strings.Replace(recorded, `"2026-03-04T02:16:00Z"`, "null", 1), "has the wrong type: it does not say when its series begin", false},
		{"no step", strings.Replace(recorded, `"step_ms":1000,`, "", 1), "", true},
		{"wrong types", `{"version":1,"node":7,"from":"2026-03-04T02:16:00Z","series":{},"top":[{"pid":-1,"rss_bytes":1e300,"comm":[]}]}`, "", true},
		{
			"too much", strings.Replace(recorded, "100,", strings.Repeat("1,", maxRecorded), 1),
			"can't be read: more than 200000 values: too large", true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := query(t, fstest.MapFS{"recorder/n1.json": {Data: []byte(tt.doc)}}, testRequest())
			var why string
			for _, b := range res.BlindSpots {
				if strings.HasPrefix(b.Why, `"recorder/n1.json"`) {
					why = strings.TrimPrefix(b.Why, `"recorder/n1.json" `)
				}
			}
			if why != tt.want {
				t.Errorf("blind spot %q, want %q", why, tt.want)
			}
			if read := res.Evidence.Metrics != nil && len(res.Evidence.Metrics.Recorder) == 1; read != tt.read {
				t.Errorf("read %v, want %v", read, tt.read)
			}
		})
	}
}

// TestRecorderCommand: command lines are bounded, also those that nobody bounded or redacted before.
func TestRecorderCommand(t *testing.T) {
	const top = `"top":[{"at":"2026-03-04T02:17:00Z","pid":1,"command":%s}]`
	for _, command := range []string{`7`, `null`, `["a"]`, `"` + strings.Repeat("x \u00e9", 100_000) + `"`, `"` + strings.Repeat("s", 300) + ` --token=sk-live-0123456789abcdef0123456789abcdef"`} {
		doc := recorded[:strings.Index(recorded, `"top"`)] + fmt.Sprintf(top, command) + "}"
		res := query(t, fstest.MapFS{"recorder/n1.json": {Data: []byte(doc)}}, testRequest())
		got := res.Evidence.Metrics.Recorder[0].Top[0].Command
		if len(got) > investigations.RecorderCommandBytes || (got == "") != !strings.HasPrefix(command, `"`) || strings.Contains(got, "0123456789") {
			t.Errorf("%.40s: %q", command, got)
		}
	}
}

func TestRecordersAreFew(t *testing.T) {
	fsys := bundleOf(full())
	for i := range maxRecorders + 1 {
		fsys[fmt.Sprintf("recorder/n%02d.json", i)] = &fstest.MapFile{Data: []byte(recorded)}
	}
	res := query(t, fsys, testRequest())
	if len(res.Evidence.Metrics.Recorder) != maxRecorders || len(res.BlindSpots) != 1 || len(res.Facts) > maxFacts {
		t.Errorf("%d recorders, %d facts, %+v", len(res.Evidence.Metrics.Recorder), len(res.Facts), res.BlindSpots)
	}
}
