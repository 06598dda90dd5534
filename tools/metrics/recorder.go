package metrics

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// recorderVersion is the version of the flight recorder's file.
	recorderVersion = 1
	// maxRecorders bounds the files of recorder/, maxRecorded the values of them all, maxTop the processes of one.
	maxRecorders = 50
	maxRecorded  = 200_000
	maxTop       = 5_000
)

// recorders reads the flight recorders. That there is none is no blind spot: no node needs to have an agent.
func (t *Tool) recorders(ctx context.Context, w window, n *notes) []investigations.Recorder {
	const wouldTell = "how memory developed in the last seconds, finer than Prometheus samples"
	entries, err := fs.ReadDir(t.fsys, "recorder")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.add(wouldTell, "recorder/ %s", reason(err))
	}
	var out []investigations.Recorder
	read, room := 0, maxRecorded
	for _, e := range entries {
		name := path.Join("recorder", e.Name())
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		if read++; read > maxRecorders {
			n.add(wouldTell, "recorder/ holds more than %d files; the others were not read", maxRecorders)
			break
		}
		if ctx.Err() != nil {
			n.late = append(n.late, name)
			continue
		}
		r, err := t.recorder(ctx, name, w, &room)
		if err != nil {
			n.add(wouldTell, "%.100q %s", name, reason(err))
		}
		if r != nil {
			out = append(out, *r)
		}
	}
	return out
}

// recorder reads one file. What it returns beside an error is usable.
func (t *Tool) recorder(ctx context.Context, name string, w window, room *int) (*investigations.Recorder, error) {
	f, err := t.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := &recorderDecoder{scanner: newScanner(ctx, f), room: room, out: &investigations.Recorder{Source: name}}
	if err = d.skipMark(); err == nil {
		err = d.document()
	}
	if err == nil {
		err = d.finish()
	}
	switch {
	case d.version != recorderVersion && (err == nil || d.version != 0):
		return nil, fmt.Errorf("%w: version %d, where %d is known", errShape, d.version, recorderVersion)
	case d.version == 0 || d.out.From.IsZero() && len(d.out.Series) > 0:
		if err == nil {
			err = fmt.Errorf("%w: it does not say when its series begin", errShape)
		}
		return nil, err
	}
	if d.out.Node == "" {
		d.out.Node = strings.TrimSuffix(path.Base(name), ".json")
	}
	d.place(w)
	return d.out, err
}

type recorderDecoder struct {
	*scanner
	out     *investigations.Recorder
	version int64
	// steps are the milliseconds between the values of each series.
	steps []int64
	// room is how many values may yet be read, in this file and the next ones.
	room *int
}

func (d *recorderDecoder) document() error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		return fmt.Errorf("%w: it is no object", errShape)
	}
	return d.object(func(key string) (err error) {
		switch key {
		case "version":
			var v float64
			if v, _, err = d.number(); err == nil {
				d.version = int64(v)
			}
		case "node":
			d.out.Node, err = d.name()
		case "from":
			d.out.From, err = d.time()
		case "to":
			d.out.To, err = d.time()
		case "lossless_since":
			d.out.LosslessSince, err = d.time()
		case "series":
			err = d.each(d.series)
		case "top":
			err = d.each(d.top)
		default:
			err = d.skip()
		}
		return err
	})
}

// each reads an array of objects; what is none is used up.
func (d *recorderDecoder) each(member func() error) error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return d.skip()
	}
	return d.array(func() error {
		c, err := d.peek()
		if err != nil {
			return err
		}
		if c != '{' {
			return d.skip()
		}
		return member()
	})
}

// number reads a number; it reports false for null and for what is none.
func (d *recorderDecoder) number() (float64, bool, error) {
	c, err := d.peek()
	if err != nil {
		return 0, false, err
	}
	if c == '{' || c == '[' {
		return 0, false, d.skip()
	}
	tok, err := d.token()
	if err != nil {
		return 0, false, err
	}
	v, perr := strconv.ParseFloat(string(tok), 64)
	return v, perr == nil && !math.IsNaN(v) && !math.IsInf(v, 0), nil
}

// name reads a string; what is none, or is longer than any name, is empty.
func (d *recorderDecoder) name() (string, error) {
	s, err := d.textOr("")
	if len(s) > maxLabel {
		s = ""
	}
	return s, err
}

// command reads a command line, and redacts it: whoever wrote the file need not have. As much of it is looked at as can
// matter to what is kept.
func (d *recorderDecoder) command() (string, error) {
	s, err := d.textOr("")
	if err != nil || s == "" || len(d.out.Top) >= maxTop {
		return "", err
	}
	s = strings.ToValidUTF8(s[:min(len(s), 16*investigations.RecorderCommandBytes)], "\uFFFD")
	return investigations.CleanText(redact.Text(s), investigations.RecorderCommandBytes), nil
}

