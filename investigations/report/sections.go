package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// recommendations writes what to do; each command has a line of its own that is never wrapped.
func (p *page) recommendations(r *inv.Result) {
	if len(r.Verdict.Recommendations) == 0 {
		return
	}
	p.heading("WHAT TO DO", "")
	for i, rec := range r.Verdict.Recommendations {
		lead := padLeft(strconv.Itoa(i+1), 3) + ". "
		p.para(span{lead, bold}, ActionWords(rec)+cited(rec.Why), bold)
		indent := span{strings.Repeat(" ", len(lead)), plain}
		if rec.Note != "" {
			p.para(indent, rec.Note, plain)
		}
		switch {
		case rec.Command == "":
		case clean(rec.Command) != rec.Command:
			// Changed in any way it would be another command.
			p.para(indent, "(the command holds characters that can't be shown and is left out)", dim)
		default:
			p.line(indent, span{rec.Command, green})
		}
	}
}

// cited returns ids as a citation behind a sentence.
func cited(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return " [" + strings.Join(ids, "] [") + "]"
}

// nextKill says when it will happen again.
func (p *page) nextKill(r *inv.Result) {
	if text := NextKillWords(r); text != "" {
		p.heading("NEXT KILL", "if nothing changes")
		p.para(span{"  ", plain}, text+cited(r.Verdict.NextKill.Why), plain)
	}
}

// NextKillWords says when it will happen again if nothing changes; "" where there is no forecast.
func NextKillWords(r *inv.Result) string {
	n := r.Verdict.NextKill
	if n == nil {
		return ""
	}
	day := func(t time.Time) string {
		if sameDay(t, r.At) {
			return t.UTC().Format("15:04")
		}
		return t.UTC().Format("2006-01-02 15:04")
	}
	var parts []string
	if !n.At.IsZero() {
		say := "about " + day(n.At) + " UTC"
		if after := n.At.Sub(r.At); after > 0 {
			say += ", " + inv.FormatDuration(after) + " after this one"
		}
		parts = append(parts, say)
	}
	switch {
	case !n.Earliest.IsZero() && !n.Latest.IsZero():
		latest := day(n.Latest)
		if sameDay(n.Earliest, n.Latest) {
			latest = n.Latest.UTC().Format("15:04")
		}
		parts = append(parts, "between "+day(n.Earliest)+" and "+latest)
	case !n.Earliest.IsZero():
		parts = append(parts, "not before "+day(n.Earliest))
	case !n.Latest.IsZero():
		parts = append(parts, "by "+day(n.Latest)+" at the latest")
	}
	return strings.Join(parts, "; ")
}

// facts writes the facts that the text cites, in the order of their numbers.
func (p *page) facts(r *inv.Result) {
	ids := CitedIDs(r)
	var shown []inv.Fact
	idWidth, timeWidth := 0, 0
	for _, f := range r.Facts {
		if !slices.Contains(ids, f.ID) {
			continue
		}
		shown = append(shown, f)
		idWidth = max(idWidth, width(shortID(f.ID)))
		if !f.At.IsZero() {
			timeWidth = max(timeWidth, len(Clock(f.At, r.At)))
		}
	}
	if len(shown) == 0 {
		return
	}
	aside := ""
	if rest := len(r.Facts) - len(shown); rest > 0 {
		aside = fmt.Sprintf("%d of %d; -o json has all", len(shown), len(r.Facts))
	}
	p.heading("EVIDENCE", aside)
	first := map[string]string{} // by source, the first fact that named it
	for _, f := range shown {
		if id := first[f.Source]; id != "" && len(f.Source) > longSource {
			f.Source = "as " + id
		} else if id == "" {
			first[f.Source] = shortID(f.ID)
		}
		at := ""
		if !f.At.IsZero() {
			at = Clock(f.At, r.At)
		}
		p.fact(f, idWidth, padLeft(at, timeWidth))
	}
}

// longSource is the length in bytes from which on a source is written out once only: queries are long, paths are not.
const longSource = 80

// fact writes one fact: id, time, sentence, and its source in the same line where it fits.
func (p *page) fact(f inv.Fact, idWidth int, at string) {
	lead := []span{{"  ", plain}, {pad(shortID(f.ID), idWidth), cyan}, {"  ", plain}}
	if at != "" {
		lead = append(lead, span{at, dim}, span{"  ", plain})
	}
	used := 0
	for _, s := range lead {
		used += width(s.text)
	}
	indent := span{strings.Repeat(" ", used), plain}
	source := clean(f.Source)
	lines := wrap(clean(f.Says), p.width-used)
	for i, l := range lines {
		spans := append(slices.Clone(lead), span{l, plain})
		lead = []span{indent}
		if i == len(lines)-1 && used+width(l)+2+width(source) <= p.width {
			spans = append(spans, span{"  " + source, dim})
			source = ""
		}
		p.line(spans...)
	}
	for _, l := range wrapWhole(source, p.width-used) {
		p.line(append(slices.Clone(lead), span{l, dim})...)
		lead = []span{indent}
	}
	if len(lines) == 0 && source == "" {
		p.line(lead...)
	}
}

// shortID fits a fact's id into its column, whoever made it up.
func shortID(id string) string { return cut(clean(id), len("F1234567")) }

var factID = regexp.MustCompile(`F\d+`)

// CitedIDs returns the ids of the facts that the verdict rests on, and of those that are cited beside it.
func CitedIDs(r *inv.Result) []string {
	v := &r.Verdict
	ids := factID.FindAllString(strings.Join(citation.FindAllString(v.Explanation, -1), " "), -1)
	for _, rec := range v.Recommendations {
		ids = append(ids, rec.Why...)
	}
	if v.NextKill != nil {
		ids = append(ids, v.NextKill.Why...)
	}
	for _, h := range r.Hypotheses {
		if h.Cause == v.Cause {
			ids = append(ids, h.For...)
		}
	}
	for _, h := range otherCauses(r) {
		ids = append(append(ids, h.For...), h.Against...)
	}
	return ids
}
