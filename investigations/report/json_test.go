package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// shape is what a value of the document may be: a type name, "time", "share" (0 to 1 with two decimals), a list
// of allowed words, an object with its fields, a list of one shape, or a map of one shape.
type (
	object struct{ required, optional map[string]any }
	list   struct{ of any }
	words  []string
	values struct{}
)

var (
	party = object{optional: map[string]any{
		"namespace": "string", "pod": "string", "container": "string", "node": "string", "pid": "integer", "comm": "string",
	}}
	facts    = list{"fact id"}
	document = object{required: map[string]any{
		"version": "integer", "id": "string", "at": "time",
		"target": object{optional: map[string]any{
			"namespace": "string", "pod": "string", "container": "string", "workload": "string", "node": "string",
		}},
		"verdict": verdict,
		"hypotheses": list{object{required: map[string]any{
			"cause": enum(investigations.Causes), "score": "share", "for": facts, "against": facts,
		}}},
		"facts": list{object{
			required: map[string]any{"id": "fact id", "tool": "string", "says": "string", "source": "string"},
			optional: map[string]any{"at": "time", "values": values{}},
		}},
		"blind_spots": list{object{required: map[string]any{"tool": "string", "why": "string", "would_tell": "string"}}},
		"precedents": list{object{required: map[string]any{
			"id": "string", "similarity": "share", "why": list{"string"},
			"outcome": words{"fix_applied", "fix_held", "fix_failed", "recurred_unfixed", "unknown"},
		}}},
		"tools": list{object{required: map[string]any{
			"name": "string", "took_ms": "integer", "facts": "integer", "error": "string",
		}}},
		"llm": object{required: map[string]any{
			"model": "string", "calls": "integer", "prompt_tokens": "integer", "completion_tokens": "integer",
			"cost": "number", "rejected_claims": "integer",
			"ended_by": words{"submitted", "calls", "tokens", "time", "money", "error", "off"},
		}},
	}}
	verdict = object{
		required: map[string]any{
			"mechanism": enum(investigations.Mechanisms), "boundary": enum(investigations.Boundaries),
			"cause": enum(investigations.Causes), "trigger": enum(investigations.Triggers),
			"confidence": "share", "headline": "string", "explanation": "string", "written_by": words{"rules", "llm"},
			"recommendations": list{object{
				required: map[string]any{"action": enum(investigations.Actions), "why": facts},
				optional: map[string]any{
					"workload": "string", "container": "string", "revision": "integer", "value": "string",
					"command": "string", "note": "string",
				},
			}},
		},
		optional: map[string]any{
			"change": object{
				required: map[string]any{"what": list{"string"}},
				optional: map[string]any{"workload": "string", "revision": "integer", "at": "time"},
			},
			"victim": party, "culprit": party,
			"next_kill": object{
				required: map[string]any{"why": facts},
				optional: map[string]any{"at": "time", "earliest": "time", "latest": "time"},
			},
		},
	}
)

func enum[T ~string](all []T) words {
	var w words
	for _, v := range all {
		w = append(w, string(v))
	}
	return w
}

// check returns what is wrong with v, each with its path in the document.
func check(path string, v, shape any) []string {
	wrong := func(format string, a ...any) []string { return []string{path + ": " + fmt.Sprintf(format, a...)} }
	switch s := shape.(type) {
	case object:
		return checkObject(path, v, s)
	case list:
		items, ok := v.([]any)
		if !ok {
			return wrong("%T %v is no list", v, v)
		}
		var out []string
		for i, item := range items {
			out = append(out, check(fmt.Sprintf("%s[%d]", path, i), item, s.of)...)
		}
		return out
	case words:
		if w, ok := v.(string); !ok || !slices.Contains(s, w) {
			return wrong("%v is none of %v", v, s)
		}
	case values:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong("%T is no object of numbers", v)
		}
		for k, n := range m {
			if _, ok := n.(json.Number); !ok {
				return wrong("%s is %T, no number", k, n)
			}
		}
	case string:
		if why := checkScalar(v, s); why != "" {
			return wrong("%s", why)
		}
	}
	return nil
}

func checkObject(path string, v any, s object) []string {
	m, ok := v.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: %T is no object", path, v)}
	}
	var out []string
	for k := range s.required {
		if _, ok := m[k]; !ok {
			out = append(out, path+": "+k+" is missing")
		}
	}
	for k, item := range m {
		shape, ok := s.required[k]
		if !ok {
			shape, ok = s.optional[k]
		}
		if !ok {
			out = append(out, path+": "+k+" is not in the contract")
			continue
		}
		out = append(out, check(path+"."+k, item, shape)...)
	}
	return out
}

func checkScalar(v any, kind string) string {
	text, isText := v.(string)
	number, isNumber := v.(json.Number)
	switch kind {
	case "string":
		if !isText {
			return fmt.Sprintf("%T is no string", v)
		}
	case "fact id":
		var n int
		if _, err := fmt.Sscanf(text, "F%d", &n); !isText || err != nil || text != fmt.Sprintf("F%d", n) {
			return fmt.Sprintf("%v is no fact's id", v)
		}
	case "time":
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || at.IsZero() || !strings.HasSuffix(text, "Z") {
			return fmt.Sprintf("%v is no time in UTC", v)
		}
	case "integer":
		if _, err := number.Int64(); !isNumber || err != nil {
			return fmt.Sprintf("%v is no integer", v)
		}
	case "number", "share":
		f, err := number.Float64()
		if !isNumber || err != nil {
			return fmt.Sprintf("%v is no number", v)
		}
		if kind == "share" && (f < 0 || f > 1 || len(number.String()) > len("0.93")) {
			return fmt.Sprintf("%v is not within 0 and 1 with two decimals", v)
		}
	}
	return ""
}

