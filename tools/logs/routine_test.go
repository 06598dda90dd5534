package logs

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func matches(kind string, n int, format string, bytes int64) []investigations.LogMatch {
	var out []investigations.LogMatch
	for i := range n {
		out = append(out, investigations.LogMatch{
			Kind: kind, Bytes: bytes, LogLine: investigations.LogLine{Text: fmt.Sprintf(format, float64(i)+0.5)},
		})
	}
	return out
}

func TestUnusual(t *testing.T) {
	const mb = 1_000_000
	work, alloc := investigations.LogWork, investigations.LogAllocation
	large := investigations.LogMatch{Kind: work, Bytes: 900 * mb, LogLine: investigations.LogLine{Text: "upload of 900 MB"}}
	tests := []struct {
		name string
		in   []investigations.LogMatch
		want []string
	}{
		{"a few are all kept", matches(work, 3, "upload of %g MB", 20*mb), []string{"upload of 0.5 MB", "upload of 1.5 MB", "upload of 2.5 MB"}},
		{"of many the outstanding one", append(matches(work, 20, "upload of %g MB", 20*mb), large), []string{"upload of 900 MB"}},
		{"of many alike the latest", matches(work, 20, "job %g started", 0), []string{"job 17.5 started", "job 18.5 started", "job 19.5 started"}},
		{"a heap that is told each minute", matches(alloc, 20, "heap in use: %g MB", 400*mb), nil},
		{"forms are told apart", append(matches(alloc, 20, "heap %g MB", 400*mb), matches(work, 1, "export %g started", 0)...), []string{"export 0.5 started"}},
	}
	for _, tt := range tests {
		var got []string
		for _, m := range unusual(tt.in) {
			got = append(got, m.Text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestForm(t *testing.T) {
	for text, want := range map[string]string{
		"order 4711 took 12.5 ms": "order 0 took 0 ms", "1,200,000 rows": "0 rows", "id=7f3a": "id=0f0a", "": "", "no number.": "no number.",
		"v1.2.3": "v0", "a.b,c": "a.b,c",
	} {
		if got := form(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
