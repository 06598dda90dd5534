package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/internal/goldentest"
)

// TestGolden reads logs as programs write them: what is found in NAME.log stands in NAME.want.
func TestGolden(t *testing.T) {
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	for _, path := range logs {
		t.Run(filepath.Base(path), func(t *testing.T) {
			src, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			r := newReading(file{path: path}, testAt)
			if err := r.readAll(t.Context(), src); err != nil {
				t.Fatal(err)
			}
			log := r.finish()
			var b strings.Builder
			fmt.Fprintf(&b, "%d lines from %s to %s\n", log.Lines, clock(log.From), clock(log.To))
			for _, m := range log.Matches {
				fmt.Fprintf(&b, "%d %s %s %q %d %s\n", m.Line, clock(m.At), m.Kind, m.Detail, m.Bytes, m.Text)
			}
			goldentest.Equal(t, strings.TrimSuffix(path, ".log")+".want", b.String())
		})
	}
}
