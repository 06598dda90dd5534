package redact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestHintsFindAllWords compares the automaton with a plain search, in texts of few letters, where words overlap.
func TestHintsFindAllWords(t *testing.T) {
	texts := []string{"ab", "abc", "bca", "c", "aab", "cab", "abcab", "b-a"}
	var words []word
	for i, w := range texts {
		words = append(words, word{w, hint{kind: hintToken, token: i}})
	}
	h := newHints(words)
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		s := make([]byte, random.IntN(30))
		for i := range s {
			s[i] = "abcABC-xyz"[random.IntN(10)]
		}
		var got, want []string
		h.scan(string(s), func(end int, what hint) bool {
			got = append(got, fmt.Sprint(end, texts[what.token]))
			return true
		})
		low := strings.ToLower(string(s))
		for end := range len(s) + 1 {
			for _, w := range texts {
				if strings.HasSuffix(low[:end], w) {
					want = append(want, fmt.Sprint(end, w))
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("in %q: got %v, want %v", s, got, want)
		}
		if h.any(string(s)) != (len(want) > 0) {
			t.Fatalf("in %q: any is %v", s, h.any(string(s)))
		}
	}
	calls := 0
	h.scan("abc abc", func(int, hint) bool { calls++; return false })
	if calls != 1 {
		t.Errorf("%d calls after the end", calls)
	}
}

func TestMaskJoinsWhatMeets(t *testing.T) {
	for _, tt := range []struct {
		s     string
		spans []span
		want  string
	}{
		{"abcdef", nil, "abcdef"},
		{"abcdef", []span{{2, 2}, {4, 3}}, "abcdef"},
		{"abcdef", []span{{4, 5}, {1, 2}}, "a[redacted]cd[redacted]f"},
		{"abcdef", []span{{1, 3}, {3, 4}, {2, 3}}, "a[redacted]ef"},
		{"a[redacted]b", []span{{3, 5}}, "a[redacted]b"},
		{"a[redacted]b", []span{{3, 12}}, "a[redacted]"},
		{"[redacted][redacted]", []span{{9, 11}}, "[redacted]"},
		{"[redacted][redacted]", []span{{0, 10}}, "[redacted][redacted]"},
	} {
		if got := mask(tt.s, tt.spans); got != tt.want {
			t.Errorf("%s %v: got %s, want %s", tt.s, tt.spans, got, tt.want)
		}
	}
}
