package examples

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/examples/incidents"
)

// TestGeneratedFilesAreUnchanged makes the shipped bundles again and compares them byte for byte.
func TestGeneratedFilesAreUnchanged(t *testing.T) {
	dir := t.TempDir()
	if err := incidents.WriteExamples(dir); err != nil {
		t.Fatal(err)
	}
	made, shipped := tree(t, os.DirFS(dir)), tree(t, FS)
	for name, want := range made {
		if got, ok := shipped[name]; !ok || got != want {
			t.Errorf("%s is not what `go generate` makes", name)
		}
	}
	for name := range shipped {
		if _, ok := made[name]; !ok {
			t.Errorf("%s is shipped, and nothing makes it", name)
		}
	}
}

// tree reads all files of a file system.
func tree(t *testing.T, fsys fs.FS) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestExamplesAreSmallAndListed(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{}
	for name, content := range tree(t, FS) {
		folder, _, _ := strings.Cut(filepath.ToSlash(name), "/")
		sizes[folder] += len(content)
	}
	if len(sizes) != len(incidents.Examples()) {
		t.Errorf("%d folders are shipped, and %d are listed", len(sizes), len(incidents.Examples()))
	}
	for folder, size := range sizes {
		if size > 150<<10 {
			t.Errorf("%s has %d KiB", folder, size>>10)
		}
		if !strings.Contains(string(readme), "`"+folder+"`") {
			t.Errorf("README.md does not name %s", folder)
		}
	}
}

// TestRealReportsAreUntouched finds the text of each real kernel report, record by record, in a shipped bundle.
func TestRealReportsAreUntouched(t *testing.T) {
	shipped := tree(t, FS)
	logs := ""
	for name, content := range shipped {
		if strings.Contains(name, "/kernel/") {
			logs += content
		}
	}
	reports, err := filepath.Glob("incidents/reports/*.kmsg.log")
	if err != nil || len(reports) < 4 {
		t.Fatal(reports, err)
	}
	for _, name := range reports {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			prefix, text, _ := strings.Cut(line, ";")
			if strings.HasPrefix(prefix, "12,") {
				continue // a record that user space wrote
			}
			first, _, _ := strings.Cut(text, `\x0a`)
			if !strings.Contains(logs, first) {
				t.Errorf("%s: %q is in no example", name, first)
			}
		}
	}
}
