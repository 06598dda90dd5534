package live

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// TestExamples has every recorded incident investigated in a living cluster that holds it, collected from there, and
// investigated again from what was collected: all three verdicts are right, and the last two the same.
func TestExamples(t *testing.T) {
	for _, dir := range examples(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			i := load(t, dir, cluster.PrometheusOptions{})
			env := i.env(t, "")
			live := result(t, run(t, env, i.args("investigate", "-o", "json")...))

			out := filepath.Join(t.TempDir(), "collected")
			run(t, env, i.args("collect", "--out", out)...)
			again := result(t, run(t, nil, "investigate", "--bundle", out, "-o", "json"))
			if diff := cmp.Diff(inCommon(live), inCommon(again)); diff != "" {
				t.Errorf("the collected bundle says otherwise (-live +bundle):\n%s", diff)
			}

			truth, err := os.ReadFile(filepath.Join(dir, "truth.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(out, "truth.yaml"), truth, 0o600); err != nil {
				t.Fatal(err)
			}
			grade(t, run(t, nil, "eval", out, "-o", "json"))
			if t.Failed() {
				for _, b := range live.BlindSpots {
					t.Logf("blind: %s: %s", b.Tool, b.Why)
				}
			}
		})
	}
}

// inCommon is what a live result and that of its bundle have in common: all but where things stand and how long it
// took.
func inCommon(r *investigations.Result) any {
	type fact struct {
		ID, Tool, Says string
		Values         map[string]float64
	}
	c := struct {
		ID         string
		At         any
		Target     investigations.Target
		Verdict    investigations.Verdict
		Hypotheses []investigations.Hypothesis
		Facts      []fact
		Blind      map[string]int
	}{ID: r.ID, At: r.At, Target: r.Target, Verdict: r.Verdict, Hypotheses: r.Hypotheses, Blind: map[string]int{}}
	for _, f := range r.Facts {
		c.Facts = append(c.Facts, fact{f.ID, f.Tool, f.Says, f.Values})
	}
	for _, b := range r.BlindSpots {
		c.Blind[b.Tool]++
	}
	return c
}

// grade fails for each field that oombot eval calls wrong.
func grade(t *testing.T, out oombot.Output) {
	t.Helper()
	var e struct {
		Passed  int `json:"passed"`
		Bundles []struct {
			Error  string `json:"error"`
			Grades []struct {
				Field, Want, Got string
				Right            bool
			} `json:"grades"`
		} `json:"bundles"`
	}
	if err := json.Unmarshal(out.Stdout, &e); err != nil || len(e.Bundles) != 1 || len(e.Bundles[0].Grades) == 0 {
		t.Fatalf("eval printed (%v):\n%s", err, out.Stdout)
	}
	for _, g := range e.Bundles[0].Grades {
		if !g.Right {
			t.Errorf("%s: want %s, got %s", g.Field, g.Want, g.Got)
		}
	}
}
