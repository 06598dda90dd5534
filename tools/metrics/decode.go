package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/prometheus/common/model"
)

const (
	// maxSamples bounds what one query may keep, allSamples what all of them may, and minSamples is what the last
	// ones may have all the same: they bound the tool's memory to some 60 MB. maxSeries bounds a query's series.
	maxSamples, minSamples = 600_000, 50_000
	allSamples             = 3_000_000
	maxSeries              = 10_000
	// maxLabels bounds the labels of one series, and maxLabel one of their values: Kubernetes' own names end
	// at 253 bytes.
	maxLabels = 64
	maxLabel  = 1024
	// maxWarnings bounds the warnings that are kept.
	maxWarnings = 5
)

// response is what one file of metrics/ holds: the body of /api/v1/query_range of Prometheus.
type response struct {
	status, errorType, errorText string
	resultType                   string
	warnings                     []string
	// partial is VictoriaMetrics' word for an answer with holes.
	partial bool
	series  []rawSeries
	// seen counts series of any kind, and unlabelled those that lack a label, by its name.
	seen       int
	unlabelled map[model.LabelName]int
	histograms int
	// malformed counts samples that are no pair of time and number.
	malformed int
	// outside counts samples outside the window, and first and last bound all samples.
	outside     int
	first, last int64
	// limit is how many samples may be kept, kept how many are, and thinned says that others were left out.
	limit, kept int
	thinned     bool
	overSeries  int
	// unlimited are the containers for which the query says that there is no limit.
	unlimited map[identity]bool
	hasData   bool
}

// rawSeries is a series as it stands in the answer, but without samples that are unusable.
type rawSeries struct {
	id      identity
	labels  map[string]string
	t       []int64
	v       []float64
	dropped int
}

// decoder reads one response.
type decoder struct {
	*scanner
	spec   querySpec
	window window
	res    *response
	// t and v collect the series that is being read.
	t       []int64
	v       []float64
	dropped int
	strings map[string]string
}

// decode reads a response as far as it can be read: what it returns beside an error is usable. It keeps
// series that have the labels the query is read for, and samples within the window, at most limit of them.
func decode(ctx context.Context, r io.Reader, spec querySpec, w window, limit int) (*response, error) {
	d := &decoder{
		scanner: newScanner(ctx, r), spec: spec, window: w, strings: map[string]string{},
		res: &response{
			unlabelled: map[model.LabelName]int{}, unlimited: map[identity]bool{},
			first: math.MaxInt64, last: math.MinInt64, limit: limit,
		},
	}
	if err := d.document(); err != nil {
		return d.res, err
	}
	return d.res, d.finish()
}

func (d *decoder) document() error {
	if err := d.skipMark(); err != nil {
		return err
	}
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		if err := d.skip(); err != nil {
			return err
		}
		return fmt.Errorf("%w: it is no object", errShape)
	}
	return d.object(func(key string) (err error) {
		switch key {
		case "status":
			d.res.status, err = d.textOr("")
		case "errorType":
			d.res.errorType, err = d.textOr("")
		case "error":
			d.res.errorText, err = d.textOr("")
		case "warnings":
			err = d.list(d.warning)
		case "isPartial":
			var tok []byte
			if tok, err = d.scalar(); err == nil {
				d.res.partial = string(tok) == "true"
			}
		case "data":
			err = d.data()
		default:
			err = d.skip()
		}
		return err
	})
}

// list reads an array; a value of another type is used up.
func (d *decoder) list(element func() error) error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return d.skip()
	}
	return d.array(element)
}

// scalar returns a token; it is empty for an array or object, which is used up.
func (d *decoder) scalar() ([]byte, error) {
	c, err := d.peek()
	if err != nil {
		return nil, err
	}
	if c == '{' || c == '[' {
		return nil, d.skip()
	}
	return d.token()
}

func (d *decoder) warning() error {
	w, err := d.textOr("")
	if err == nil && w != "" && len(d.res.warnings) < maxWarnings {
		d.res.warnings = append(d.res.warnings, w)
	}
	return err
}

func (d *decoder) data() error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		return d.skip()
	}
	return d.object(func(key string) (err error) {
		switch key {
		case "resultType":
			d.res.resultType, err = d.textOr("")
			return err
		case "result":
			c, err := d.peek()
			if err != nil {
				return err
			}
			if c == '[' {
				d.res.hasData = true
			}
			return d.list(d.series)
		}
		return d.skip()
	})
}

