package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/live"
)

func TestWantedWords(t *testing.T) {
	tests := map[string]live.Words{
		"checkout":                 {Name: "checkout"},
		"deployment/checkout":      {Kind: "deployment", Name: "checkout"},
		"deploy/checkout":          {Kind: "deployment", Name: "checkout"},
		"pod/checkout-1":           {Kind: "pod", Name: "checkout-1"},
		"shop/checkout":            {Namespace: "shop", Name: "checkout"},
		"shop/checkout/app":        {Namespace: "shop", Name: "checkout", Container: "app"},
		"shop/sts/db":              {Namespace: "shop", Kind: "statefulset", Name: "db"},
		"shop/pods/db-0":           {Namespace: "shop", Kind: "pod", Name: "db-0"},
		"shop/pod/db-0/pg":         {Namespace: "shop", Kind: "pod", Name: "db-0", Container: "pg"},
		"node/n1":                  {Node: "n1"},
		"shop/deployment/checkout": {Namespace: "shop", Kind: "deployment", Name: "checkout"},
	}
	for words, want := range tests {
		got, err := wantedOf(bot.Ask{Words: words, Namespaces: []string{"a*"}})
		if err != nil {
			t.Errorf("%s: %v", words, err)
			continue
		}
		if diff := cmp.Diff([]wanted{{want, namespaces{"a*"}}}, got, cmp.AllowUnexported(wanted{})); diff != "" {
			t.Errorf("%s: %s", words, diff)
		}
		if got[0].String() != strings.NewReplacer("deploy/", "deployment/", "pods", "pod", "sts", "statefulset").Replace(words) {
			t.Errorf("%s is written as %s", words, got[0])
		}
	}
	for _, words := range []string{"/", "shop/", "a/b/c/d/e", "..", "node/a/b", "shop/../x", "a\nb", strings.Repeat("x", 5000)} {
		_, err := wantedOf(bot.Ask{Words: words})
		if !errors.Is(err, bot.ErrNoTarget) || len(err.Error()) > maxMessage+10 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q: %v", words, err)
		}
	}
}

func TestWantedTargets(t *testing.T) {
	ask := bot.Ask{Targets: []investigations.Target{
		{Namespace: "shop", Pod: "checkout-1", Container: "app", Workload: "Deployment/checkout", Node: "n1"},
		{Namespace: "shop", Pod: "../etc"},
		{Namespace: "shop", Workload: "checkout"},
		{Namespace: "shop", Workload: "rollout/checkout"},
		{Node: "n2"},
	}}
	got, err := wantedOf(ask)
	if err != nil {
		t.Fatal(err)
	}
	want := []live.Words{
		{Namespace: "shop", Kind: "pod", Name: "checkout-1", Container: "app"},
		{Namespace: "shop", Kind: "deployment", Name: "checkout"},
		{Namespace: "shop", Name: "checkout"},
		{Namespace: "shop", Name: "checkout"},
		{Node: "n2"},
	}
	var words []live.Words
	for _, w := range got {
		words = append(words, w.Words)
	}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Error(diff)
	}
	if _, err := wantedOf(bot.Ask{Targets: []investigations.Target{{Namespace: "shop"}}}); !errors.Is(err, bot.ErrNoTarget) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestNamespaces(t *testing.T) {
	for _, tt := range []struct {
		among     namespaces
		namespace string
		want      bool
		names     int
	}{
		{nil, "shop", true, 0},
		{namespaces{"shop"}, "shop", true, 1},
		{namespaces{"shop"}, "shopping", false, 1},
		{namespaces{"shop", "pay-*"}, "pay-eu", true, 0},
		{namespaces{"[", "pay-*"}, "shop", false, 0},
	} {
		if got := tt.among.allow(tt.namespace); got != tt.want || len(tt.among.names()) != tt.names {
			t.Errorf("%v allows %s: %t, and names %v", tt.among, tt.namespace, got, tt.among.names())
		}
	}
}
