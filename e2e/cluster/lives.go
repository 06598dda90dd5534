package cluster

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// life is what cAdvisor shows of a container, or of one of its lives.
type life struct {
	id     string
	points []point
}

// lives divides what was recorded of a container where it was restarted. Without the option it is all one.
func (e *exposer) lives(metric, namespace, pod, container string, points []point) []life {
	p := e.pod(namespace, pod)
	id := p.ids[container]
	if id == "" {
		id = madeUp(p.uid + container)
	}
	if !e.options.Lives || container == "" {
		return []life{{id, points}}
	}
	restarts := e.restarts(namespace, pod, container)
	var out []life
	last := -1
	for _, at := range points {
		n := p.restarts[container]
		if len(restarts) > 0 {
			n = countAt(restarts, at.t)
		}
		if n != last {
			of := life{id: madeUp(fmt.Sprint(p.uid, container, n))}
			switch {
			case n == p.restarts[container]:
				of.id = id
			case n == p.restarts[container]-1 && p.before[container] != "":
				of.id = p.before[container]
			}
			out, last = append(out, of), n
		}
		of := &out[len(out)-1]
		of.points = append(of.points, at)
	}
	if metric == containerMetrics[investigations.QueryOOMEvents] {
		for _, of := range out {
			fromNought(of.points)
		}
	}
	return out
}

// restarts is the recorded count of a container's restarts.
func (e *exposer) restarts(namespace, pod, container string) []point {
	for _, s := range e.answers[investigations.QueryRestarts] {
		if s.labels["namespace"] == namespace && s.labels["pod"] == pod && s.labels["container"] == container {
			return s.points
		}
	}
	return nil
}

// countAt is a counter's value at a time; before it begins, its first.
func countAt(points []point, t float64) int {
	n := points[0].v
	for _, p := range points {
		if p.t > t {
			break
		}
		n = p.v
	}
	return int(n)
}

// fromNought makes a counter begin at nought.
func fromNought(points []point) {
	base := points[0].v
	if math.IsNaN(base) {
		base = 0
	}
	for i := range points {
		points[i].v -= base
	}
}

func madeUp(of string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(of))) }

// scatterMost is how long before its scrape a sample of cAdvisor may have been taken, in seconds.
const scatterMost = 12

// scatter puts samples at times of their own. Those of one container at one scrape have the same.
func scatter(points []point, container string) []point {
	out := make([]point, len(points))
	for i, p := range points {
		out[i] = point{p.t - share(fmt.Sprint(container, p.t), points), p.v}
	}
	return out
}

// offset has each target but the kubelets scraped at its own time of the interval.
func (e *exposer) offset() {
	for i := range e.out {
		s := &e.out[i]
		if s.labels["job"] == "kubelet" {
			continue
		}
		early := share(s.labels["job"]+s.labels["instance"], s.points)
		points := make([]point, len(s.points))
		for j, p := range s.points {
			points[j] = point{p.t - early, p.v}
		}
		s.points = points
	}
}

// share is a number of seconds, to the millisecond, that follows from a text and is well below the points' rhythm.
func share(of string, points []point) float64 {
	sum := sha256.Sum256([]byte(of))
	most := min(scatterMost, rhythm(points)/3)
	return math.Round(float64(binary.BigEndian.Uint32(sum[:4]))/math.MaxUint32*most*1000) / 1000
}
