package report

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNewScale(t *testing.T) {
	tests := []struct {
		top    float64
		labels string
		unit   string
	}{
		{512 * mib, "0 64 128 192 256 320 384 448 512", "MiB"},
		{500 * mib, "0 50 100 150 200 250 300 350 400 450 500", "MiB"},
		{600 * mib, "0 60 120 180 240 300 360 420 480 540 600", "MiB"},
		{1 * gib, "0 128 256 384 512 640 768 896 1024", "MiB"},
		{9.4 * gib, "0 1 2 3 4 5 6 7 8 9 10", "GiB"},
		{4.1 * gib, "0.0 0.6 1.2 1.8 2.4 3.0 3.6 4.2", "GiB"},
		{3 * mib, "0.0 0.5 1.0 1.5 2.0 2.5 3.0", "MiB"},
		{1, "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0", "B"},
	}
	for _, tt := range tests {
		s := newScale(tt.top, chartRows)
		var labels []string
		for i := range s.rows + 1 {
			labels = append(labels, s.label(float64(i)*s.step))
		}
		if got := strings.Join(labels, " "); got != tt.labels || s.unitName != tt.unit {
			t.Errorf("scale up to %v: %s %s, want %s %s", tt.top, got, s.unitName, tt.labels, tt.unit)
		}
	}
}

func TestNewScaleReachesTheTop(t *testing.T) {
	for top := 1.0; top < 1<<60; top *= 1.37 {
		s := newScale(top, chartRows)
		reach := s.step * float64(s.rows)
		if reach < top*(1-1e-6) || reach > top*1.5 || s.rows < 6 || s.rows > chartRows {
			t.Errorf("scale up to %v: %d rows of %v reach %v", top, s.rows, s.step, reach)
		}
		for i := range s.rows + 1 {
			if l := s.label(float64(i) * s.step); len(l) > len("0.0000") {
				t.Errorf("scale up to %v: the label %s is too long", top, l)
			}
		}
	}
}

func TestTicks(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tests := []struct{ from, to, want string }{
		{"2026-03-03 22:40:09", "2026-03-04 02:17:09", "23:00 03-04 01:00 02:00"},
		{"2026-03-04 02:10:00", "2026-03-04 02:17:09", "02:10 02:12 02:14 02:16"},
		{"2026-03-03 02:17:09", "2026-03-04 02:17:09", "04:00 08:00 12:00 16:00 20:00 03-04"},
		{"2026-02-04 02:17:09", "2026-03-04 02:17:09", "02-06 02-11 02-16 02-21 02-26 03-03"},
		{"2026-03-04 02:17:01", "2026-03-04 02:17:09", ""},
		{"0001-01-01 00:00:00", "9999-03-04 02:17:09", ""},
	}
	for _, tt := range tests {
		var got []string
		for _, tick := range (timeRange{at(tt.from).UnixMilli(), at(tt.to).UnixMilli()}).ticks(72, 12) {
			got = append(got, tickLabel(tick))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("ticks from %s to %s: %v, want %s", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestPlace(t *testing.T) {
	row := blankRow(20)
	for _, label := range []struct {
		at int
		s  string
	}{{0, "01:00"}, {5, "never"}, {10, "02:00"}, {19, "03:00"}, {3, strings.Repeat("x", 30)}} {
		place(row, label.at, label.s)
	}
	if d := cmp.Diff("01:00   02:00  03:00", string(row)); d != "" {
		t.Errorf("row (-want +got):\n%s", d)
	}
}

func TestColumn(t *testing.T) {
	r := timeRange{0, 100}
	for at, want := range map[int64]int{0: 0, 9: 0, 10: 1, 99: 9, 100: 9} {
		if got, ok := r.column(at, 10); !ok || got != want {
			t.Errorf("column of %d = %d, %t, want %d", at, got, ok, want)
		}
	}
	for _, at := range []int64{-1, 101, math.MinInt64, math.MaxInt64} {
		if _, ok := r.column(at, 10); ok {
			t.Errorf("%d is within 0 to 100", at)
		}
	}
}
