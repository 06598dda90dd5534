package chart

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
)

// points is how many values a line has at most: more than a phone has room for.
const points = 300

// maxName bounds a name from outside in characters.
const maxName = 52

// Memory draws the memory that ran out against its limit, with kills, rollouts and traffic. alt says the same in
// sentences. ok is false where there are no samples to draw. Neither r nor ev is changed; either may be nil.
func Memory(r *inv.Result, ev *inv.Evidence) (png []byte, alt string, ok bool, err error) {
	d, ok := report.Draw(r, ev, points)
	if !ok {
		return nil, "", false, nil
	}
	d.Title, d.SecondName = firstUpper(name(d.Title)), name(d.SecondName)
	var b bytes.Buffer
	if err := render(&b, &d); err != nil {
		return nil, "", false, fmt.Errorf("draw the memory of result %s: %w", r.ID, err)
	}
	return b.Bytes(), inWords(&d), true, nil
}

// name makes a name from outside fit for a picture. The middle of what is too long is left out: pods differ at the end.
func name(s string) string {
	runes := []rune(inv.CleanText(redact.Text(s), 4<<10))
	if len(runes) <= maxName {
		return string(runes)
	}
	const end = 16
	return string(runes[:maxName-end-1]) + "…" + string(runes[len(runes)-end:])
}

// inWords says what the picture shows.
func inWords(d *report.Drawing) string {
	var b strings.Builder
	title := d.Title
	if d.Recorded != "" {
		title += " (" + d.Recorded + ")"
	}
	fmt.Fprintf(&b, "%s from %s to %s UTC", title, d.From.Format("2006-01-02 15:04"), d.To.Format("2006-01-02 15:04"))
	first, last := ends(d.Memory)
	fmt.Fprintf(&b, ": from %s to %s, at most %s", inv.FormatBytes(first), inv.FormatBytes(last), inv.FormatBytes(report.Peak(d.Memory)))
	if _, l := ends(d.Limit); d.Limit != nil {
		fmt.Fprintf(&b, ", under a limit of %s", inv.FormatBytes(l))
	}
	b.WriteString(".")
	if d.FromKernel {
		b.WriteString(" The last value is the kernel's count at the kill.")
	}
	if d.Second != nil {
		fmt.Fprintf(&b, " Beside it %s, at most %s.", d.SecondName, inv.FormatBytes(report.Peak(d.Second)))
	}
	if n := len(d.Kills); n > 0 {
		var at []string
		for _, t := range d.Kills[max(0, n-mostSpoken):] {
			at = append(at, t.Format("15:04"))
		}
		fmt.Fprintf(&b, " %s %s at %s%s.", firstUpper(d.Ended), times(n), andEarlier(n), strings.Join(at, ", "))
	}
	if n := len(d.Rollouts); n > 0 {
		var at []string
		for _, o := range d.Rollouts[max(0, n-mostSpoken):] {
			at = append(at, revision(o)+" at "+o.At.Format("15:04"))
		}
		fmt.Fprintf(&b, " Rolled out: %s%s.", andEarlier(n), strings.Join(at, ", "))
	}
	if d.Traffic != nil {
		first, last := ends(d.Traffic)
		fmt.Fprintf(&b, " Traffic: from %s to %s requests per second, at most %s.", number(first), number(last), number(report.Peak(d.Traffic)))
	}
	return b.String()
}

// mostSpoken is how many marks are told one by one.
const mostSpoken = 4

func andEarlier(n int) string {
	if n > mostSpoken {
		return "(earlier ones left out) "
	}
	return ""
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func firstUpper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func revision(o report.Rollout) string {
	if o.Revision == 0 {
		return "a revision"
	}
	return fmt.Sprintf("revision %d", o.Revision)
}

// ends are the first and the last value of a line; NaN where it has none.
func ends(values []float64) (first, last float64) {
	first, last = math.NaN(), math.NaN()
	for _, v := range values {
		if !math.IsNaN(v) {
			if math.IsNaN(first) {
				first = v
			}
			last = v
		}
	}
	return first, last
}

// number prints a rate with three digits.
func number(v float64) string { return fmt.Sprintf("%.3g", v) }
