package agent

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/oombot/oombot/investigations"
)

//go:embed prompts/*.tmpl
var promptFiles embed.FS

var prompts = template.Must(template.New("").Funcs(template.FuncMap{
	"join": joinWords, "stamp": stamp, "party": partyWords, "cites": citeWords, "citesOr": citesOr, "fact": factLine,
	"oneLine": oneLine, "fenced": fenced,
}).ParseFS(promptFiles, "prompts/*.tmpl"))

// render fills in a prompt. A prompt that can't be rendered is a fault of this package, which a test finds.
func render(name string, data any) string {
	var b strings.Builder
	if err := prompts.ExecuteTemplate(&b, name+".tmpl", data); err != nil {
		panic(fmt.Sprintf("agent: prompt %s: %v", name, err))
	}
	return strings.TrimSpace(b.String())
}

// fenced puts text from outside between fences that it can't close.
func fenced(text string) string { return "<data>\n" + fence.Replace(text) + "\n</data>" }

// Lengths to which texts from outside are cut, in bytes.
const (
	mostSays   = 600
	mostTitle  = 300
	mostReason = 300
)

// factLine is a fact as models read it: "F3 kernlog 2026-03-04T02:17:09Z: …".
func factLine(f investigations.Fact) string {
	at := ""
	if !f.At.IsZero() {
		at = " " + stamp(f.At)
	}
	return f.ID + " " + f.Tool + at + ": " + outside(f.Says, mostSays)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func oneLine(s string) string { return outside(strings.Join(strings.Fields(s), " "), 4000) }

func joinWords(list any, sep string) string {
	var words []string
	switch l := list.(type) {
	case []string:
		words = l
	case []investigations.Cause:
		words = wordsOf(l)
	case []investigations.Trigger:
		words = wordsOf(l)
	case []investigations.Action:
		words = wordsOf(l)
	}
	for i := range words {
		words[i] = outside(words[i], mostReason)
	}
	return strings.Join(words, sep)
}

func wordsOf[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func partyWords(p *investigations.Party) string {
	var out []string
	if p.Pod != "" {
		out = append(out, investigations.Target{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container}.String())
	}
	if p.Node != "" {
		out = append(out, "node "+p.Node)
	}
	if p.Comm != "" {
		out = append(out, fmt.Sprintf("process %s (pid %d)", outside(p.Comm, 64), p.PID))
	}
	return strings.Join(out, ", ")
}

// citeWords prints ids as citations.
func citeWords(ids []string) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = "[" + id + "]"
	}
	return strings.Join(out, " ")
}

func citesOr(ids []string, otherwise string) string {
	if len(ids) == 0 {
		return otherwise
	}
	return strings.Join(ids, " ")
}

func itoa(n int) string { return strconv.Itoa(n) }

// factNumber is the number in the id of a fact; 0 where there is none.
func factNumber(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "F"))
	if err != nil {
		return 0
	}
	return n
}

// systemData fills in system.tmpl.
type systemData struct {
	Causes     []investigations.Cause
	Triggers   []investigations.Trigger
	Actions    []investigations.Action
	Confidence float64
	Calls      int
	Functions  bool
	JSON       bool
}

// caseData fills in case.tmpl.
type caseData struct {
	Result     *investigations.Result
	Cluster    string
	Alert      *investigations.Alert
	Verdict    investigations.Verdict
	Wordy      bool
	Hypotheses []investigations.Hypothesis
	Facts      []investigations.Fact
	LeftOut    string
	Precedents []investigations.Precedent
	BlindSpots []investigations.BlindSpot
}

// verdictShape shows a model that calls no functions what a verdict looks like.
const verdictShape = `{"cause": "leak", "trigger": "deploy", "change_revision": 12, "culprit": {"namespace": "", "pod": "", "container": ""}, ` +
	`"confidence": 0.9, "headline": "", "explanation": "… [F3] … [F5]", "recommendations": [{"action": "rollback", "revision": 11, "container": "", "why": ["F3"]}]}`

// submitVerdict is the function that ends the work: its schema names what this case allows.
func submitVerdict(causes []investigations.Cause, triggers []investigations.Trigger, actions []investigations.Action) investigations.Function {
	object := func(properties map[string]any, required ...string) map[string]any {
		o := map[string]any{"type": "object", "properties": properties}
		if len(required) > 0 {
			o["required"] = required
		}
		return o
	}
	text, count := map[string]any{"type": "string"}, map[string]any{"type": "integer"}
	schema, err := json.Marshal(object(map[string]any{
		"cause":           map[string]any{"type": "string", "enum": causes},
		"trigger":         map[string]any{"type": "string", "enum": triggers},
		"change_revision": map[string]any{"type": "integer", "description": "with deploy or config_change"},
		"culprit":         object(map[string]any{"namespace": text, "pod": text, "container": text}),
		"confidence":      map[string]any{"type": "number", "minimum": 0, "maximum": 1},
		"headline":        map[string]any{"type": "string", "maxLength": 160},
		"explanation":     text,
		"recommendations": map[string]any{"type": "array", "items": object(map[string]any{
			"action": map[string]any{"type": "string", "enum": actions}, "revision": count, "value": text, "container": text,
			"why": map[string]any{"type": "array", "items": text},
		}, "action", "why")},
	}, "cause", "trigger", "confidence", "headline", "explanation", "recommendations"))
	if err != nil {
		panic("agent: " + err.Error()) // strings and numbers can be marshalled
	}
	return investigations.Function{Name: SubmitVerdict, Summary: "Ends the work with the verdict.", Schema: schema}
}
