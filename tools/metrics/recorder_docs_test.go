package metrics

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/oombot/oombot/investigations"
)

// TestRecorderDocumented reads the recording that docs/bundle-format.md shows, and has the page name every series.
func TestRecorderDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/bundle-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(data), "## The flight recorder\n")
	part, _, _ = strings.Cut(part, "\n## ")
	_, doc, fenced := strings.Cut(part, "```json\n")
	doc, _, closed := strings.Cut(doc, "```")
	if !ok || !fenced || !closed {
		t.Fatal("docs/bundle-format.md shows no recording")
	}
	res := query(t, fstest.MapFS{"recorder/n1.json": {Data: []byte(doc)}}, testRequest())
	if m := res.Evidence.Metrics; m == nil || len(m.Recorder) != 1 {
		t.Fatalf("it is not read: %+v", res.BlindSpots)
	}
	r := res.Evidence.Metrics.Recorder[0]
	if len(r.Series) != 1 || len(r.Series[0].Series.V) != 2 || r.Series[0].PodUID == "" || r.Series[0].ContainerID == "" || r.LosslessSince.IsZero() || r.To.IsZero() {
		t.Errorf("%+v", r)
	}
	if len(r.Top) != 1 || !strings.Contains(doc, fmt.Sprintf(`"command": %q`, r.Top[0].Command)) || r.Top[0].Comm == "" || r.Top[0].RSSBytes == 0 {
		t.Errorf("%+v", r.Top)
	}
	for _, name := range []string{
		investigations.RecordedCurrent, investigations.RecordedLimit, investigations.RecordedPeak, investigations.RecordedAnon, investigations.RecordedFile,
		investigations.RecordedShmem, investigations.RecordedSock, investigations.RecordedSlab, investigations.RecordedPressureSome, investigations.RecordedPressureFull,
		fmt.Sprintf("%d bytes", investigations.RecorderCommandBytes),
	} {
		if !strings.Contains(part, "`"+name+"`") && !strings.Contains(strings.ReplaceAll(part, "\n  ", " "), name) {
			t.Errorf("the page does not name %s", name)
		}
	}
}
