package card

import (
	"fmt"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations/report"
)

// Note is a verdict as plain text, for the incident in PagerDuty: what happened, what to do, and where more stands. It is
// empty where there is no verdict.
func Note(v bot.View) string {
	if v.Result == nil {
		return ""
	}
	const maxLine, most = 500, 2000
	r := v.Result.Normalized()
	lines := []string{
		"oombot: " + clean(headline(&r)),
		fmt.Sprintf("Cause: %s, confidence %.2f; boundary: %s; trigger: %s.", clean(report.CauseWords(r.Verdict.Cause)), r.Verdict.Confidence,
			clean(report.BoundaryWords(r.Verdict.Boundary)), clean(report.TriggerWords(r.Verdict.Trigger))),
	}
	for i, rec := range r.Verdict.Recommendations {
		if i == mostAdvice {
			break
		}
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, clean(report.ActionWords(rec))))
		if _, ok := block(rec.Command); ok && size(rec.Command) <= maxLine {
			lines = append(lines, "   "+rec.Command)
		}
	}
	for i, l := range lines {
		lines[i] = cut(l, maxLine)
	}
	text := cut(strings.Join(lines, "\n"), most)
	if address(v.Incident.CardLink) != "" {
		text += "\nMore: " + v.Incident.CardLink
	}
	return text
}
