package deliver

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/oombot/oombot/investigations"
)

// maxApart is how far apart two recordings may begin that are merged; more is mostly gaps.
const maxApart = 15 * time.Minute

// mergeRecordings returns what two recordings of one node hold together: what both know once. Either may be missing.
func mergeRecordings(a, b json.RawMessage) (json.RawMessage, error) {
	switch {
	case len(b) == 0:
		return a, nil
	case len(a) == 0:
		return b, nil
	}
	var first, second investigations.NodeRecording
	if err := errors.Join(json.Unmarshal(a, &first), json.Unmarshal(b, &second)); err != nil {
		return nil, fmt.Errorf("merge two recordings: %w", err)
	}
	if d := second.From.Sub(first.From).Abs(); d > maxApart {
		return nil, fmt.Errorf("merge two recordings: they begin %s apart", d)
	}
	out, err := json.Marshal(merged(first, second))
	if err != nil {
		return nil, fmt.Errorf("merge two recordings: %w", err)
	}
	return out, nil
}

// seriesKey tells series apart.
type seriesKey struct {
	namespace, pod, container, uid, id, name string
	step                                     int64
}

func keyOf(s *investigations.NodeRecorderSeries) seriesKey {
	return seriesKey{s.Namespace, s.Pod, s.Container, s.PodUID, s.ContainerID, s.Name, s.StepMS}
}

func merged(a, b investigations.NodeRecording) investigations.NodeRecording {
	out := a
	if b.From.Before(out.From) {
		out.From = b.From
	}
	if b.To.After(out.To) {
		out.To, out.LosslessSince = b.To, b.LosslessSince
	}
	out.Series = nil
	at := map[seriesKey]int{}
	for _, r := range []*investigations.NodeRecording{&a, &b} {
		for i := range r.Series {
			s := r.Series[i]
			s.Values = shifted(s.Values, r.From.Sub(out.From), s.StepMS)
			k, ok := at[keyOf(&s)]
			if !ok {
				at[keyOf(&s)] = len(out.Series)
				out.Series = append(out.Series, s)
				continue
			}
			out.Series[k].Values = laid(out.Series[k].Values, s.Values)
		}
	}
	out.Top = nil
	type reading struct {
		at  int64
		pid int64
		id  string
	}
	seen := map[reading]bool{}
	for _, top := range [][]investigations.NodeRecorderTop{a.Top, b.Top} {
		for _, t := range top {
			if k := (reading{t.At.UnixNano(), t.PID, t.ContainerID}); !seen[k] {
				seen[k] = true
				out.Top = append(out.Top, t)
			}
		}
	}
	return out
}

// shifted puts gaps before values that begin by later, to the nearest step.
func shifted(values investigations.Samples, by time.Duration, stepMS int64) investigations.Samples {
	if by <= 0 || stepMS <= 0 {
		return values
	}
	step := time.Duration(stepMS) * time.Millisecond
	gap := int((by + step/2) / step)
	out := make(investigations.Samples, gap, gap+len(values))
	for i := range out {
		out[i] = math.NaN()
	}
	return append(out, values...)
}

// laid lays the known values of over upon base.
func laid(base, over investigations.Samples) investigations.Samples {
	for i, v := range over {
		switch {
		case i >= len(base):
			base = append(base, v)
		case !math.IsNaN(v):
			base[i] = v
		}
	}
	return base
}
