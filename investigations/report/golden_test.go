package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden holds the texts to files that were read by eye: at 80 and 120 columns without colours, and at 80
// columns with them.
func TestGolden(t *testing.T) {
	options := map[string]TextOptions{"80": {}, "120": {Width: 120}, "80.color": {Color: true}}
	for _, c := range cases() {
		for name, opt := range options {
			var b bytes.Buffer
			if err := Text(&b, c.result, c.ev, opt); err != nil {
				t.Fatal(err)
			}
			golden(t, fmt.Sprintf("%s.%s.txt", c.name, name), b.Bytes())
		}
	}
	golden(t, "leak_after_deploy.json", []byte(asJSON(t, leakAfterDeploy().result)))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got; write with -update, and read it):\n%s", file, d)
	}
}
