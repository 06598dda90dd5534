package grounding

import "testing"

func TestNegation(t *testing.T) {
	// Whether the leak that each sentence names is denied.
	for text, want := range map[string]bool{
		"It is a leak.":                                  false,
		"It is not a leak.":                              true,
		"There is no leak.":                              true,
		"A leak is ruled out.":                           true,
		"A leak can be excluded.":                        true,
		"A leak can't be ruled out.":                     false,
		"It is load rather than a leak.":                 true,
		"It is load, not a leak.":                        true,
		"It is not load but a leak.":                     false,
		"It is not load, it is a leak.":                  false,
		"It isn't a burst, just a leak.":                 false,
		"Neither a burst nor a leak explains it.":        true,
		"No burst, no leak.":                             true,
		"Nothing points to a leak.":                      true,
		"The node was not full, whereas the app leaks.":  false,
		"There is no doubt that it is a leak.":           false,
		"It is not only a leak.":                         false,
		"A leak is less likely.":                         true,
		"A higher limit cures no leak.":                  true,
		"The pod was not evicted and the program leaks.": false,
	} {
		denied, found := false, false
		for _, c := range clauses(text) {
			for _, h := range causeWords.find(c.words) {
				if h.label == "leak" {
					found, denied = true, c.negates(h)
				}
			}
		}
		if !found || denied != want {
			t.Errorf("%q: found %t, denied %t, want %t", text, found, denied, want)
		}
	}
}
