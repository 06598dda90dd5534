package main

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
)

// TestSourcesOfTests holds what other packages' tests judge incidents with to what the program does.
func TestSourcesOfTests(t *testing.T) {
	names := func(tools []investigations.Tool) (out []string) {
		for _, tool := range tools {
			out = append(out, tool.Describe().Name)
		}
		return out
	}
	want := names(bundleTools(fstest.MapFS{}, nil, nil))
	if diff := cmp.Diff(want, names(judgetest.Sources(fstest.MapFS{}))); diff != "" || len(want) < 6 {
		t.Errorf("the sources (-program +judgetest):\n%s", diff)
	}
}
