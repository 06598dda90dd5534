// Package goldentest compares what tests make with files that people have read. With OOMBOT_UPDATE set the files are written
// anew first, for the difference to be read.
package goldentest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Update is the environment variable that has the files be written anew, whatever its value.
const Update = "OOMBOT_UPDATE"

// Equal wants a file, whose path is relative to the test's package, to hold text.
func Equal(t testing.TB, path, text string) {
	t.Helper()
	if os.Getenv(Update) != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (%s=1 writes it)", err, Update)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got; %s=1 writes it anew, and then read it):\n%s", path, Update, diff)
	}
}
