package functions

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/oombot/oombot/investigations"
)

// maxArguments is how long the text of a call's arguments may be, in bytes.
const maxArguments = 16 << 10

// args are arguments that hold the schema. What was null or an empty text is not among them: models that are made to fill
// in every argument write it for "not given".
type args map[string]any

// arguments reads what a model wrote. Its error is an *ArgumentError.
func (f *function) arguments(text string) (args, error) {
	wrong := func(format string, a ...any) error { return argumentError(f, "", format, a...) }
	if len(text) > maxArguments {
		return nil, wrong("the arguments have %d bytes, more than %d", len(text), maxArguments)
	}
	if strings.TrimSpace(text) == "" {
		return args{}, nil
	}
	if !utf8.ValidString(text) {
		return nil, wrong("the arguments are no UTF-8 text")
	}
	d := json.NewDecoder(strings.NewReader(text))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, wrong("the arguments are no JSON object: write them as %s", f.example())
	}
	out := args{}
	for d.More() {
		key, value, err := member(d)
		if err != nil {
			return nil, wrong("the arguments are no valid JSON: write them as %s", f.example())
		}
		if _, twice := out[key]; twice {
			return nil, argumentError(f, key, "the argument %s is given twice", quote(key, 40))
		}
		out[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, wrong("the arguments are no valid JSON: the object does not end")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, wrong("something follows the object of the arguments: send one object")
	}
	for key, value := range out {
		if value == nil || value == "" {
			if f.property(key) != nil {
				delete(out, key)
			}
		}
	}
	if err := f.compiled.Validate(map[string]any(out)); err != nil {
		var v *jsonschema.ValidationError
		if errors.As(err, &v) {
			return nil, f.explain(v, out)
		}
		return nil, wrong("the arguments can't be checked: write them as %s", f.example())
	}
	return out, nil
}

// member reads a key and its value. Numbers are float64, so that one beyond all bounds is a fault here and costs nothing
// later.
func member(d *json.Decoder) (string, any, error) {
	token, err := d.Token()
	if err != nil {
		return "", nil, err
	}
	key, _ := token.(string)
	var value any
	err = d.Decode(&value)
	return key, value, err
}

func (f *function) property(name string) *property {
	for i := range f.properties {
		if f.properties[i].name == name {
			return &f.properties[i]
		}
	}
	return nil
}

func (a args) text(name string) string {
	s, _ := a[name].(string)
	return s
}

func (a args) flag(name string) (value, given bool) {
	value, given = a[name].(bool)
	return value, given
}

func (a args) number(name string, otherwise int64) int64 {
	if v, ok := a[name].(float64); ok {
		return int64(min(v, 1<<53))
	}
	return otherwise
}

// time returns a moment; zero where it is not given.
func (a args) time(name string) time.Time {
	t, err := investigations.ParseTime(a.text(name))
	if err != nil {
		return time.Time{}
	}
	return t
}

// between returns from and to; zero where they are not given.
func (a args) between(function string) (from, to time.Time, err error) {
	from, to = a.time("from"), a.time("to")
	if !from.IsZero() && !to.IsZero() && from.After(to) {
		return from, to, &ArgumentError{Function: function, Argument: "from", Says: "from is after to: swap them"}
	}
	return from, to, nil
}
