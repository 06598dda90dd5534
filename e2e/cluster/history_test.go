package cluster

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var comparePoints = cmp.AllowUnexported(point{}, series{})

func TestFill(t *testing.T) {
	for name, c := range map[string]struct {
		points, want []point
	}{
		"growth is a line":      {[]point{{0, 100}, {60, 106}, {120, 112}}, []point{{0, 100}, {20, 102}, {40, 104}, {60, 106}, {80, 108}, {100, 110}, {120, 112}}},
		"a kill is a step":      {[]point{{0, 100}, {60, 10}, {120, 10}}, []point{{0, 100}, {20, 100}, {40, 100}, {60, 10}, {80, 10}, {100, 10}, {120, 10}}},
		"a gap stays one":       {[]point{{0, 8}, {60, 8}, {120, 8}, {600, 8}}, []point{{0, 8}, {20, 8}, {40, 8}, {60, 8}, {80, 8}, {100, 8}, {120, 8}, {600, 8}}},
		"dense enough already":  {[]point{{0, 1}, {15, 2}}, []point{{0, 1}, {15, 2}}},
		"one sample":            {[]point{{0, 1}}, []point{{0, 1}}},
		"no whole number times": {[]point{{0, 4}, {50, 4}}, []point{{0, 4}, {20, 4}, {50, 4}}},
	} {
		if diff := cmp.Diff(c.want, fill(c.points, 20, false), comparePoints); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	counter := []point{{0, 100}, {60, 700}}
	if diff := cmp.Diff([]point{{0, 100}, {20, 300}, {40, 500}, {60, 700}}, fill(counter, 20, true), comparePoints); diff != "" {
		t.Errorf("a counter of many is a line (-want +got):\n%s", diff)
	}
}

func TestCount(t *testing.T) {
	got := count([]point{{60, 2}, {120, 0}, {150, math.NaN()}, {180, 0.5}})
	want := []point{{0, 100_000}, {60, 100_120}, {120, 100_120}, {180, 100_150}}
	if diff := cmp.Diff(want, got, comparePoints); diff != "" {
		t.Errorf("the counter (-want +got):\n%s", diff)
	}
}

func TestOpenMetrics(t *testing.T) {
	got := string(openMetrics([]series{
		{"b", map[string]string{"y": `say "so"`, "x": "1"}, []point{{1.5, 1e9}, {2, 0.25}}}, {"a", map[string]string{"z": "2"}, []point{{1, 3}}},
	}))
	want := "a{z=\"2\"} 3 1\nb{x=\"1\",y=\"say \\\"so\\\"\"} 1000000000 1.5\nb{x=\"1\",y=\"say \\\"so\\\"\"} 0.25 2\n# EOF\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
