package redacttest

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
)

// sets are what random characters are taken of.
var sets = map[string]string{
	"alnum":  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	"lower":  "abcdefghijklmnopqrstuvwxyz0123456789",
	"upper":  "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
	"word":   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
	"base64": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"hex":    "0123456789abcdef",
	"digit":  "0123456789",
	"hash":   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./",
}

// generator makes random text that is the same each time.
type generator struct{ r *rand.Rand }

func newGenerator(name string) generator {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes all
	return generator{rand.New(rand.NewPCG(h.Sum64(), 20260101))}
}

// fill replaces each {SET NUMBER} of a form, and {uuid}, {jwt}, {pem NUMBER} (lines of base64), {pem1 NUMBER} (the same on
// one line, with \n) and {b64 TEXT} (TEXT in base64).
func (g generator) fill(form string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(form, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		inside, rest, closed := strings.Cut(after, "}")
		if made, known := g.one(inside); closed && known {
			b.WriteString(made)
			form = rest
		} else {
			b.WriteByte('{')
			form = after
		}
	}
}

func (g generator) one(inside string) (string, bool) {
	what, arg, _ := strings.Cut(inside, " ")
	n, err := strconv.Atoi(arg)
	switch {
	case what == "uuid":
		return fmt.Sprintf("%s-%s-4%s-a%s-%s", g.of("hex", 8), g.of("hex", 4), g.of("hex", 3), g.of("hex", 3), g.of("hex", 12)), true
	case what == "jwt":
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"` + g.of("alnum", 8) + `"}`))
		body := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"` + g.of("digit", 10) + `","iss":"` + g.of("lower", 12) + `"}`))
		return head + "." + body + "." + g.of("word", 86), true
	case what == "b64":
		return base64.StdEncoding.EncodeToString([]byte(g.fill(strings.NewReplacer("[", "{", "]", "}").Replace(arg)))), true
	case err != nil:
		return "", false
	case what == "pem", what == "pem1":
		lines := make([]string, n)
		for i := range lines {
			lines[i] = g.of("base64", 64)
		}
		lines[n-1] = g.of("base64", 42) + "=="
		if what == "pem1" {
			return strings.Join(lines, `\n`), true
		}
		return strings.Join(lines, "\n"), true
	case sets[what] != "":
		return g.of(what, n), true
	}
	return "", false
}

// of returns n characters of a set; four and more have a capital, a small letter and a digit among the first where the set
// has them, as issuers' random text practically always has.
func (g generator) of(set string, n int) string {
	from := sets[set]
	out := make([]byte, n)
	for i := range out {
		out[i] = from[g.r.IntN(len(from))]
	}
	if n >= 8 && (set == "alnum" || set == "word" || set == "base64" || set == "hash") {
		out[1], out[3], out[5] = "ABCDEFGH"[g.r.IntN(8)], "abcdefgh"[g.r.IntN(8)], "23456789"[g.r.IntN(8)]
	}
	return string(out)
}
