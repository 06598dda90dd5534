package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/oombot/oombot/investigations"
)

// The fields of a truth, as truth.yaml and the grades name them.
const (
	FieldMechanism      = "mechanism"
	FieldBoundary       = "boundary"
	FieldCause          = "cause"
	FieldTrigger        = "trigger"
	FieldChangeRevision = "change_revision"
	FieldVictim         = "victim"
	FieldCulprit        = "culprit"
	FieldActions        = "actions"
	FieldActionsAny     = "actions_any"
	FieldNotActions     = "not_actions"
	FieldLimitBetween   = "limit_between"
	FieldMentions       = "mentions"
	FieldBlindSpots     = "blind_spots"
	FieldMaxConfidence  = "max_confidence"
)

// Fields are all fields of a truth, in the order of the file.
var Fields = []string{
	FieldMechanism, FieldBoundary, FieldCause, FieldTrigger, FieldChangeRevision, FieldVictim, FieldCulprit,
	FieldActions, FieldActionsAny, FieldNotActions, FieldLimitBetween, FieldMentions, FieldBlindSpots,
	FieldMaxConfidence,
}

// nothing stands for a value that the result doesn't have.
const nothing = "none"

// Grade is how one field of a result compares with the truth. Want and Got are for people.
type Grade struct {
	Field string `json:"field"`
	Right bool   `json:"right"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// GradeResult compares a result with the truth and returns a grade for each field that the truth has, in the
// order of Fields. A set_limit that the truth gives bounds for has to be there, and every one that is
// recommended has to keep within them.
func GradeResult(t *Truth, r *investigations.Result) []Grade {
	v := r.Verdict
	var g grades
	g.oneOf(FieldMechanism, strs(t.Mechanism), string(v.Mechanism))
	g.oneOf(FieldBoundary, strs(t.Boundary), string(v.Boundary))
	g.oneOf(FieldCause, strs(t.Cause), string(v.Cause))
	g.oneOf(FieldTrigger, strs(t.Trigger), string(v.Trigger))
	g.revision(t.ChangeRevision, v.Change)
	g.party(FieldVictim, t.Victim, v.Victim)
	g.party(FieldCulprit, t.Culprit, v.Culprit)
	g.actions(t, v.Recommendations)
	g.limit(t, v.Recommendations)
	g.mentions(t.Mentions, r)
	g.blindSpots(t.BlindSpots, r.BlindSpots)
	if t.MaxConfidence != nil {
		const rounding = 1e-9
		g.add(FieldMaxConfidence, v.Confidence <= *t.MaxConfidence+rounding,
			"at most "+number(*t.MaxConfidence), number(v.Confidence))
	}
	return g
}

// Misled returns the facts that speak for the hypothesis which the verdict follows, or for the one that scored
// highest where the verdict's cause is no hypothesis. In a wrong verdict they are what misled it.
func Misled(r *investigations.Result) []investigations.Fact {
	var winner *investigations.Hypothesis
	for i, h := range r.Hypotheses {
		if h.Cause == r.Verdict.Cause {
			winner = &r.Hypotheses[i]
			break
		}
		if winner == nil || h.Score > winner.Score {
			winner = &r.Hypotheses[i]
		}
	}
	var out []investigations.Fact
	if winner == nil {
		return out
	}
	for _, f := range r.Facts {
		if slices.Contains(winner.For, f.ID) {
			out = append(out, f)
		}
	}
	return out
}

type grades []Grade

func (g *grades) add(field string, right bool, want, got string) {
	*g = append(*g, Grade{Field: field, Right: right, Want: want, Got: got})
}

func (g *grades) oneOf(field string, want []string, got string) {
	if len(want) > 0 {
		g.add(field, slices.Contains(want, got), strings.Join(want, " or "), got)
	}
}

func (g *grades) revision(want OneOf[int64], got *investigations.Change) {
	var revisions []string
	for _, w := range want {
		revisions = append(revisions, strconv.FormatInt(w, 10))
	}
	is := nothing
	if got != nil {
		is = strconv.FormatInt(got.Revision, 10)
	}
	g.oneOf(FieldChangeRevision, revisions, is)
}

func (g *grades) party(field string, want OneOf[Party], got *Party) {
	if len(want) == 0 {
		return
	}
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = describe(w)
	}
	if got == nil {
		g.add(field, false, strings.Join(names, " or "), nothing)
		return
	}
	right := slices.ContainsFunc(want, func(w Party) bool { return covers(w, *got) })
	g.add(field, right, strings.Join(names, " or "), describe(*got))
}

// covers says that got is what want names, as far as want names it.
func covers(want, got Party) bool {
	return (want.Namespace == "" || want.Namespace == got.Namespace) &&
		(want.Pod == "" || want.Pod == got.Pod) &&
		(want.Container == "" || want.Container == got.Container) &&
		(want.Node == "" || want.Node == got.Node) &&
		(want.PID == 0 || want.PID == got.PID) &&
		(want.Comm == "" || want.Comm == got.Comm)
}

func describe(p Party) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	add("namespace", p.Namespace)
	add("pod", p.Pod)
	add("container", p.Container)
	add("node", p.Node)
	if p.PID != 0 {
		add("pid", strconv.FormatInt(p.PID, 10))
	}
	add("comm", p.Comm)
	if len(parts) == 0 {
		return nothing
	}
	return strings.Join(parts, ", ")
}

func (g *grades) actions(t *Truth, recommended []investigations.Recommendation) {
	var got []string
	for _, r := range recommended {
		if !slices.Contains(got, string(r.Action)) {
			got = append(got, string(r.Action))
		}
	}
	has := func(a string) bool { return slices.Contains(got, a) }
	if want := strs(t.Actions); len(want) > 0 {
		all := !slices.ContainsFunc(want, func(a string) bool { return !has(a) })
		g.add(FieldActions, all, strings.Join(want, " and "), list(got))
	}
	if want := strs(t.ActionsAny); len(want) > 0 {
		g.add(FieldActionsAny, slices.ContainsFunc(want, has), strings.Join(want, " or "), list(got))
	}
	if banned := strs(t.NotActions); len(banned) > 0 {
		g.add(FieldNotActions, !slices.ContainsFunc(banned, has), "neither "+strings.Join(banned, " nor "), list(got))
	}
}

func (g *grades) limit(t *Truth, recommended []investigations.Recommendation) {
	if t.LimitBetween == nil {
		return
	}
	low, high, err := t.limits()
	right := err == nil
	var got []string
	for _, r := range recommended {
		if r.Action != investigations.ActionSetLimit {
			continue
		}
		got = append(got, r.Value)
		q, err := resource.ParseQuantity(r.Value)
		right = right && err == nil && q.Cmp(low) >= 0 && q.Cmp(high) <= 0
	}
	g.add(FieldLimitBetween, right && len(got) > 0, strings.Join(t.LimitBetween, " to "), list(got))
}

func (g *grades) mentions(wanted OneOf[literal], r *investigations.Result) {
	want := strs(wanted)
	if len(want) == 0 {
		return
	}
	said := texts(r.Verdict, r.Facts)
	var missing []string
	for _, w := range want {
		if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, w) }) {
			missing = append(missing, w)
		}
	}
	got := "all of them"
	if len(missing) > 0 {
		got = "without " + quoted(missing)
	}
	g.add(FieldMentions, len(missing) == 0, quoted(want), got)
}

func (g *grades) blindSpots(want OneOf[string], declared []investigations.BlindSpot) {
	if len(want) == 0 {
		return
	}
	var got []string
	for _, b := range declared {
		if !slices.Contains(got, b.Tool) {
			got = append(got, b.Tool)
		}
	}
	right := !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(got, w) })
	g.add(FieldBlindSpots, right, strings.Join(want, " and "), list(got))
}

// texts returns every string that documents hold, numbers included, as a reader of the JSON sees them.
func texts(documents ...any) []string {
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, v.String())
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	for _, d := range documents {
		data, err := json.Marshal(d)
		if err != nil {
			continue // a NaN can't be printed either, so nothing in it is said
		}
		var tree any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if decoder.Decode(&tree) == nil {
			walk(tree)
		}
	}
	return out
}

func strs[T ~string](in OneOf[T]) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strconv.Quote(w)
	}
	return strings.Join(out, " and ")
}

func list(words []string) string {
	if len(words) == 0 {
		return nothing
	}
	return strings.Join(words, ", ")
}

func number(f float64) string { return fmt.Sprintf("%.4g", f) }
