package toolstest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/oombot/oombot/investigations"
)

// Query has a tool answer, which must not fail.
func Query(t testing.TB, tool investigations.Tool, req investigations.Request) investigations.ToolResult {
	t.Helper()
	r, err := tool.Query(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whys are the reasons of a result's blind spots.
func Whys(r investigations.ToolResult) []string {
	var out []string
	for _, b := range r.BlindSpots {
		out = append(out, b.Why)
	}
	return out
}

// Tree is a folder's files, to be changed by the test that reads it.
func Tree(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	tree := fstest.MapFS{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		tree[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// EndingFS calls End, which ends a context, when a file is opened whose name ends with Suffix.
type EndingFS struct {
	fstest.MapFS
	Suffix string
	End    func()
}

// Open implements fs.FS.
func (e EndingFS) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, e.Suffix) {
		e.End()
	}
	return e.MapFS.Open(name)
}

// SampleBundles are the folders of further recorded incidents, those of the folder bundles of OOMBOT_SHARED. Where that is
// not set the test is skipped.
func SampleBundles(t testing.TB) []string {
	t.Helper()
	shared := os.Getenv("OOMBOT_SHARED")
	if shared == "" {
		t.Skip("OOMBOT_SHARED does not name the folder with sample bundles")
	}
	files, err := filepath.Glob(filepath.Join(shared, "bundles", "*", "incident.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample bundles in %s: %v", shared, err)
	}
	for i, f := range files {
		files[i] = filepath.Dir(f)
	}
	return files
}
