package loki

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	values := map[string][]string{
		"namespace": {"shop"}, "pod": {`api-1"} or {x="`}, "node": {"n.1", "10.0.0.1"}, "container": {"a`b"}, "nothing": {""},
	}
	tests := []struct{ template, want, fault string }{
		{template: `{namespace="$namespace"}`, want: `{namespace="shop"}`},
		{template: "{namespace=`$namespace`} |~ `end$`", want: "{namespace=`shop`} |~ `end$`"},
		{template: `{pod="$pod"}`, want: `{pod="api-1\"} or {x=\""}`},
		{template: `{node="$node"}`, want: `{node="n.1"}`},
		{template: `{node=~"$node"}`, want: `{node=~"(?:n\\.1|10\\.0\\.0\\.1)"}`},
		{template: "{node=~ `$node(:.*)?`}", want: "{node=~ `(?:n\\.1|10\\.0\\.0\\.1)(:.*)?`}"},
		{template: `{a="\"$namespace"}`, want: `{a="\"shop"}`},
		{template: `{namespace=$namespace}`, want: `{namespace=shop}`},
		{template: `{node=$pod}`, fault: "write it within quotation marks"},
		{template: "{node=`$container`}", fault: "backticks"},
		{template: `{a="$nothing"}`, fault: "$nothing is not known here"},
		{template: `{a="$name"}`, fault: "only $container, $namespace, $node, $nothing, $pod"},
		{template: `{a="cost $5"} |= "$"`, want: `{a="cost $5"} |= "$"`},
	}
	for _, tt := range tests {
		got, err := Expand(tt.template, values)
		if got != tt.want || (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%s\n got %s, %v\nwant %s, %s", tt.template, got, err, tt.want, tt.fault)
		}
	}
}

// FuzzExpand: no value gets out of its quotation marks.
func FuzzExpand(f *testing.F) {
	f.Add("api-1")
	f.Add(`"} |= "x`)
	f.Add("\\")
	f.Add("`\n$namespace")
	f.Fuzz(func(t *testing.T, value string) {
		got, err := Expand(`{pod="$pod",node=~"$pod"}`, map[string][]string{"pod": {value}})
		if value == "" {
			if err == nil {
				t.Error("nothing was filled in")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := strings.CutPrefix(got, "{pod=")
		if !ok {
			t.Fatal(got)
		}
		first, err := strconv.QuotedPrefix(rest)
		if err != nil {
			t.Fatal(got)
		}
		second, ok := strings.CutPrefix(rest[len(first):], ",node=~")
		if !ok {
			t.Fatal(got)
		}
		expr, err := strconv.QuotedPrefix(second)
		if err != nil || second[len(expr):] != "}" {
			t.Fatal(got)
		}
		text, err := strconv.Unquote(expr)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := strconv.Unquote(first)
		if err != nil || plain != value && strings.ToValidUTF8(value, "") == value {
			t.Fatalf("%q became %q", value, plain)
		}
		if strings.ToValidUTF8(value, "") == value && !regexp.MustCompile("^(?s:"+text+")$").MatchString(value) {
			t.Errorf("%q does not match %q", text, value)
		}
	})
}
