package pseudonym

import (
	"regexp"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// partOfStandIn is what only a part of a stand-in looks like: a text with one beside a name may read as a stand-in once
// the name is hidden.
var partOfStandIn = regexp.MustCompile(`(?i)\b(rs|job|p)\d+|-[qc]|[\x{2010}\x{2011}]`)

func FuzzHide(f *testing.F) {
	b := New(nil, testSite(), testRequest())
	for _, text := range []string{
		"checkout-7c9d8f6b5x-x2x4p", "Checkout~1", `"checkout\ncheckout"`, "pod" + podUID, containerID[:12] + "…", "basket-0-1 app-1", "app-checkout", "10.244.3.17.",
		"%2fcheckout", "[31mcheckout", "\\u0041checkout", "a-checkout-b", "checkouts", "ns-checkout-1", "node-ip-10-0-3-186",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hidden, revealed := b.Hide(text), b.Reveal(text)
		if strings.Count(hidden, "\n") != strings.Count(text, "\n") {
			t.Errorf("lines of %q", text)
		}
		if revealed != text || partOfStandIn.MatchString(text) {
			return
		}
		if got := b.Reveal(hidden); got != text {
			t.Errorf("%q came back as %q by %q", text, got, hidden)
		}
		if again := b.Hide(hidden); again != hidden {
			t.Errorf("%q became %q", hidden, again)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("shop", "checkout-1", "a checkout-1 of shop")
	f.Add("a\"b", "a\\\"b", "a\"b a\\\"b")
	f.Add("app-1", "node-1.x", "10.0.0.1")
	f.Fuzz(func(t *testing.T, namespace, pod, text string) {
		ev := &investigations.Evidence{Pods: &investigations.PodEvidence{Pods: []investigations.Pod{{Namespace: namespace, Name: pod, Node: text, OwnerName: namespace}}}}
		req := investigations.Request{Alert: &investigations.Alert{Title: text}}
		b := New(nil, ev, req)
		for _, s := range []string{namespace, pod, text, namespace + "/" + pod} {
			if partOfStandIn.MatchString(s) || strings.Contains(s, "~") {
				continue
			}
			if got := b.Reveal(b.Hide(s)); got != s {
				t.Errorf("%q came back as %q by %q of %v", s, got, b.Hide(s), b.entries)
			}
		}
		b.Learn([]investigations.Fact{{Says: text, Source: pod}})
	})
}