func encoded(t *testing.T, r *investigations.Result, encode func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatalf("result %s: %v", r.ID, err)
	}
	return b.String()
}

func asJSON(t *testing.T, r *investigations.Result) string {
	t.Helper()
	return encoded(t, r, func(b *bytes.Buffer) error { return JSON(b, r) })
}

func decode(t *testing.T, doc string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(doc))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
	if dec.More() {
		t.Errorf("more than one document:\n%s", doc)
	}
	return v
}

func TestJSONKeepsTheContract(t *testing.T) {
	results := map[string]*investigations.Result{"zero": {At: killedAt}}
	for _, c := range cases() {
		results[c.name] = c.result
	}
	for name, r := range results {
		t.Run(name, func(t *testing.T) {
			doc := asJSON(t, r)
			for _, wrong := range check("$", decode(t, doc), document) {
				t.Error(wrong)
			}
			if strings.Contains(doc, "null") {
				t.Errorf("null in\n%s", doc)
			}
			compact := encoded(t, r, func(b *bytes.Buffer) error { return CompactJSON(b, r) })
			if n := strings.Count(compact, "\n"); n != 1 || !strings.HasSuffix(compact, "}\n") {
				t.Errorf("the compact document has %d line ends", n)
			}
			if d := cmp.Diff(decode(t, doc), decode(t, compact)); d != "" {
				t.Errorf("the compact document differs (-indented +compact):\n%s", d)
			}
		})
	}
}

// TestJSONCheckFindsFaults proves that the walk above can fail.
func TestJSONCheckFindsFaults(t *testing.T) {
	faults := map[string]string{
		`"cause": "leak"`:                     `"cause": "gremlins"`,
		`"confidence": 0.93`:                  `"confidence": 0.93001`,
		`"version": 1`:                        `"version": "1"`,
		`"at": "2026-03-04T02:17:09Z"`:        `"at": "2026-03-04T03:17:09+01:00"`,
		`"trigger"`:                           `"triggered_by"`,
		`"recommendations": [`:                `"recommendations": null, "x": [`,
		`"limit_bytes": 536870912`:            `"limit_bytes": "536870912"`,
		`"written_by": "rules"`:               `"written_by": "me"`,
		`"took_ms": 12,`:                      `"took_ms": 12.5,`,
		`"id": "F1"`:                          `"id": "fact 1"`,
		`"workload": "deployment/checkout",`:  `"workload": ["deployment/checkout"],`,
		`"would_tell": "which functions hold`: `"would": "which functions hold`,
	}
	doc := asJSON(t, leakAfterDeploy().result)
	for right, wrong := range faults {
		if !strings.Contains(doc, right) {
			t.Errorf("%s is not in the document", right)
			continue
		}
		broken := strings.Replace(doc, right, wrong, 1)
		if len(check("$", decode(t, broken), document)) == 0 {
			t.Errorf("the check lets %s pass", wrong)
		}
	}
}

func TestJSONNumbers(t *testing.T) {
	r := &investigations.Result{At: killedAt, Facts: []investigations.Fact{{ID: "F1", Values: map[string]float64{
		"limit_bytes": 536870912, "ram_bytes": 1 << 43, "ratio": 0.1 + 0.2, "bytes_per_second": 12345.678912, "nan": math.NaN(), "inf": math.Inf(-1),
	}}}}
	doc := asJSON(t, r)
	for _, want := range []string{
		`"limit_bytes": 536870912,`, `"ram_bytes": 8796093022208,`, `"ratio": 0.3`, `"bytes_per_second": 12345.679,`,
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %s in\n%s", want, doc)
		}
	}
	for _, never := range []string{"nan", "inf", "NaN", "e+"} {
		if strings.Contains(doc, never) {
			t.Errorf("%s in\n%s", never, doc)
		}
	}
}

func TestJSONText(t *testing.T) {
	const said = "a -> <b> & \x1b[31m \u009b1m \x7f \u202e \u2028 \U000E0041 日本 😀"
	r := &investigations.Result{At: killedAt, Verdict: investigations.Verdict{Headline: said}}
	doc := asJSON(t, r)
	if !strings.Contains(doc, `a -> <b> & \u001b[31m \u009b1m \u007f \u202e \u2028 \udb40\udc41 日本 😀`) {
		t.Errorf("the headline is not escaped as it should in\n%s", doc)
	}
	var back investigations.Result
	if err := json.Unmarshal([]byte(doc), &back); err != nil {
		t.Fatal(err)
	}
	if back.Verdict.Headline != said {
		t.Errorf("the headline comes back as %q, want %q", back.Verdict.Headline, said)
	}
}

func TestJSONComesBackTheSame(t *testing.T) {
	for _, c := range cases() {
		doc := asJSON(t, c.result)
		var back investigations.Result
		if err := json.Unmarshal([]byte(doc), &back); err != nil {
			t.Fatal(err)
		}
		if again := asJSON(t, &back); again != doc {
			t.Errorf("%s: decoded and encoded again it differs:\n%s", c.name, cmp.Diff(doc, again))
		}
	}
}

func TestJSONErrors(t *testing.T) {
	if err := JSON(&bytes.Buffer{}, nil); err == nil {
		t.Error("no error for a nil result")
	}
	if err := JSON(brokenPipe{}, &investigations.Result{}); err == nil {
		t.Error("no error from a writer that fails")
	}
}