// time reads an RFC 3339 time; null and what is none is the zero time.
func (d *recorderDecoder) time() (time.Time, error) {
	s, err := d.textOr("")
	if err != nil {
		return time.Time{}, err
	}
	at, _ := time.Parse(time.RFC3339Nano, s)
	return at.UTC(), nil
}

func (d *recorderDecoder) series() error {
	var s investigations.RecorderSeries
	step := int64(0)
	err := d.object(func(key string) (err error) {
		switch key {
		case "namespace":
			s.Namespace, err = d.name()
		case "pod":
			s.Pod, err = d.name()
		case "container":
			s.Container, err = d.name()
		case "name":
			s.Name, err = d.name()
		case "unit":
			s.Unit, err = d.name()
		case "pod_uid":
			s.PodUID, err = d.name()
		case "container_id":
			s.ContainerID, err = d.name()
		case "step_ms":
			var v float64
			if v, _, err = d.number(); v > 0 && v <= 1e9 {
				step = int64(v)
			}
		case "values":
			err = d.numbers(&s.Series)
		default:
			err = d.skip()
		}
		return err
	})
	if len(s.Series.T) > 0 && len(d.out.Series) < maxSeries {
		s.Series.Namespace, s.Series.Pod, s.Series.Container = s.Namespace, s.Pod, s.Container
		d.out.Series, d.steps = append(d.out.Series, s), append(d.steps, step)
	}
	return err
}

// numbers reads the values; T is their index until the beginning and the step are known. A null is no value.
func (d *recorderDecoder) numbers(s *investigations.Series) error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return d.skip()
	}
	i := int64(-1)
	return d.array(func() error {
		i++
		v, ok, err := d.number()
		switch {
		case err != nil:
			return err
		case !ok:
			return nil
		case v < 0:
			s.Dropped++
			return nil
		}
		if *d.room--; *d.room < 0 {
			return fmt.Errorf("more than %d values: %w", maxRecorded, investigations.ErrTooLarge)
		}
		s.T, s.V = append(s.T, i), append(s.V, v)
		return nil
	})
}

func (d *recorderDecoder) top() error {
	var p investigations.RecorderTop
	err := d.object(func(key string) (err error) {
		var v float64
		switch key {
		case "at":
			p.At, err = d.time()
		case "namespace":
			p.Namespace, err = d.name()
		case "pod":
			p.Pod, err = d.name()
		case "container":
			p.Container, err = d.name()
		case "pod_uid":
			p.PodUID, err = d.name()
		case "container_id":
			p.ContainerID, err = d.name()
		case "comm":
			p.Comm, err = d.name()
		case "command":
			p.Command, err = d.command()
		case "pid":
			v, _, err = d.number()
			p.PID = whole(v)
		case "rss_bytes":
			v, _, err = d.number()
			p.RSSBytes = whole(v)
		default:
			err = d.skip()
		}
		return err
	})
	if err == nil && len(d.out.Top) < maxTop {
		d.out.Top = append(d.out.Top, p)
	}
	return err
}

// whole returns a number that can't be negative as an integer; 0 for what is none.
func whole(v float64) int64 {
	if v < 0 || v > math.MaxInt64/2 {
		return 0
	}
	return int64(v)
}

// place turns the indices of the values into times, and drops what lies outside the window.
func (d *recorderDecoder) place(w window) {
	kept := d.out.Series[:0]
	from := d.out.From.UnixMilli()
	for i, s := range d.out.Series {
		if d.steps[i] == 0 && len(s.Series.T) > 1 {
			continue // nobody could say when its values are from
		}
		n := 0
		for j, index := range s.Series.T {
			if at := from + index*d.steps[i]; w.holds(at) {
				s.Series.T[n], s.Series.V[n] = at, s.Series.V[j]
				n++
			}
		}
		s.Series.T, s.Series.V = s.Series.T[:n], s.Series.V[:n]
		s.Series.Node = d.out.Node
		if n > 0 {
			kept = append(kept, s)
		}
	}
	d.out.Series = kept
}

func recorderFact(r investigations.Recorder) investigations.Fact {
	f := investigations.Fact{
		Tool: investigations.ToolMetrics, Key: "metrics/recorder/" + r.Node, At: r.To, Source: r.Source,
		Values: map[string]float64{"series": float64(len(r.Series)), "processes": float64(len(r.Top))},
	}
	f.Says = fmt.Sprintf("the flight recorder of node %.200q holds %d series and %d readings of processes", r.Node,
		len(r.Series), len(r.Top))
	if !r.From.IsZero() && !r.To.IsZero() {
		f.Says += fmt.Sprintf(" from %s to %s", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))
	}
	return f
}