// series reads one element of the result.
func (d *decoder) series() error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '{' { // a scalar's time and value
		d.res.malformed++
		return d.skip()
	}
	var labels map[string]string
	d.t, d.v, d.dropped = d.t[:0], d.v[:0], 0
	err = d.object(func(key string) (err error) {
		switch key {
		case "metric":
			labels, err = d.labels()
		case "values":
			err = d.list(d.sample)
		case "value":
			err = d.sample()
		case "histogram", "histograms":
			d.res.histograms++
			err = d.skip()
		default:
			err = d.skip()
		}
		return err
	})
	d.res.seen++
	d.keep(labels) // also what stands before a cut
	return err
}

func (d *decoder) labels() (map[string]string, error) {
	c, err := d.peek()
	if err != nil {
		return nil, err
	}
	if c != '{' {
		return nil, d.skip()
	}
	labels := map[string]string{}
	err = d.object(func(key string) error {
		value, err := d.textOr("")
		if err == nil && len(labels) < maxLabels && len(key) <= maxLabel && len(value) <= maxLabel {
			labels[d.intern(key)] = d.intern(value)
		}
		return err
	})
	return labels, err
}

// intern keeps one copy of each string: series share most of their labels.
func (d *decoder) intern(s string) string {
	if have, ok := d.strings[s]; ok {
		return have
	}
	if len(d.strings) < 4*maxSeries {
		d.strings[s] = s
	}
	return s
}

// sample reads [seconds, "value"].
func (d *decoder) sample() error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if ms, v, ok := d.plain(); ok {
		d.add(ms, v)
		return nil
	}
	if c != '[' {
		d.res.malformed++
		return d.skip()
	}
	var ms int64
	var v float64
	var good [2]bool
	n := 0
	err = d.array(func() error {
		tok, err := d.scalar()
		if err != nil {
			return err
		}
		switch n {
		case 0:
			ms, good[0] = millis(tok)
		case 1:
			v, good[1] = value(tok)
		}
		n++
		return nil
	})
	if err != nil {
		return err
	}
	if n != 2 || !good[0] || !good[1] {
		d.res.malformed++
		d.dropped++
		return nil
	}
	d.add(ms, v)
	return nil
}

// plain reads a sample that stands as Prometheus writes it, [1774462666.5,"12582912"], whole in the buffer. It
// uses up nothing of one that doesn't.
func (d *decoder) plain() (ms int64, v float64, ok bool) {
	b := d.buf[d.pos:d.end]
	comma := bytes.IndexByte(b[:min(len(b), 32)], ',')
	if comma < 2 || b[0] != '[' || b[1] == '0' {
		return 0, 0, false
	}
	open := comma + 1
	if open < len(b) && b[open] == ' ' {
		open++
	}
	if open >= len(b) || b[open] != '"' {
		return 0, 0, false
	}
	n := bytes.IndexByte(b[open+1:min(len(b), open+64)], '"')
	end := open + 1 + n
	if n < 0 || end+1 >= len(b) || b[end+1] != ']' {
		return 0, 0, false
	}
	if ms, ok = plainMillis(b[1:comma]); !ok {
		return 0, 0, false
	}
	if v, ok = value(b[open : end+1]); !ok {
		return 0, 0, false
	}
	d.pos += end + 2
	return ms, v, true
}

// value reads a sample's value: a string as strconv.ParseFloat takes it (decimal, exponent, hexadecimal, NaN,
// Inf), or a bare number, as some stores that speak Prometheus' language answer.
func value(tok []byte) (float64, bool) {
	if len(tok) >= 2 && tok[0] == '"' {
		tok = tok[1 : len(tok)-1]
	}
	v, err := strconv.ParseFloat(string(tok), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return v, true
}

// add takes a sample that is usable and within the window.
func (d *decoder) add(ms int64, v float64) {
	d.res.first, d.res.last = min(d.res.first, ms), max(d.res.last, ms)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0) || v < 0:
		d.dropped++ // nothing that these queries measure can be negative
	case !d.window.holds(ms):
		d.res.outside++
	default:
		d.t, d.v = append(d.t, ms), append(d.v, v)
		if d.res.kept+len(d.t) > d.res.limit {
			d.thin()
		}
	}
}
