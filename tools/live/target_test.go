package live

import (
	"errors"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for in, want := range map[string]Words{
		"shop/web":                  {Namespace: "shop", Name: "web"},
		"shop/web/app":              {Namespace: "shop", Name: "web", Container: "app"},
		"shop/pod/web":              {Namespace: "shop", Kind: "pod", Name: "web"},
		"shop/pod/web/app":          {Namespace: "shop", Kind: "pod", Name: "web", Container: "app"},
		"shop/deployment/web":       {Namespace: "shop", Kind: "deployment", Name: "web"},
		"shop/cronjob/web":          {Namespace: "shop", Kind: "cronjob", Name: "web"},
		"shop/deploy/web":           {Namespace: "shop", Name: "deploy", Container: "web"},
		"node/n1.example.com":       {Node: "n1.example.com"},
		"shop/node/n1":              {Namespace: "shop", Name: "node", Container: "n1"},
		"deployment/deployment/job": {Namespace: "deployment", Kind: "deployment", Name: "job"},
		"shop/deployment":           {Namespace: "shop", Name: "deployment"},
	} {
		got, err := ParseTarget(in)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", in, got, err, want)
		}
		if again, err := ParseTarget(got.String()); in != "shop/pod/web/app" && (err != nil || again != got) {
			t.Errorf("%s: its words %q mean %+v, %v", in, got, again, err)
		}
	}
	for _, in := range []string{
		"", "shop", "/", "shop/", "/web", "a//b", "node/", "node/a/b", "a/b/c/d", "a/deployment/c/d", "shop/..", "a/b\x1b[31m", strings.Repeat("a", 300) + "/b",
	} {
		if got, err := ParseTarget(in); !errors.Is(err, ErrTarget) {
			t.Errorf("%q: got %+v, %v", in, got, err)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	f.Add("shop/pod/web")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseTarget(s)
		if err == nil && (w.Node == "") == (w.Namespace == "" || w.Name == "") {
			t.Errorf("%q: %+v", s, w)
		}
	})
}
