package report

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	inv "github.com/oombot/oombot/investigations"
)

var nan = math.NaN()

func TestCollect(t *testing.T) {
	m := &inv.MetricEvidence{Queries: map[string]inv.Query{"q": query(
		inv.Series{Pod: "a", T: []int64{30, 40}, V: []float64{3, 4}},
		inv.Series{Pod: "b", T: []int64{35}, V: []float64{9}},
		inv.Series{Pod: "a", T: []int64{10, 20, 30, 50, 60, 70}, V: []float64{1, 2, 5, -1, math.Inf(1), nan}},
		inv.Series{Pod: "a", T: []int64{80, math.MaxInt64}, V: []float64{8, 1}},
		inv.Series{Pod: "a", T: []int64{90, 91}, V: []float64{9}},
	)}}
	got := collect(m, "q", func(s inv.Series) bool { return s.Pod == "a" })
	want := []point{{10, 1}, {20, 2}, {30, 5}, {40, 4}, {80, 8}, {90, 9}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(point{})); d != "" {
		t.Errorf("points (-want +got):\n%s", d)
	}
	if got := collect(nil, "q", nil); got != nil {
		t.Errorf("points of no metrics: %v", got)
	}
}

func TestColumns(t *testing.T) {
	dense := make([]point, 101)
	for i := range dense {
		dense[i] = point{int64(i), float64(i % 50)}
	}
	tests := []struct {
		name   string
		shown  timeRange
		points []point
		n      int
		want   []float64
	}{
		{"the peak of each column stays", timeRange{0, 100}, dense, 4, []float64{24, 49, 24, 49}},
		{"few samples are joined", timeRange{0, 9}, []point{{0, 0}, {5, 5}}, 10, []float64{0, 1, 2, 3, 4, 5, nan, nan, nan, nan}},
		{"a gap stays a gap", timeRange{0, 100}, []point{{0, 1}, {10, 1}, {20, 1}, {90, 2}}, 10, []float64{1, 1, 1, nan, nan, nan, nan, nan, nan, 2}},
		{"outside of the range", timeRange{50, 60}, []point{{0, 1}, {55, 2}, {99, 3}}, 2, []float64{nan, 2}},
		{"no sample", timeRange{0, 100}, nil, 3, []float64{nan, nan, nan}},
		{"one moment", timeRange{5, 5}, []point{{5, 7}}, 2, []float64{7, nan}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.shown.columns(tt.points, tt.n), cmpopts.EquateNaNs()); d != "" {
				t.Errorf("columns (-want +got):\n%s", d)
			}
		})
	}
}

func TestSum(t *testing.T) {
	got := sum([]float64{1, nan, nan, 4}, []float64{1, 2, nan, nan})
	if d := cmp.Diff([]float64{2, 2, nan, 4}, got, cmpopts.EquateNaNs()); d != "" {
		t.Errorf("sum (-want +got):\n%s", d)
	}
	if got := sum(); got != nil {
		t.Errorf("the sum of nothing is %v", got)
	}
}

func TestTopLeavesNaNOut(t *testing.T) {
	for _, in := range [][2]float64{{nan, 3}, {3, nan}, {1, 3}, {3, 1}} {
		if got := fmax(in[0], in[1]); got != 3 {
			t.Errorf("fmax(%v, %v) = %v, want 3", in[0], in[1], got)
		}
	}
}
