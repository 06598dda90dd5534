package metrics

import (
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations/redact"
)

// answer is what a query's pieces answered, on its way into a file.
type answer struct {
	series   []*liveSeries
	byName   map[string]*liveSeries
	warnings []string
	partial  bool
}

// liveSeries is one series of an answer.
type liveSeries struct {
	labels  map[string]string
	samples []model.SamplePair
}

// add takes a piece's series over.
func (a *answer) add(m model.Matrix, warnings []string, partial bool) {
	a.partial = a.partial || partial
	a.warnings = append(a.warnings, warnings...)
	if a.byName == nil {
		a.byName = map[string]*liveSeries{}
	}
	for _, s := range m {
		name := s.Metric.String()
		have := a.byName[name]
		if have == nil {
			have = &liveSeries{labels: map[string]string{}}
			for k, v := range s.Metric {
				have.labels[string(k)] = string(v)
			}
			a.byName[name] = have
			a.series = append(a.series, have)
		}
		have.samples = append(have.samples, s.Values...)
	}
}

// name gives the series the labels that the file's format asks for, and takes secrets out of all.
func (a *answer) name(spec querySpec, node string, own owners) {
	for _, s := range a.series {
		delete(s.labels, model.MetricNameLabel)
		for _, l := range []string{"namespace", "pod", "container", "node"} {
			if v := s.labels["exported_"+l]; v != "" {
				s.labels[l] = v
			}
			delete(s.labels, "exported_"+l)
		}
		s.own(spec, own)
		if spec.has("node") && first(s.labels, append([]string{"instance"}, nodeNames...)) == "" {
			s.labels["node"] = node
		}
		for name, value := range s.labels {
			s.labels[name] = masked(name, value)
		}
	}
}

// own names the container that a series of cAdvisor measures, where its labels do not.
func (s *liveSeries) own(spec querySpec, own owners) {
	if !spec.has("pod") || s.labels["namespace"] != "" && s.labels["pod"] != "" &&
		(s.labels["container"] != "" || !spec.has("container")) {
		return
	}
	for _, l := range lifeNames {
		if o, ok := own.find(s.labels[l]); ok {
			if o.guessed && isPause(s.labels["image"]) {
				return
			}
			s.labels["namespace"], s.labels["pod"] = o.namespace, o.pod
			if o.container != "" {
				s.labels["container"] = o.container
			}
			return
		}
	}
}

// pauseImage is the image of the container that holds a pod's namespaces.
var pauseImage = regexp.MustCompile(`(^|/)pause(-[\w.]+)?([:@]|$)`)

// isPause says whether an image is, or may be, that of a pod's pause container, which is no container of the pod's.
func isPause(image string) bool { return image == "" || pauseImage.MatchString(image) }

// cgroupPath is what cAdvisor's id looks like, and the names that runtimes give containers: digits in a length that
// looks like a key, and tells lives apart.
var cgroupPath = regexp.MustCompile(`^(?:(?:/[\w.:@\\-]+)+|(?:[a-z-]+://)?[0-9a-f]{64}|k8s_[\w.-]+)$`)

// masked returns a label's value without secrets. A label whose name says that it is one has no value left.
func masked(name, value string) string {
	if slices.Contains(lifeNames, name) && cgroupPath.MatchString(value) {
		return value
	}
	return redact.Value(name, value)
}

// encode writes the answer as the body that Prometheus answers a query_range with, series in the order of their
// labels and samples in that of time.
func (a *answer) encode() []byte {
	size := 200
	keys := make(map[*liveSeries]string, len(a.series))
	for _, s := range a.series {
		labels, err := json.Marshal(s.labels)
		if err != nil {
			continue // strings always marshal
		}
		keys[s] = string(labels)
		size += len(labels) + 40 + 28*len(s.samples)
	}
	b := make([]byte, 0, size)
	b = append(b, `{"status":"success",`...)
	if a.partial {
		b = append(b, `"isPartial":true,`...)
	}
	if len(a.warnings) > 0 {
		b = append(b, `"warnings":`...)
		b = append(b, a.warningList()...)
		b = append(b, ',')
	}
	b = append(b, `"data":{"resultType":"matrix","result":[`...)
	order := slices.SortedStableFunc(maps.Keys(keys), func(x, y *liveSeries) int { return strings.Compare(keys[x], keys[y]) })
	for i, s := range order {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n{\"metric\":"...)
		b = append(b, keys[s]...)
		b = append(b, `,"values":[`...)
		b = s.appendSamples(b)
		b = append(b, "]}"...)
	}
	return append(b, "\n]}}\n"...)
}

func (a *answer) warningList() []byte {
	var texts []string
	for _, w := range a.warnings {
		texts = append(texts, clean(w))
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	list, err := json.Marshal(texts[:min(len(texts), maxWarnings)])
	if err != nil {
		return []byte("[]") // strings always marshal
	}
	return list
}

func (s *liveSeries) appendSamples(b []byte) []byte {
	slices.SortStableFunc(s.samples, func(x, y model.SamplePair) int { return int(x.Timestamp - y.Timestamp) })
	for i, v := range s.samples {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		ms := int64(v.Timestamp)
		b = strconv.AppendInt(b, ms/1000, 10)
		if ms %= 1000; ms != 0 {
			b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
		}
		b = append(b, `,"`...)
		b = appendValue(b, float64(v.Value))
		b = append(b, `"]`...)
	}
	return b
}

// appendValue writes integers without an exponent, as people read them.
func appendValue(b []byte, v float64) []byte {
	if math.Abs(v) < 1e18 {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
