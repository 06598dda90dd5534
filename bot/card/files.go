package card

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
)

// maxFile bounds a file in bytes.
const maxFile = 1 << 20

// Files are the files of a verdict: verdict.txt, as `oombot investigate` prints it and with all that the card had no
// room for, and verdict.json, the result as a document. ev adds the chart and the processes; it may be nil. Where the
// whole does not fit into 1 MiB, the text says what was left out. Key, Channel and Thread are the caller's to set.
func Files(v bot.View, ev *inv.Evidence) ([]bot.File, error) {
	if v.Result == nil {
		return nil, fmt.Errorf("write the files of incident %s: there is no result", v.Incident.ID)
	}
	r, err := masked(v.Result)
	if err != nil {
		return nil, err
	}
	doc, kept, err := document(r)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := report.Text(&text, r, ev, report.TextOptions{Width: 100}); err != nil {
		return nil, err
	}
	body := text.String() + factsText(r) + incidentText(v.Incident)
	if kept < len(r.Facts) {
		body = fmt.Sprintf("verdict.json holds %d of %d facts: the others had no room.\n\n", kept, len(r.Facts)) + body
	}
	return []bot.File{
		{Name: "verdict.txt", Title: "Verdict and evidence", Data: []byte(bounded(body))},
		{Name: "verdict.json", Title: "The same as JSON", Data: doc},
	}, nil
}

// document is the result as JSON, with as many facts as fit, those first that are cited; kept is how many.
func document(r *inv.Result) (doc []byte, kept int, err error) {
	short := *r
	for n := len(r.Facts); ; n /= 2 {
		short.Facts = mostCited(r, n)
		if n == 0 {
			short.Precedents, short.BlindSpots, short.Hypotheses = nil, nil, nil
		}
		var b bytes.Buffer
		if err := report.JSON(&b, &short); err != nil {
			return nil, 0, err
		}
		if b.Len() <= maxFile {
			return b.Bytes(), n, nil
		}
		if n == 0 {
			return nil, 0, fmt.Errorf("write verdict.json of result %s: the verdict alone takes %d bytes", r.ID, b.Len())
		}
	}
}

// mostCited returns n facts in their order, those that the verdict cites before others.
func mostCited(r *inv.Result, n int) []inv.Fact {
	if n == len(r.Facts) {
		return r.Facts
	}
	ids := map[string]bool{}
	for _, id := range report.CitedIDs(r) {
		ids[id] = true
	}
	facts := slices.Clone(r.Facts)
	slices.SortStableFunc(facts, func(a, b inv.Fact) int {
		switch {
		case ids[a.ID] == ids[b.ID]:
			return 0
		case ids[a.ID]:
			return -1
		}
		return 1
	})
	return facts[:n]
}

// factsText lists all facts: the report shows those only that are cited.
func factsText(r *inv.Result) string {
	var b strings.Builder
	b.WriteString("\nALL FACTS\n")
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "  %s  %s  [%s: %s]\n", clean(f.ID), clean(f.Says), clean(f.Tool), clean(f.Source))
	}
	return b.String()
}

// incidentText lists the alerts and workloads of an incident, all that are known.
func incidentText(i bot.Incident) string {
	var b strings.Builder
	if len(i.Alerts) > 0 {
		fmt.Fprintf(&b, "\nALERTS  %d of %d\n", len(i.Alerts), max(i.AlertCount, len(i.Alerts)))
		for _, a := range i.Alerts {
			at := ""
			if !a.At.IsZero() {
				at = a.At.UTC().Format(time.RFC3339) + "  "
			}
			fmt.Fprintf(&b, "  %s%s  %s\n", at, clean(orElse(a.Title, a.ID)), clean(a.URL))
		}
	}
	if len(i.Pods)+len(i.Folded) > 0 {
		b.WriteString("\nWORKLOADS\n")
	}
	if len(i.Pods) > 0 {
		fmt.Fprintf(&b, "  %s  pods (%d): %s\n", clean(i.Target.String()), max(i.PodCount, len(i.Pods)), clean(strings.Join(i.Pods, ", ")))
	}
	for _, f := range i.Folded {
		fmt.Fprintf(&b, "  %s/%s  pods (%d): %s  %s\n", clean(f.Namespace), clean(f.Workload), max(f.PodCount, len(f.Pods)), clean(strings.Join(f.Pods, ", ")), clean(f.Why))
	}
	return b.String()
}

// bounded cuts a text to a file's size at a line, and says so.
func bounded(text string) string {
	const note = "\n(cut here: the file had no room for more)\n"
	if len(text) <= maxFile {
		return text
	}
	text = text[:maxFile-len(note)]
	if i := strings.LastIndexByte(text, '\n'); i > 0 {
		text = text[:i]
	}
	return strings.ToValidUTF8(text, "") + note
}

// masked is a copy of a result without secrets in any of its texts: lines are wrapped and cut later, where a secret in
// pieces would not be known for one.
func masked(r *inv.Result) (*inv.Result, error) {
	var doc any
	raw, err := json.Marshal(r.Normalized())
	if err != nil {
		return nil, fmt.Errorf("mask result %s: %w", r.ID, err)
	}
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	if err := numbers.Decode(&doc); err != nil {
		return nil, fmt.Errorf("mask result %s: %w", r.ID, err)
	}
	if raw, err = json.Marshal(maskedValue(doc)); err != nil {
		return nil, fmt.Errorf("mask result %s: %w", r.ID, err)
	}
	var out inv.Result
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("mask result %s: %w", r.ID, err)
	}
	return &out, nil
}

func maskedValue(v any) any {
	switch v := v.(type) {
	case string:
		return redact.Text(v)
	case []any:
		for i := range v {
			v[i] = maskedValue(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = maskedValue(v[name])
		}
	}
	return v
}
