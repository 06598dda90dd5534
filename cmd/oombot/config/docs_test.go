package config

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocumentedKeys compares the table for people with the keys, their defaults and what overrides them.
func TestDocumentedKeys(t *testing.T) {
	text, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|([^|]*)\\|([^|]*)\\|([^|]*)\\| \\S").FindAllStringSubmatch(string(text), -1) {
		var cells []string
		for _, cell := range m[1:] {
			cells = append(cells, strings.Trim(cell, "` "))
		}
		got = append(got, strings.Join(cells, " | "))
	}
	var want []string
	for _, key := range Keys() {
		o := Override{Key: key}
		for _, other := range Overrides() {
			if other.Key == key {
				o = other
			}
		}
		if o.Flag != "" {
			o.Flag = "--" + o.Flag
		}
		want = append(want, strings.Join([]string{key, defaultOf(t, key), o.Env, o.Flag}, " | "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/configuration.md differs from the keys of Config:\n%s", diff)
	}
}

// defaultOf writes the default of a key as a person would.
func defaultOf(t *testing.T, key string) string {
	t.Helper()
	c := Default()
	c.Slack.Channels = map[string]Channel{"*": {}}
	v := reflect.ValueOf(c).Elem()
	for part := range strings.SplitSeq(key, ".") {
		if v.Kind() == reflect.Map {
			v = v.MapIndex(reflect.ValueOf(part))
			continue
		}
		v = func() reflect.Value {
			for i := range v.NumField() {
				if v.Type().Field(i).Tag.Get("json") == part {
					return v.Field(i)
				}
			}
			t.Fatalf("no key %s", key)
			return reflect.Value{}
		}()
	}
	switch v.Kind() {
	case reflect.Slice:
		return "[]"
	case reflect.Map:
		return "{}"
	}
	if v.Type() == reflect.TypeFor[Duration]() && v.IsZero() {
		return "0"
	}
	data, err := json.Marshal(v.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(data), `"`)
}

// TestOverridesAreKeys fails for a line of the table that overrides nothing.
func TestOverridesAreKeys(t *testing.T) {
	known := map[string]bool{}
	for _, k := range Keys() {
		known[k] = true
	}
	for _, o := range Overrides() {
		if !known[o.Key] || o.Env == "" && o.Flag == "" {
			t.Errorf("%+v overrides no key, or has neither a variable nor a flag", o)
		}
	}
}

// TestExampleFile reads the file that people begin with, with its comments taken off too.
func TestExampleFile(t *testing.T) {
	text, err := os.ReadFile("../../../docs/oombot.yaml")
	if err != nil {
		t.Fatal(err)
	}
	token := write(t, "token", "x")
	commented := regexp.MustCompile(`(?m)^( *)# ([a-z_]+:|  traffic:)`).ReplaceAllString(string(text), "$1$2")
	commented = regexp.MustCompile(`/etc/oombot/secrets/[a-z-]+`).ReplaceAllString(commented, token)
	if strings.Count(commented, token) < 3 {
		t.Fatalf("the comments hold no keys: %s", commented)
	}
	for _, s := range []string{string(text), commented} {
		c, err := Parse([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		if c.Cluster == "" || !c.Prometheus.Configured() || len(c.Slack.Channels) == 0 {
			t.Errorf("it says little: %s", fmt.Sprint(c))
		}
	}
}

// TestDocumentedExamples reads the pieces of configuration that documents show: their keys are there, and their values
// are none that is refused.
func TestDocumentedExamples(t *testing.T) {
	token := write(t, "token", "x")
	read := 0
	for _, name := range []string{"slack.md", "alerts.md", "serve.md"} {
		text, err := os.ReadFile("../../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			example := m[1]
			if regexp.MustCompile(`(?m)^ *(route|receivers|groups):`).MatchString(example) {
				continue // another program's
			}
			read++
			if _, err := Parse([]byte(regexp.MustCompile(`/etc/oombot/secrets/[a-z-]+`).ReplaceAllString(example, token))); err != nil {
				t.Errorf("docs/%s shows what can't be read: %v\n%s", name, err, example)
			}
		}
	}
	if read < 6 {
		t.Errorf("found only %d pieces of configuration: the search is wrong", read)
	}
}
