package importtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxLines is the length from which on a file is two files.
const maxLines = 400

// TestFileLength fails for a file longer than maxLines. Tests may be twice as long, for their tables.
func TestFileLength(t *testing.T) {
	for _, f := range goFiles(t) {
		content, err := os.ReadFile(filepath.Join(root, f))
		if err != nil {
			t.Fatal(err)
		}
		most := maxLines
		if strings.HasSuffix(f, "_test.go") {
			most = 2 * maxLines
		}
		if n := bytes.Count(content, []byte("\n")); n > most {
			t.Errorf("%s has %d lines, more than %d: is it two files?", f, n, most)
		}
	}
}
