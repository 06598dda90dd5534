package main

import (
	"io/fs"
	"os"
	"testing"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/eval"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/toolstest"
)

// TestGeneratedIncidents investigates a bundle of every kind that the generator knows, written by somebody who
// does not know the rules, and holds the verdict to its truth.
func TestGeneratedIncidents(t *testing.T) {
	for _, k := range incidents.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := incidents.Write(dir, k.Name, 5, incidents.Options{}); err != nil {
				t.Fatal(err)
			}
			for _, g := range gradeBundle(t, dir) {
				if !g.Right {
					t.Errorf("%s: want %s, got %s", g.Field, g.Want, g.Got)
				}
			}
			staysAfterRedaction(t, os.DirFS(dir))
		})
	}
}

// TestSharedIncidents does the same with the folder of bundles that OOMBOT_SHARED names.
func TestSharedIncidents(t *testing.T) {
	for _, dir := range toolstest.SampleBundles(t) {
		for _, g := range gradeBundle(t, dir) {
			if !g.Right {
				t.Errorf("%s: %s: want %s, got %s", dir, g.Field, g.Want, g.Got)
			}
		}
		staysAfterRedaction(t, os.DirFS(dir))
	}
}

// gradesOf compares a result with the truth of a bundle.
func gradesOf(t *testing.T, fsys fs.FS, res *investigations.Result) []eval.Grade {
	t.Helper()
	data, err := fs.ReadFile(fsys, "truth.yaml")
	if err != nil {
		t.Fatal(err)
	}
	truth, err := eval.ParseTruth(data)
	if err != nil {
		t.Fatal(err)
	}
	return eval.GradeResult(truth, res)
}

// gradeBundle investigates the bundle in dir and compares the result with its truth.
func gradeBundle(t *testing.T, dir string) []eval.Grade {
	t.Helper()
	b, err := bundle.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	res, _, err := diagnose(t.Context(), b.Request(), bundleTools(b.FS(), b.BlindSpots, nil), investigations.Options{})
	if err != nil {
		t.Fatal(err)
	}
	grades := gradesOf(t, b.FS(), res)
	if len(grades) == 0 {
		t.Errorf("%s: its truth says nothing", dir)
	}
	return grades
}
