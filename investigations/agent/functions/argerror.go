package functions

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/oombot/oombot/internal/suggest"
	"github.com/oombot/oombot/investigations"
)

// ArgumentError says what is wrong with a call, and what would be right. Its text is for the model: what it wrote itself is
// quoted in it, cut and free of citations.
type ArgumentError struct {
	// Function is the one that was called, and Argument the one at fault; empty where it is no single one.
	Function, Argument string
	Says               string
}

// Error implements error.
func (e *ArgumentError) Error() string { return e.Says }

// maxSays is how long what is said of arguments may be, and mostNamed how many allowed values are named.
const (
	maxSays   = 600
	mostNamed = 10
)

func argumentError(f *function, argument, format string, a ...any) *ArgumentError {
	return &ArgumentError{Function: f.name, Argument: investigations.CleanText(argument, 60), Says: plain(fmt.Sprintf(format, a...), maxSays)}
}

func unknownFunction(name string, functions []function) error {
	var known []string
	for _, f := range functions {
		known = append(known, f.name)
	}
	return &ArgumentError{Function: investigations.CleanText(name, 60), Says: plain(fmt.Sprintf("there is no function %s%s; there are: %s",
		quote(name, 60), perhaps(name, known), strings.Join(known, ", ")), maxSays)}
}

// explain turns the faults that the schema finds into sentences.
func (f *function) explain(v *jsonschema.ValidationError, given args) *ArgumentError {
	var said []string
	argument := ""
	for _, fault := range faults(v) {
		if len(said) == 3 {
			break
		}
		if more, ok := fault.ErrorKind.(*kind.AdditionalProperties); ok {
			unknown := slices.Sorted(slices.Values(more.Properties))
			argument = cmp.Or(argument, unknown[0])
			said = append(said, fmt.Sprintf("there is no argument %s%s; %s takes: %s", quote(unknown[0], 60),
				perhaps(unknown[0], f.propertyNames()), f.name, strings.Join(f.propertyNames(), ", ")))
			continue
		}
		if len(fault.InstanceLocation) == 0 {
			continue
		}
		name := fault.InstanceLocation[0]
		p := f.property(name)
		if p == nil {
			continue
		}
		argument = cmp.Or(argument, name)
		hint := ""
		if text, ok := given[name].(string); ok && len(p.Enum) > 0 {
			hint = perhaps(text, p.Enum)
		}
		said = append(said, fmt.Sprintf("%s is %s, and has to be %s%s", name, shown(given[name]), p.describe(), hint))
	}
	if len(said) == 0 {
		said = append(said, "the arguments don't hold the schema: write them as "+f.example())
	}
	return argumentError(f, argument, "%s", strings.Join(said, "; "))
}

// faults returns the innermost ones, in the order of where they stand.
func faults(v *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(v.Causes) == 0 {
		return []*jsonschema.ValidationError{v}
	}
	var out []*jsonschema.ValidationError
	for _, c := range v.Causes {
		out = append(out, faults(c)...)
	}
	slices.SortStableFunc(out, func(a, b *jsonschema.ValidationError) int {
		return slices.Compare(a.InstanceLocation, b.InstanceLocation)
	})
	return out
}

func (f *function) propertyNames() []string {
	var out []string
	for _, p := range f.properties {
		out = append(out, p.name)
	}
	return out
}

// describe says what a property may be.
func (p *property) describe() string {
	switch {
	case len(p.Enum) > 0:
		return "one of " + strings.Join(p.Enum, ", ")
	case p.Format == "date-time":
		return "a time as 2026-03-04T02:17:09Z"
	case p.Type == "integer" && p.Minimum != nil && p.Maximum != nil:
		return fmt.Sprintf("a whole number from %g to %g", *p.Minimum, *p.Maximum)
	case p.Type == "integer":
		return "a whole number from 0"
	case p.Type == "boolean":
		return "true or false"
	}
	return fmt.Sprintf("a text of at most %d characters", p.MaxLength)
}

// example shows arguments that hold the schema, of the first property.
func (f *function) example() string {
	p := f.properties[0]
	value := `"…"`
	if len(p.Enum) > 0 {
		value = `"` + p.Enum[0] + `"`
	}
	return `{"` + p.name + `": ` + value + `}, or {}`
}

// shown is a value as the model wrote it.
func shown(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return quote(v, 60)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "no JSON"
	}
	return investigations.CleanText(string(text), 60)
}

// perhaps asks whether the nearest of the known words was meant.
func perhaps(word string, known []string) string {
	if n := nearest(word, known); n != "" {
		return " (did you mean " + n + "?)"
	}
	return ""
}

// nearest returns the known word that word is a slip of: one that holds it or is held by it, or else that with the fewest
// letters changed, at most two or a third of them. It is "" where none comes near.
func nearest(word string, known []string) string {
	word = strings.ToLower(word)
	if len(word) < 2 || len(word) > 253 {
		return ""
	}
	for _, k := range known {
		if low := strings.ToLower(k); strings.Contains(low, word) || len(low) > 3 && strings.Contains(word, low) {
			return k
		}
	}
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known[:min(len(known), 500)] {
		if max(len(word)-len(k), len(k)-len(word)) >= least {
			continue
		}
		if d := suggest.Distance(word, strings.ToLower(k)); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}
