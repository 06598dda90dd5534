package modeltest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// submit is the function that ends an investigation.
const submit = "submit_verdict"

// Honest submits a verdict that is built from the prompt alone: the cause with the highest score that a line of it
// names, the facts that this line cites and that tell of a kill, each in its own words with its id behind it. It asks for
// nothing first. fields replace what it would submit, their texts being templates as in a transcript.
//
// It calls the function that it must call, else submit_verdict; where neither is offered it answers in text: as JSON
// where that is asked for. What the function's schema requires and the prompt does not tell is the zero value of its type.
func Honest(fields ...map[string]any) Script {
	return Func(func(req Request) Reply {
		values := verdict(req)
		for _, f := range fields {
			filled, err := fill(f, req)
			if err != nil {
				return lost("%v", err)
			}
			if m, ok := filled.(map[string]any); ok {
				maps.Copy(values, m)
			}
		}
		name := req.Must
		if name == "" {
			name = submit
		}
		if tool, ok := req.Tool(name); ok {
			return Reply{Calls: []Call{{Name: name, Arguments: string(encode(shaped(tool.Parameters, values)))}}}
		}
		if strings.HasPrefix(req.Format, "json") {
			return Reply{Text: string(encode(values))}
		}
		text, _ := values["explanation"].(string)
		return Reply{Text: text}
	})
}

// shaped leaves of values what schema names, and adds what it requires.
func shaped(schema json.RawMessage, values map[string]any) map[string]any {
	var s struct {
		Properties map[string]map[string]any `json:"properties"`
		Required   []string                  `json:"required"`
	}
	if json.Unmarshal(schema, &s) != nil || len(s.Properties) == 0 {
		return values
	}
	out := map[string]any{}
	for name := range s.Properties {
		if v, ok := values[name]; ok {
			out[name] = v
		}
	}
	for _, name := range s.Required {
		if _, ok := out[name]; !ok {
			out[name] = zero(s.Properties[name])
		}
	}
	return out
}

// zero returns a value of schema that says nothing.
func zero(schema map[string]any) any {
	if values, ok := schema["enum"].([]any); ok && len(values) > 0 {
		return values[0]
	}
	kind, _ := schema["type"].(string)
	if kinds, ok := schema["type"].([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
		if slices.Contains(kinds, any("null")) {
			return nil
		}
	}
	switch kind {
	case "string":
		return ""
	case "array":
		return []any{}
	case "boolean":
		return false
	case "integer", "number":
		return 0
	case "object":
		return map[string]any{}
	}
	return nil
}

// causes are the causes that a verdict can name.
var causes = []string{
	"leak", "undersized_limit", "load_spike", "runtime_misconfiguration", "sidecar", "noisy_neighbour", "node_overcommit",
	"memory_backed_volume", "kernel_memory", "not_oom", "insufficient_evidence",
}

var (
	causeRE   = regexp.MustCompile(`\b(` + strings.Join(causes, "|") + `)\b`)
	triggerRE = regexp.MustCompile(`(?i)\btrigger\W{1,4}(deploy|config_change|traffic|scheduled_job|none|unknown)\b`)
	// scoreRE is a number from 0 to 1: behind the word, or with a point.
	scoreRE = regexp.MustCompile(`(?i)\b(?:score|confidence)\W{1,4}([01](?:\.\d+)?)\b|(?:^|[^\d.])(0\.\d+|1\.0+)(?:[^\d.]|\.?$|\.\s)`)
	idRE    = regexp.MustCompile(`\bF[1-9]\d*\b`)
	// sentenceRE is a text's first sentence, its stop left out.
	sentenceRE = regexp.MustCompile(`^(.*?)\.?(?:\.\s+\p{Lu}.*)?$`)
)

// verdict reads a verdict from the prompt.
func verdict(req Request) map[string]any {
	cause, score, cited := best(req)
	facts := evidence(req, cited)
	var sentences, why []string
	for _, f := range facts {
		first := sentenceRE.ReplaceAllString(f.Says(), "$1")
		sentences = append(sentences, strings.TrimSuffix(first, ".")+" ["+f.ID+"].")
		why = append(why, f.ID)
	}
	trigger := "unknown"
	if m := triggerRE.FindStringSubmatch(req.Prompt()); m != nil {
		trigger = strings.ToLower(m[1])
	}
	return map[string]any{
		"cause": cause, "trigger": trigger, "confidence": score,
		"headline":        "The cause is " + strings.ReplaceAll(cause, "_", " ") + ".",
		"explanation":     strings.Join(sentences, " "),
		"recommendations": []any{},
		"why":             why,
	}
}

// best returns the cause with the highest score that a line of the prompt names with it, and the facts that the line
// cites for it. Where no line has a score it is the first cause that is named, with 0.5.
func best(req Request) (cause string, score float64, cited []string) {
	cause, score = "insufficient_evidence", -1
	first := ""
	for line := range strings.Lines(req.Prompt()) {
		line = strings.TrimSpace(line)
		m := causeRE.FindStringSubmatch(line)
		if m == nil || factLine.MatchString(line) {
			continue
		}
		if first == "" {
			first = m[1]
		}
		n := scoreRE.FindStringSubmatch(line)
		if n == nil {
			continue
		}
		if s, err := strconv.ParseFloat(n[1]+n[2], 64); err == nil && s > score {
			before, _, _ := strings.Cut(line, "against")
			cause, score, cited = m[1], s, idRE.FindAllString(before, -1)
		}
	}
	if score < 0 && first != "" {
		return first, 0.5, nil
	}
	return cause, max(score, 0), cited
}

// evidence returns up to four facts: the first that tells of a kill, and those cited; where none are, the first three.
func evidence(req Request, cited []string) []Fact {
	var out []Fact
	add := func(f Fact, ok bool) {
		if ok && len(out) < 4 && !slices.ContainsFunc(out, func(o Fact) bool { return o.ID == f.ID }) {
			out = append(out, f)
		}
	}
	f, ok := req.Fact("kernel killed")
	add(f, ok)
	for _, id := range cited {
		f, ok := req.Fact(id)
		add(f, ok)
	}
	if len(out) == 0 {
		for _, f := range req.Facts() {
			add(f, len(out) < 3)
		}
	}
	return out
}
