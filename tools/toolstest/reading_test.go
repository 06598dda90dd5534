package toolstest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/oombot/oombot/investigations"
)

func TestTree(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "a", "b/c.txt": "c"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree := Tree(t, dir)
	if len(tree) != 2 || string(tree["a.txt"].Data) != "a" || string(tree["b/c.txt"].Data) != "c" {
		t.Errorf("the tree is %v", tree)
	}
}

func TestEndingFS(t *testing.T) {
	ended := 0
	fsys := EndingFS{fstest.MapFS{"a/b.log": {Data: []byte("x")}, "a/c.txt": {}}, "b.log", func() { ended++ }}
	for _, tt := range []struct {
		name  string
		err   error
		ended int
	}{{"a/c.txt", nil, 0}, {"a/nothing", fs.ErrNotExist, 0}, {"a/b.log", nil, 1}} {
		f, err := fsys.Open(tt.name)
		if !errors.Is(err, tt.err) || ended != tt.ended {
			t.Errorf("%s: %v, ended %d times", tt.name, err, ended)
		}
		if f != nil {
			f.Close()
		}
	}
}

func TestWhys(t *testing.T) {
	got := Whys(investigations.ToolResult{BlindSpots: []investigations.BlindSpot{{Why: "a"}, {Why: "b"}}})
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
}

func TestSampleBundles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.MkdirAll(filepath.Join(dir, "bundles", name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "bundles", name, "incident.yaml"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("OOMBOT_SHARED", dir)
	if got := SampleBundles(t); !slices.Equal(got, []string{filepath.Join(dir, "bundles", "one"), filepath.Join(dir, "bundles", "two")}) {
		t.Errorf("%q", got)
	}
}
