package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestLives divides a container's series where it was restarted, and names each life by the id that the pod's status
// has, as far as it remembers.
func TestLives(t *testing.T) {
	e := &exposer{
		options: PrometheusOptions{Lives: true},
		pods: map[string]podFacts{"shop/web": {
			uid: "u", ids: map[string]string{"app": "now"}, before: map[string]string{"app": "before"}, restarts: map[string]int{"app": 2},
		}},
		answers: map[string][]series{investigations.QueryRestarts: {{
			labels: map[string]string{"namespace": "shop", "pod": "web", "container": "app"}, points: []point{{30, 0}, {90, 1}, {150, 2}},
		}}},
	}
	got := e.lives("container_oom_events_total", "shop", "web", "app", []point{{30, 4}, {60, 5}, {90, 5}, {120, 5}, {150, 6}, {180, 7}})
	want := []life{
		{madeUp("uapp0"), []point{{30, 0}, {60, 1}}}, {"before", []point{{90, 0}, {120, 0}}}, {"now", []point{{150, 0}, {180, 1}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(life{}, point{})); diff != "" {
		t.Errorf("the lives (-want +got):\n%s", diff)
	}
	e.options.Lives = false
	if got := e.lives("container_memory_rss", "shop", "web", "app", []point{{30, 4}, {150, 6}}); len(got) != 1 || got[0].id != "now" {
		t.Errorf("without the option: %+v", got)
	}
}

// TestScatter puts samples before their scrapes, in order, and the same for all of a container's series.
func TestScatter(t *testing.T) {
	points := []point{{30, 1}, {60, 2}, {90, 3}, {120, 4}}
	got, moved := scatter(points, "a"), false
	for i, p := range got {
		if p.v != points[i].v || p.t > points[i].t || p.t < points[i].t-scatterMost || i > 0 && p.t <= got[i-1].t {
			t.Errorf("%v became %v", points[i], p)
		}
		moved = moved || p.t != points[i].t
	}
	if diff := cmp.Diff(got, scatter(points, "a"), comparePoints); !moved || diff != "" {
		t.Errorf("moved: %v, and the second time:\n%s", moved, diff)
	}
}
