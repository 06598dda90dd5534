package cluster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// point is a sample: seconds since 1970, and a value.
type point struct{ t, v float64 }

// series is one time series as a target exposes it.
type series struct {
	name   string
	labels map[string]string
	points []point
}

// readAnswers reads metrics/QUERY.json of a bundle: the series by the names of the queries.
func readAnswers(bundle fs.FS) (map[string][]series, error) {
	files, err := fs.Glob(bundle, "metrics/*.json")
	if err != nil {
		return nil, err
	}
	out := map[string][]series{}
	for _, file := range files {
		data, err := fs.ReadFile(bundle, file)
		if err != nil {
			return nil, err
		}
		var answer struct{ Data struct{ Result model.Matrix } }
		if err := json.Unmarshal(data, &answer); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		query := strings.TrimSuffix(path.Base(file), ".json")
		for _, stream := range answer.Data.Result {
			s := series{name: query, labels: map[string]string{}}
			for k, v := range stream.Metric {
				s.labels[string(k)] = string(v)
			}
			for _, p := range stream.Values {
				s.points = append(s.points, point{float64(p.Timestamp) / 1000, float64(p.Value)})
			}
			out[query] = append(out[query], s)
		}
	}
	return out, nil
}

// rhythm is the usual time between two samples.
func rhythm(points []point) float64 {
	if len(points) < 2 {
		return 60
	}
	var steps []float64
	for i := 1; i < len(points); i++ {
		steps = append(steps, points[i].t-points[i-1].t)
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// steep is the share of its value by which a series falls or rises at once, and not along a line.
const steep = 0.25

// fill adds samples between those recorded, every so many seconds, as scrapes would have seen them: along a line
// where memory grows, on the level before where it jumps. What is smooth never jumps. A gap in what was recorded
// stays one.
func fill(points []point, every float64, smooth bool) []point {
	step := rhythm(points)
	if every <= 0 || step <= every {
		return points
	}
	var out []point
	for i, p := range points {
		if i > 0 && p.t-points[i-1].t <= 1.5*step {
			before := points[i-1]
			jump := !smooth && math.Abs(p.v-before.v) > steep*max(math.Abs(p.v), math.Abs(before.v))
			for t := before.t + every; t < p.t-every/2; t += every {
				v := before.v
				if !jump {
					v += math.Round((p.v - before.v) * (t - before.t) / (p.t - before.t))
				}
				out = append(out, point{t, v})
			}
		}
		out = append(out, p)
	}
	return out
}

// count turns requests per second into the counter whose rate they are. A rate that was not known is none.
func count(points []point) []point {
	points = slices.DeleteFunc(slices.Clone(points), func(p point) bool { return math.IsNaN(p.v) || math.IsInf(p.v, 0) })
	if len(points) == 0 {
		return nil
	}
	total := 100_000.0 // a program that has run for a while
	out := []point{{points[0].t - rhythm(points), total}}
	for _, p := range points {
		total += p.v * (p.t - out[len(out)-1].t)
		out = append(out, point{p.t, math.Round(total)})
	}
	return out
}

// add returns the sums of points at the same times.
func add(all ...[]point) []point {
	sums := map[float64]float64{}
	for _, points := range all {
		for _, p := range points {
			sums[p.t] += p.v
		}
	}
	out := make([]point, 0, len(sums))
	for _, t := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, point{t, sums[t]})
	}
	return out
}

// scaled returns the points at so many times their value.
func scaled(points []point, by float64) []point {
	out := make([]point, len(points))
	for i, p := range points {
		out[i] = point{p.t, math.Round(p.v * by)}
	}
	return out
}

// constant returns the value at the times of points.
func constant(points []point, v float64) []point {
	out := make([]point, len(points))
	for i, p := range points {
		out[i] = point{p.t, v}
	}
	return out
}

// openMetrics writes series as a scrape of them all would look, with times. Series of one name stand together.
func openMetrics(all []series) []byte {
	slices.SortStableFunc(all, func(a, b series) int { return cmp.Compare(a.name, b.name) })
	var b []byte
	for _, s := range all {
		head := []byte(s.name + "{")
		for i, name := range slices.Sorted(maps.Keys(s.labels)) {
			if i > 0 {
				head = append(head, ',')
			}
			head = append(head, name...)
			head = append(head, '=')
			head = strconv.AppendQuote(head, s.labels[name])
		}
		head = append(head, "} "...)
		for _, p := range s.points {
			b = append(b, head...)
			b = strconv.AppendFloat(b, p.v, 'f', -1, 64)
			b = append(b, ' ')
			b = strconv.AppendFloat(b, p.t, 'f', -1, 64)
			b = append(b, '\n')
		}
	}
	return append(b, "# EOF\n"...)
}
