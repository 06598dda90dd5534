package report

import (
	"math"
	"strings"
	"time"
)

// scale is the y axis: rows of step bytes each, from 0 to rows*step, labelled in one unit.
type scale struct {
	rows     int
	step     float64
	unit     float64
	unitName string
}

// newScale finds rows of a round step that reach up to top with the least left over.
func newScale(top float64, most int) scale {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	u, unit := 0, 1.0
	for top >= 4*unit*1024 && u < len(units)-1 || top >= unit*1024 && u < 2 {
		unit *= 1024
		u++
	}
	s := scale{unit: unit, unitName: units[u]}
	wanted := max(top/unit, 1e-3)
	best := math.Inf(1)
	for rows := most; rows >= most-4; rows-- {
		for _, step := range roundSteps(wanted / float64(rows)) {
			if reach := step * float64(rows); reach >= wanted*(1-1e-9) && reach < best {
				best, s.rows, s.step = reach, rows, step*unit
			}
		}
	}
	return s
}

// roundSteps returns steps of at least about v that people and limits count in: round multiples of a power of
// ten, and powers of two.
func roundSteps(v float64) []float64 {
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	two := math.Pow(2, math.Ceil(math.Log2(v)-1e-9))
	steps := []float64{two}
	for _, m := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10} {
		steps = append(steps, m*ten)
	}
	return steps
}

// label prints a value of the axis, without its unit.
func (s scale) label(v float64) string {
	digits := 0
	for d := 0; d <= 3; d++ {
		digits = d
		if scaled := s.step / s.unit * math.Pow10(d); math.Abs(scaled-math.Round(scaled)) < 1e-6 {
			break
		}
	}
	return trimmed(v/s.unit, digits)
}

const day = 24 * time.Hour

// ticks returns moments at round clock times within r, at most one for every gap of n columns.
func (r timeRange) ticks(n, gap int) []time.Time {
	steps := []time.Duration{
		10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 5 * day, 10 * day, 30 * day,
	}
	most := max(n/gap, 1)
	for _, step := range steps {
		ms := step.Milliseconds()
		if (r.to-r.from)/ms > int64(most) {
			continue
		}
		var out []time.Time
		for t := (r.from + ms - 1) / ms * ms; t <= r.to; t += ms {
			out = append(out, time.UnixMilli(t).UTC())
		}
		return out
	}
	return nil
}

// tickLabel prints a tick: the clock, and the date at midnight.
func tickLabel(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("15:04:05")
	}
	if t.Hour() == 0 && t.Minute() == 0 {
		return t.Format("01-02")
	}
	return t.Format("15:04")
}

// place writes s into a row of cells around column i, where there is room with a space on each side.
func place(row []rune, i int, s string) {
	runes := []rune(s)
	start := min(max(i-len(runes)/2, 0), len(row)-len(runes))
	if start < 0 {
		return
	}
	from, to := max(start-1, 0), min(start+len(runes)+1, len(row))
	if strings.TrimSpace(string(row[from:to])) != "" {
		return
	}
	copy(row[start:], runes)
}

func blankRow(n int) []rune { return []rune(strings.Repeat(" ", n)) }
