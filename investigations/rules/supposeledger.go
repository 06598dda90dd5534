package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// ledgerCopy is a ledger with what the tools stated of another one. What is supposed is judged on it, so that no fact
// that was said under another supposition stands in for one of this, and settled back afterwards.
type ledgerCopy struct {
	ledger *investigations.Ledger
	// ids are the other ledger's for the facts of this one, in their order.
	ids []string
}

// copyOf copies a ledger without what rules stated in it.
func copyOf(led *investigations.Ledger) *ledgerCopy {
	c := &ledgerCopy{}
	var facts []investigations.Fact
	for _, f := range led.Facts() {
		if strings.HasPrefix(f.Key, "rules/") || strings.HasPrefix(f.Key, "memory/") {
			continue
		}
		facts = append(facts, f)
		c.ids = append(c.ids, f.ID)
	}
	c.ledger = investigations.NewLedger(facts)
	return c
}

// settle adds the facts of c that led does not have, and returns d with led's numbers. A fact of the same key that says
// something else is another one.
func (c *ledgerCopy) settle(d investigations.Diagnosis, led *investigations.Ledger) investigations.Diagnosis {
	said := map[string]string{}
	for _, f := range led.Facts() {
		said[f.Key] = f.Says
	}
	number := map[string]string{}
	for i, f := range c.ledger.Facts() {
		if i < len(c.ids) {
			number[f.ID] = c.ids[i]
			continue
		}
		if says, ok := said[f.Key]; ok && says != f.Says {
			f.Key += " as " + f.Says
		}
		number[f.ID] = led.Add(f)
	}
	return renumbered(d, number)
}

var citedRE = regexp.MustCompile(`\[F\d+\]`)

// renumbered returns d with other ids for the facts that it cites.
func renumbered(d investigations.Diagnosis, number map[string]string) investigations.Diagnosis {
	each := func(ids []string) []string {
		ids = slices.Clone(ids)
		for i, id := range ids {
			ids[i] = number[id]
		}
		return ids
	}
	v := &d.Verdict
	v.Explanation = citedRE.ReplaceAllStringFunc(v.Explanation, func(c string) string { return "[" + number[c[1:len(c)-1]] + "]" })
	v.Recommendations = slices.Clone(v.Recommendations)
	for i := range v.Recommendations {
		v.Recommendations[i].Why = each(v.Recommendations[i].Why)
	}
	if v.NextKill != nil {
		n := *v.NextKill
		n.Why = each(n.Why)
		v.NextKill = &n
	}
	d.Hypotheses = slices.Clone(d.Hypotheses)
	for i := range d.Hypotheses {
		d.Hypotheses[i].For, d.Hypotheses[i].Against = each(d.Hypotheses[i].For), each(d.Hypotheses[i].Against)
	}
	return d
}
