package grounding

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mutate returns lies made of one literal as it is written: another digit, a third more, another unit, another letter.
func mutate(rnd *rand.Rand, lit literal) []string {
	var lies []string
	text := lit.text
	switch lit.kind {
	case Name:
		if letters := []byte(text); len(text) > 5 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-/.") == "" {
			i := rnd.IntN(len(letters))
			for strings.IndexByte("-/.", letters[i]) >= 0 {
				i = rnd.IntN(len(letters))
			}
			letters[i] = "bcdfghjklmnpqrstvwxz2456789"[rnd.IntN(27)]
			lies = append(lies, string(letters))
		}
		return lies
	case Number:
		if n, ok := parseNumeral(text); ok && lit.readings[0].dim != dimCount && !strings.Contains(text, "h ") && n.value() != 0 {
			scaled := strconv.FormatFloat(n.value()*1.3, 'f', -1, 64)
			if _, fraction, ok := strings.Cut(scaled, "."); ok && len(fraction) > 2 {
				scaled = fmt.Sprintf("%.2f", n.value()*1.3)
			}
			digits := text[:len(text)-len(n.rest)]
			if at := strings.IndexByte(text, ' '); at > 0 {
				digits = text[:at]
			}
			lies = append(lies, scaled+strings.TrimPrefix(text, digits))
		}
		for _, swap := range [][2]string{{" MiB", " GiB"}, {" GiB", " MiB"}, {" KiB", " MiB"}, {" min", " h"}} {
			if strings.Contains(text, swap[0]) {
				lies = append(lies, strings.Replace(text, swap[0], swap[1], 1))
			}
		}
	}
	if at := strings.IndexAny(text, "0123456789"); at >= 0 {
		digits := []byte(text)
		i := rnd.IntN(len(digits))
		for !asciiDigit(digits[i]) {
			i = rnd.IntN(len(digits))
		}
		digits[i] = '0' + (digits[i]-'0'+byte(1+rnd.IntN(9)))%10
		lies = append(lies, string(digits))
	}
	return lies
}

// TestLiesAreRefused turns each literal that the rules wrote into others that the facts don't hold.
func TestLiesAreRefused(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	made, slipped := map[Kind]int{}, map[Kind]int{}
	results := honest(t)
	for _, name := range slices.Sorted(maps.Keys(results)) {
		res := results[name]
		for _, cl := range claimsOf(name, res) {
			h := NewLiteralCheck(cl.c).holdings(cl.cited)
			for _, lit := range scanText(cl.s.Text, func(q string) bool { return quoteHeld(h.facts, q) }) {
				at := strings.Index(cl.s.Text, lit.text)
				if at < 0 {
					continue
				}
				for _, lie := range mutate(rnd, lit) {
					if lie == lit.text || barelyOff(lit, lie) {
						continue
					}
					s := Sentence{Text: cl.s.Text[:at] + lie + cl.s.Text[at+len(lit.text):]}
					made[lit.kind]++
					if len(Literals(cl.c, "explanation", s, cl.cited)) == 0 {
						slipped[lit.kind]++
						t.Logf("%s: %s for %s in: %s", name, lie, lit.text, cl.s.Text)
					}
				}
			}
		}
	}
	total, lost := 0, 0
	for kind, n := range made {
		t.Logf("%s: %d of %d slipped", kind, slipped[kind], n)
		total, lost = total+n, lost+slipped[kind]
	}
	t.Logf("%d of %d lies slipped, %.2f %%", lost, total, 100*float64(lost)/float64(total))
	if total < 500 || float64(lost) > 0.03*float64(total) {
		t.Errorf("%d of %d lies slipped", lost, total)
	}
}

// barelyOff says whether a lie is as near to the truth as the way it is put allows: within 5 % behind "about", or by a
// second of a time.
func barelyOff(lit literal, lie string) bool {
	other := scanText(lie, nil)
	if len(other) != 1 || other[0].kind != lit.kind {
		return false
	}
	if lit.kind == Time {
		d := other[0].moment.seconds - lit.moment.seconds
		return d >= -1 && d <= 1 && other[0].moment.day == lit.moment.day
	}
	if lit.kind != Number || lit.bound == exactly || len(other[0].readings) == 0 {
		return false
	}
	a, b := lit.readings[0], other[0].readings[0]
	return a.dim == b.dim && b.value > a.value*0.95 && b.value < a.value*1.05
}
