package live

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/investigations"
)

// changed copies the incident in dir with some of its files rewritten, and returns the copy. It fails where a file is
// missing, or comes out as it was.
func changed(t *testing.T, dir string, edits map[string]func(string) string) string {
	t.Helper()
	out := t.TempDir()
	if err := os.CopyFS(out, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for file, edit := range edits {
		path := filepath.Join(out, filepath.FromSlash(file))
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		after := edit(string(before))
		if after == string(before) {
			t.Fatalf("%s was not changed", file)
		}
		if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// written makes an incident of that kind, small, and returns its folder.
func written(t *testing.T, kind string, seed uint64) string {
	t.Helper()
	dir := t.TempDir()
	if err := incidents.Write(dir, kind, seed, incidents.Options{Small: true}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// collected records what args ask for, fails where the recorded bundle gives another verdict than live, and returns its
// folder.
func (i *incident) collected(t *testing.T, env []string, live *investigations.Result, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "collected")
	run(t, env, slices.Concat([]string{"collect"}, args, []string{"--out", out})...)
	again := result(t, run(t, nil, "investigate", "--bundle", out, "-o", "json"))
	if diff := cmp.Diff(inCommon(live), inCommon(again)); diff != "" {
		t.Errorf("the collected bundle says otherwise (-live +bundle):\n%s", diff)
	}
	return out
}

// recorded is the result of the recorded incident itself.
func (i *incident) recorded(t *testing.T) *investigations.Result {
	t.Helper()
	dir, err := filepath.Abs(i.dir)
	if err != nil {
		t.Fatal(err)
	}
	return result(t, run(t, nil, "investigate", "--bundle", dir, "-o", "json"))
}
