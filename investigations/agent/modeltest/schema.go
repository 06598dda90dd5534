package modeltest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// requestSchema is the shape of a request, after the published description of the API. It leaves out what takes no
// text (images, audio, files, custom tools, web search) and what is deprecated in favour of tools.
//
//go:embed request.schema.json
var requestSchema []byte

// compiled returns the compiled requestSchema.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(requestSchema) })

// compile reads a JSON schema. References to other documents are refused.
func compile(text []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parse the JSON schema: %w", err)
	}
	const name = "schema.json"
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("read the JSON schema: %w", err)
	}
	return c.Compile(name)
}

// noLoader loads nothing: a schema can't make the stand-in read files.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s: another document is referred to", url)
}

// shapeFaults says where doc is no request, the outermost first.
func shapeFaults(doc any) []Error {
	schema, err := compiled()
	if err != nil {
		return []Error{{Status: 500, Message: "compile the schema of requests: " + err.Error(), Type: "server_error"}}
	}
	var failed *jsonschema.ValidationError
	if !errors.As(schema.Validate(doc), &failed) {
		return nil
	}
	leaves := appendLeaves(nil, failed)
	slices.SortStableFunc(leaves, func(a, b *jsonschema.ValidationError) int {
		return compareLocations(a.InstanceLocation, b.InstanceLocation)
	})
	var faults []Error
	for _, leaf := range leaves {
		for _, fault := range describe(leaf) {
			if !slices.Contains(faults, fault) {
				faults = append(faults, fault)
			}
		}
	}
	return faults
}

func appendLeaves(leaves []*jsonschema.ValidationError, e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return append(leaves, e)
	}
	for _, cause := range e.Causes {
		leaves = appendLeaves(leaves, cause)
	}
	return leaves
}

// compareLocations orders places in a document; what contains comes before what is contained.
func compareLocations(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		nx, errX := strconv.Atoi(x)
		ny, errY := strconv.Atoi(y)
		if errX == nil && errY == nil {
			return nx - ny
		}
		return strings.Compare(x, y)
	})
}

// param writes a place as the API does: messages[0].role.
func param(location []string, more ...string) string {
	var b strings.Builder
	for _, part := range slices.Concat(location, more) {
		switch _, err := strconv.Atoi(part); {
		case err == nil:
			b.WriteString("[" + part + "]")
		case b.Len() > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// describe turns one failure into the API's own kind of error.
func describe(e *jsonschema.ValidationError) []Error {
	at := param(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		var faults []Error
		for _, name := range k.Missing {
			p := param(e.InstanceLocation, name)
			faults = append(faults, invalid(p, "missing_required_parameter", "Missing required parameter: '%s'.", p))
		}
		return faults
	case *kind.AdditionalProperties:
		return unknown(e.InstanceLocation, k.Properties)
	case *kind.Type:
		return []Error{invalid(at, "invalid_type", "Invalid type for '%s': expected %s, but got %s instead.", at, article(k.Want...), article(k.Got))}
	case *kind.Enum:
		return []Error{invalid(at, "invalid_value", "Invalid value: %s. Supported values are: %s.", compact(k.Got), list(k.Want))}
	case *kind.Pattern:
		return []Error{invalid(at, "invalid_value", "Invalid '%s': string does not match pattern. Expected a string that matches the pattern '%s'.", at, k.Want)}
	}
	if code, words := describeBound(e.ErrorKind); code != "" {
		return []Error{invalid(at, code, "Invalid '%s': %s", at, words)}
	}
	return []Error{invalid(at, "invalid_value", "Invalid '%s': it does not follow the schema (%s).", at, strings.Join(e.ErrorKind.KeywordPath(), "/"))}
}

// describeBound returns the code and the words for a bound that was passed; empty where it was none.
func describeBound(k jsonschema.ErrorKind) (code, words string) {
	switch k := k.(type) {
	case *kind.MinItems:
		return "empty_array", fmt.Sprintf("empty array. Expected an array with minimum length %d, but got an empty array instead.", k.Want)
	case *kind.MaxItems:
		return "array_above_max_length", fmt.Sprintf("array too long. Expected an array with maximum length %d, but got an array with length %d instead.", k.Want, k.Got)
	case *kind.MinLength:
		return "empty_string", fmt.Sprintf("empty string. Expected a string with minimum length %d, but got an empty string instead.", k.Want)
	case *kind.MaxLength:
		return "string_above_max_length", fmt.Sprintf("string too long. Expected a string with maximum length %d, but got a string with length %d instead.", k.Want, k.Got)
	case *kind.MaxProperties:
		return "object_above_max_properties", fmt.Sprintf("too many properties. Expected an object with at most %d properties, but got an object with %d properties instead.", k.Want, k.Got)
	case *kind.Minimum:
		return typeOf(k.Got) + "_below_min_value", fmt.Sprintf("%s below minimum value. Expected a value >= %s, but got %s instead.", typeOf(k.Got), number(k.Want), number(k.Got))
	case *kind.Maximum:
		return typeOf(k.Got) + "_above_max_value", fmt.Sprintf("%s above maximum value. Expected a value <= %s, but got %s instead.", typeOf(k.Got), number(k.Want), number(k.Got))
	}
	return "", ""
}

// unknown says that names are no fields of what stands at location.
func unknown(location, names []string) []Error {
	names = slices.Sorted(slices.Values(names))
	if len(location) == 0 {
		s := ""
		if len(names) > 1 {
			s = "s"
		}
		return []Error{{Message: "Unrecognized request argument" + s + " supplied: " + strings.Join(names, ", ")}}
	}
	var faults []Error
	for _, name := range names {
		p := param(location, name)
		faults = append(faults, invalid(p, "unknown_parameter", "Unknown parameter: '%s'.", p))
	}
	return faults
}

// article names types as in "a string or null".
func article(types ...string) string {
	var out []string
	for _, t := range types {
		switch {
		case t == "null" && len(types) > 1: // it comes last
			continue
		case t == "null":
		case strings.ContainsRune("aeiou", rune(t[0])):
			t = "an " + t
		default:
			t = "a " + t
		}
		out = append(out, t)
	}
	if len(out) < len(types) {
		out = append(out, "null")
	}
	return strings.Join(out, " or ")
}

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if s, ok := v.(string); ok {
		return "'" + s + "'"
	}
	return string(text)
}

func list(values []any) string {
	var out []string
	for _, v := range values {
		out = append(out, compact(v))
	}
	return strings.Join(out, ", ")
}

func typeOf(r *big.Rat) string {
	if r.IsInt() {
		return "integer"
	}
	return "decimal"
}

func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}
