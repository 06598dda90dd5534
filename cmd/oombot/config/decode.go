package config

import (
	"encoding"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oombot/oombot/internal/suggest"
)

// decoder puts the nodes of a YAML document into a Config. The library's own decoder stops at the first kind of
// fault, quotes values in its errors, and expands aliases; nodes do none of that.
type decoder struct {
	*faults
}

// value puts n into v, which is addressable. What is null leaves v as it is.
func (d decoder) value(n *yaml.Node, v reflect.Value, key string) {
	d.places[key] = n.Line
	switch {
	case n.Kind == yaml.AliasNode:
		d.at(n.Line, key, "aliases are not allowed: write the value itself")
		return
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return
	case n.Style&yaml.TaggedStyle != 0:
		d.at(n.Line, key, "tags are not allowed: write the value alone")
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if d.is(n, yaml.ScalarNode, key, "a single value") {
			if err := u.UnmarshalText([]byte(n.Value)); err != nil {
				d.at(n.Line, key, "%s", err)
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.fields(n, v, key)
	case reflect.Map:
		d.entries(n, v, key)
	case reflect.Slice:
		d.list(n, v, key)
	case reflect.Pointer: // of a type that reads text
		v.Set(reflect.New(v.Type().Elem()))
		d.pointer(n, v, key)
	default:
		if d.is(n, yaml.ScalarNode, key, "a single value") {
			d.scalar(n, v, key)
		}
	}
}

// pointer puts n into the regular expression that v points to. The library's error would quote it.
func (d decoder) pointer(n *yaml.Node, v reflect.Value, key string) {
	if !d.is(n, yaml.ScalarNode, key, "a single value") {
		return
	}
	if u, ok := v.Interface().(encoding.TextUnmarshaler); !ok || u.UnmarshalText([]byte(n.Value)) != nil {
		v.SetZero()
		d.at(n.Line, key, "it is no regular expression of Go's syntax (https://pkg.go.dev/regexp/syntax)")
	}
}

func (d decoder) scalar(n *yaml.Node, v reflect.Value, key string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Bool:
		var b bool
		if n.Decode(&b) != nil {
			d.at(n.Line, key, "it takes true or false")
			return
		}
		v.SetBool(b)
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil {
			d.at(n.Line, key, "it takes a whole number")
			return
		}
		v.SetInt(int64(i))
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			d.at(n.Line, key, "it takes a number")
			return
		}
		v.SetFloat(f)
	}
}

// is says whether n is of a kind, and takes a fault where it is not.
func (d decoder) is(n *yaml.Node, kind yaml.Kind, key, takes string) bool {
	if n.Kind != kind {
		d.at(n.Line, key, "it takes %s", takes)
		return false
	}
	return true
}

// pairs calls each with the keys of a mapping and their values, each key once.
func (d decoder) pairs(n *yaml.Node, key string, each func(name *yaml.Node, value *yaml.Node)) {
	if !d.is(n, yaml.MappingNode, key, "keys with values") {
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		first := seen[name.Value]
		switch {
		case name.Kind != yaml.ScalarNode:
			d.at(name.Line, key, "a key is a word, and no list, map or alias")
		case name.ShortTag() == "!!merge":
			d.at(name.Line, key, "merge keys (<<) are not allowed: write the keys themselves")
		case first > 0:
			d.at(name.Line, join(key, name.Value), "it is given twice, in line %d first: leave one", first)
		default:
			seen[name.Value] = name.Line
			each(name, n.Content[i+1])
		}
	}
}

func (d decoder) fields(n *yaml.Node, v reflect.Value, key string) {
	d.pairs(n, key, func(name, value *yaml.Node) {
		var known []string
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag.Get("json")
			if tag == name.Value {
				d.value(value, v.Field(i), join(key, tag))
				return
			}
			known = append(known, tag)
		}
		d.at(name.Line, join(key, name.Value), "unknown key; %s", instead(key, name.Value, known))
	})
}

// instead says what to write in place of an unknown key.
func instead(parent, word string, known []string) string {
	if n := suggest.Nearest(word, known); n != "" {
		return "did you mean " + join(parent, n) + "?"
	}
	for _, k := range Keys() {
		if strings.HasSuffix(k, "."+word) {
			return "did you mean " + k + "?"
		}
	}
	if parent == "" {
		return "there are " + strings.Join(known, ", ")
	}
	return parent + " has " + strings.Join(known, ", ")
}

func (d decoder) entries(n *yaml.Node, v reflect.Value, key string) {
	m := reflect.MakeMap(v.Type())
	d.pairs(n, key, func(name, value *yaml.Node) {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(value, elem, join(key, name.Value))
		m.SetMapIndex(reflect.ValueOf(name.Value), elem)
	})
	v.Set(m)
}

func (d decoder) list(n *yaml.Node, v reflect.Value, key string) {
	if !d.is(n, yaml.SequenceNode, key, "a list, as [a, b]") {
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		d.value(c, s.Index(i), key+"["+strconv.Itoa(i)+"]")
	}
	v.Set(s)
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}
