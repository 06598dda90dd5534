package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const apiLabels = `{"namespace":"shop","pod":"api-1","container":"api"}`

// matrix writes an answer of the series in results, each an object.
func matrix(results ...string) string {
	return `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Join(results, ",") + `]}}`
}

// series writes a series whose samples are ago seconds before the moment.
func series(labels string, samples ...string) string {
	return `{"metric":` + labels + `,"values":[` + strings.Join(samples, ",") + `]}`
}

// sample writes a sample.
func sample(ago int64, value string) string { return fmt.Sprintf(`[%d,%q]`, testAt.Unix()-ago, value) }

func spec(name string) querySpec {
	for _, s := range specs() {
		if s.name == name {
			return s
		}
	}
	panic("no query " + name)
}

func mustDecode(t *testing.T, doc, query string) *response {
	t.Helper()
	res, err := decode(context.Background(), strings.NewReader(doc), spec(query), windowOf(testRequest()), maxSamples)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestDecodeValues(t *testing.T) {
	at := testAt.Unix()
	tests := []struct {
		name, samples string
		want          []float64
		dropped       int
		malformed     int
	}{
		{"strings", fmt.Sprintf(`[%d,"1"],[%d.5,"2.5"]`, at-60, at-30), []float64{1, 2.5}, 0, 0},
		{"exponents and hexadecimals", fmt.Sprintf(`[%d,"1.5e+08"],[%d,"0x1p20"]`, at-60, at-30), []float64{1.5e8, 1 << 20}, 0, 0},
		{"white space", fmt.Sprintf("[ %d , \"1\" ]\n,\t[%d, \"2\"]", at-60, at-30), []float64{1, 2}, 0, 0},
		{"bare numbers", fmt.Sprintf(`[%d,17]`, at), []float64{17}, 0, 0},
		{"no numbers", fmt.Sprintf(`[%d,"NaN"],[%d,"+Inf"],[%d,"-Inf"],[%d,"1e999"]`, at-90, at-60, at-30, at), nil, 4, 0},
		{"negative", fmt.Sprintf(`[%d,"-1"],[%d,"-0"]`, at-30, at), []float64{math.Copysign(0, -1)}, 1, 0},
		{"words", fmt.Sprintf(`[%d,"many"],[%d,"7"]`, at-30, at), []float64{7}, 1, 1},
		{"wrong shapes", fmt.Sprintf(`[%d],7,null,{},[],["x","1"],[%d,"1",2],[[1],"1"],[%d,{}],[%d,"7"]`, at, at, at, at), []float64{7}, 6, 9},
		{"escapes", fmt.Sprintf(`[%d,"\u0031"],[%d,"7"]`, at-30, at), []float64{7}, 1, 1},
		{"outside the window", fmt.Sprintf(`[0,"1"],[%d,"2"],[%d,"3"]`, at*1000, at), []float64{3}, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := mustDecode(t, matrix(`{"metric":`+apiLabels+`,"values":[`+tt.samples+`]}`), investigations.QueryWorkingSet)
			var got []float64
			dropped := 0
			for _, s := range res.series {
				got, dropped = append(got, s.v...), dropped+s.dropped
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if len(res.series) > 0 && tt.name != "outside the window" && dropped != tt.dropped {
				t.Errorf("dropped %d, want %d", dropped, tt.dropped)
			}
			if res.malformed != tt.malformed {
				t.Errorf("malformed %d, want %d", res.malformed, tt.malformed)
			}
		})
	}
}

func TestDecodeAnyOrderOfMembers(t *testing.T) {
	doc := `{"data":{"result":[{"values":[` + sample(30, "7") + `],"x":{"y":[1]},"metric":` + apiLabels + `}],
		"resultType":"matrix","stats":{}},"warnings":["w1",7,"w2"],"infos":["i"],"isPartial":true,"status":"success"}`
	res := mustDecode(t, doc, investigations.QueryWorkingSet)
	if len(res.series) != 1 || res.series[0].v[0] != 7 || res.series[0].id.pod != "api-1" {
		t.Errorf("series: %+v", res.series)
	}
	if diff := cmp.Diff([]string{"w1", "w2"}, res.warnings); diff != "" || !res.partial || res.resultType != "matrix" {
		t.Errorf("warnings %v, partial %v, type %q", res.warnings, res.partial, res.resultType)
	}
}

func TestDecodeKeepsWhatStandsBeforeABreak(t *testing.T) {
	whole := matrix(series(apiLabels, sample(90, "1"), sample(60, "2")),
		series(`{"namespace":"shop","pod":"api-2","container":"api"}`, sample(60, "3"), sample(30, "4")))
	cut := whole[:strings.LastIndex(whole, `"4"`)]
	res, err := decode(context.Background(), strings.NewReader(cut), spec(investigations.QueryWorkingSet), windowOf(testRequest()), maxSamples)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	if len(res.series) != 2 || len(res.series[0].t) != 2 || len(res.series[1].t) != 1 {
		t.Errorf("series %+v", res.series)
	}
}

// TestDecodeByteByByte proves that nothing depends on where a read ends.
func TestDecodeByteByByte(t *testing.T) {
	doc := "\xef\xbb\xbf" + string(answerOf(3, 40))
	w := windowOf(testRequest())
	at1, err := decode(context.Background(), strings.NewReader(doc), specs()[0], w, 300_000)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := decode(context.Background(), iotest.OneByteReader(strings.NewReader(doc)), specs()[0], w, 300_000)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(specs()[0].clean(at1.series), specs()[0].clean(slow.series)); diff != "" {
		t.Error(diff)
	}
	if len(at1.series) != 3 || len(at1.series[2].t) != 40 {
		t.Errorf("%d series", len(at1.series))
	}
}

func TestDecodeBoundsSamples(t *testing.T) {
	w := windowOf(testRequest())
	res, err := decode(context.Background(), bytes.NewReader(answerOf(60, 2880)), specs()[0], w, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	total, old := 0, 0
	for _, s := range res.series {
		total += len(s.t)
		near := 0
		for i, at := range s.t {
			if at >= w.fine {
				near++
			} else {
				old++
			}
			if i > 0 && s.t[i-1] >= at {
				t.Fatalf("samples out of order")
			}
		}
		if near != 120 {
			t.Errorf("%s has %d samples in the last hour, want all 120", s.id.pod, near)
		}
		// The highest is the last in this answer: a peak is never thinned out.
		if got := s.v[len(s.v)-1]; got != 180_000_000+2879*1000+0.879 {
			t.Errorf("the peak is %f", got)
		}
	}
	if total > 100_000 || old == 0 || !res.thinned || len(res.series) != 60 {
		t.Errorf("%d samples (%d old) in %d series, thinned %v", total, old, len(res.series), res.thinned)
	}
}

func TestDecodeBoundsSeries(t *testing.T) {
	var all []string
	for i := range maxSeries + 20 {
		all = append(all, series(fmt.Sprintf(`{"namespace":"other","pod":"p-%d"}`, i), sample(30, "1")))
	}
	all = append(all, series(`{"namespace":"shop","pod":"api-1"}`, sample(30, "7")))
	res := mustDecode(t, matrix(all...), investigations.QueryNodePods)
	if len(res.series) != maxSeries+1 || res.overSeries != 20 {
		t.Errorf("%d series, %d left out", len(res.series), res.overSeries)
	}
	if last := res.series[len(res.series)-1]; last.id.pod != "api-1" {
		t.Errorf("the target's was left out; the last is %v", last.id)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(matrix(series(apiLabels, sample(60, "1"), sample(30, "NaN"))), 0)
	f.Add(`{"status":"error","errorType":"timeout","error":"query timed out"}`, 1)
	f.Add(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`, 2)
	f.Add(`{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`, 3)
	f.Add(matrix(series(`{"exported_pod":"a","pod":"b","namespace":"n"}`, `[1.5e9,"0x1p4"]`, `[1]`)), 4)
	f.Fuzz(func(t *testing.T, doc string, which int) {
		all := specs()
		q := all[uint(which)%uint(len(all))]
		req := testRequest()
		n := &notes{req: req}
		res, err := decode(context.Background(), strings.NewReader(doc), q, windowOf(req), maxSamples)
		out := q.clean(res.series)
		n.answer(q, res, out, err)
		for _, s := range out {
			if len(s.T) != len(s.V) || len(s.T) == 0 {
				t.Fatalf("%d times, %d values", len(s.T), len(s.V))
			}
			for i, v := range s.V {
				if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) || i > 0 && s.T[i-1] >= s.T[i] {
					t.Fatalf("sample %d: %d %f", i, s.T[i], v)
				}
			}
		}
		facts(req, &investigations.MetricEvidence{
			Queries: map[string]investigations.Query{q.name: {Series: out, Source: q.file()}},
		})
	})
}
