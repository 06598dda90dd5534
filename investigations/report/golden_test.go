package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/oombot/oombot/internal/goldentest"
)

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

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldentest.Equal(t, filepath.Join("testdata", name), string(got))
}
