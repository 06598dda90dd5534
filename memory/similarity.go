package memory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// How much each field counts where the incident has it. The weight of a field with a term of its own is multiplied by
// how rare its value is: that two Java programs were killed says little, that the same function grew says nearly all.
const (
	weightBoundary  = 0.5
	weightCause     = 2
	weightTrigger   = 0.35
	weightShape     = 0.5
	weightRuntime   = 0.35
	weightComm      = 1
	weightImage     = 2
	weightChanged   = 1.5
	weightFunctions = 3.5
	weightCulprit   = 2
	weightWorkload  = 1.5
	weightNode      = 1.5
)

// What stays of the similarity where the two contradict each other in what tells one root from another: memory that
// other functions took, or other culprits, or that another setting set off, is other memory, however much the rest is
// alike.
const (
	otherFunctions = 0.6
	otherCulprit   = 0.7
	otherChange    = 0.75
)

// unknownShare is how much of a field's weight counts against a precedent that does not know the field at all: less
// than one that knows it and differs.
const unknownShare = 0.5

// comparison compares one incident with others.
type comparison struct {
	f      investigations.Features
	rarity map[string]float64
}

func newComparison(f investigations.Features, rarity map[string]float64) *comparison {
	return &comparison{f, rarity}
}

// match is the sum of what two incidents share, of all that could be shared, and the words for it.
type match struct {
	shared, all float64
	// contradiction is what stays where they contradict each other; 1 where they don't.
	contradiction float64
	why           []reason
}

// reason is why two incidents are alike, and how much that counts.
type reason struct {
	weight float64
	words  string
}

// field adds a field: how much it weighs, and how alike the two are in it, 0 to 1; unknown says that the other does
// not know it.
func (m *match) field(weight, alike float64, unknown bool, words string) {
	if unknown {
		m.all += weight * unknownShare
		return
	}
	m.all += weight
	m.shared += weight * alike
	if alike > 0 && words != "" {
		m.why = append(m.why, reason{weight * alike, words})
	}
}

// with compares with a stored incident; false where memory ran out in another way.
func (c *comparison) with(h investigations.Head) (investigations.Recalled, bool) {
	trust, cause := TrustOf(h), EffectiveCause(h)
	p := investigations.Recalled{
		At: h.At, Target: h.Target, Features: h.Features, Cause: cause, Told: h.Features.Cause, Learned: h.Outcome,
		SameWorkload: h.Features.Workload != "" && h.Features.Workload == c.f.Workload && h.Features.Namespace == c.f.Namespace && h.Features.Cluster == c.f.Cluster,
	}
	j := judge(h)
	p.Ups, p.Downs, p.Note = j.ups, j.downs, j.note
	if !c.sameMechanism(h.Features, cause, trust) {
		return p, false
	}
	m := match{contradiction: c.contradiction(h.Features)}
	c.mechanism(&m, h.Features, cause)
	c.software(&m, h.Features)
	c.place(&m, h.Features, p.SameWorkload)
	if m.all <= 0 {
		return p, false
	}
	p.Precedent = investigations.Precedent{ID: h.ID, Similarity: round2(m.contradiction * m.shared / m.all), Outcome: h.Outcome.State, Trust: trust}
	p.Why = c.why(m, p)
	return p, true
}

// sameMechanism is the gate: the same end by the same kind of limit for the same cause. Where the incident's own cause
// is not known, any will do, and similarity has to come from the rest. A refuted verdict stands for nothing, and
// counts only as a warning to one that says the same.
func (c *comparison) sameMechanism(f investigations.Features, cause investigations.Cause, trust investigations.Trust) bool {
	if level(c.f.Boundary) != level(f.Boundary) && level(c.f.Boundary) != "" && level(f.Boundary) != "" {
		return false
	}
	if c.f.Cause == investigations.CauseNotOOM && f.Mechanism != c.f.Mechanism {
		return false
	}
	if open(c.f.Cause) {
		return trust != investigations.TrustRefuted && !open(cause) && cause != investigations.CauseNotOOM
	}
	return cause == c.f.Cause || trust == investigations.TrustCorrected && f.Cause == c.f.Cause
}

// contradiction is what stays of the similarity by what both know of who took the memory.
func (c *comparison) contradiction(f investigations.Features) float64 {
	stays := 1.0
	if q := c.f.Functions; len(q) > 0 && len(f.Functions) > 0 && !slices.Contains(f.Functions, q[0]) && !slices.Contains(q, f.Functions[0]) {
		stays *= otherFunctions
	}
	if c.f.Culprit != f.Culprit && c.f.Culprit != "" && f.Culprit != "" {
		stays *= otherCulprit
	}
	if q, o := telling(c.f.Changed), telling(f.Changed); len(q) > 0 && len(o) > 0 && !slices.ContainsFunc(q, func(v string) bool { return slices.Contains(o, v) }) {
		stays *= otherChange
	}
	return stays
}

// telling are the changed fields that not every rollout changes.
func telling(changed []string) []string {
	return slices.DeleteFunc(slices.Clone(changed), func(v string) bool { return commonFields[v] })
}

// open says that a cause was not found.
func open(c investigations.Cause) bool {
	return c == "" || c == investigations.CauseInsufficientEvidence
}

// level is what kind of limit a boundary is: that of a program, or one that several share.
func level(b investigations.Boundary) string {
	switch b {
	case investigations.BoundaryContainer, investigations.BoundaryPod, investigations.BoundaryHeap:
		return "workload"
	case investigations.BoundaryNode, investigations.BoundaryNUMA, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice:
		return "node"
	case investigations.BoundaryNone:
		return "none"
	case investigations.BoundaryUnknown:
	}
	return ""
}

// mechanism compares how memory ran out.
func (c *comparison) mechanism(m *match, f investigations.Features, cause investigations.Cause) {
	q := c.f
	if q.Boundary != "" && q.Boundary != investigations.BoundaryUnknown {
		alike := equal(q.Boundary, f.Boundary)
		if alike == 0 && level(q.Boundary) == level(f.Boundary) {
			alike = 0.5
		}
		m.field(weightBoundary, alike, f.Boundary == "" || f.Boundary == investigations.BoundaryUnknown, "same boundary ("+word(q.Boundary)+")")
	}
	if !open(q.Cause) {
		m.field(weightCause*c.rare("cause", string(q.Cause)), equal(q.Cause, cause), false, "same cause ("+word(q.Cause)+")")
	}
	if q.Trigger != "" && q.Trigger != investigations.TriggerUnknown {
		m.field(weightTrigger, equal(q.Trigger, f.Trigger), f.Trigger == "" || f.Trigger == investigations.TriggerUnknown, "same trigger ("+word(q.Trigger)+")")
	}
	if q.Shape != "" && q.Shape != investigations.ShapeUnknown {
		m.field(weightShape, equal(q.Shape, f.Shape), f.Shape == "" || f.Shape == investigations.ShapeUnknown, shapeWords[q.Shape])
	}
	c.lists(m, "changed", weightChanged, q.Changed, f.Changed, "same field changed", f.Trigger == investigations.TriggerUnknown)
	c.lists(m, "function", weightFunctions, q.Functions, f.Functions, "same growing function", len(f.Functions) == 0)
	if q.Culprit != "" {
		m.field(weightCulprit*c.rare("culprit", q.Culprit), equal(q.Culprit, f.Culprit), false, "same culprit ("+clean(q.Culprit)+")")
	}
}

var shapeWords = map[investigations.Shape]string{
	investigations.ShapeSteady: "same steady growth", investigations.ShapePlateau: "same level reached",
	investigations.ShapeJump: "same sudden rise", investigations.ShapeTraffic: "memory follows traffic in both",
}

// software compares what ran.
func (c *comparison) software(m *match, f investigations.Features) {
	q := c.f
	if q.Runtime != "" {
		m.field(weightRuntime, equal(q.Runtime, f.Runtime), f.Runtime == "", "same runtime ("+clean(q.Runtime)+")")
	}
	if q.Comm != "" {
		m.field(weightComm*c.rare("comm", q.Comm), equal(q.Comm, f.Comm), f.Comm == "", "same command ("+clean(q.Comm)+")")
	}
	if q.Image != "" {
		alike := equal(q.Image, f.Image)
		if alike > 0 {
			alike = nearness(q.Version, f.Version)
		}
		m.field(weightImage*c.rare("image", q.Image), alike, f.Image == "", "same image repository ("+clean(q.Image)+")")
	}
}

// place compares where it was. The node counts only where it was the node that ran out.
func (c *comparison) place(m *match, f investigations.Features, sameWorkload bool) {
	q := c.f
	if q.Workload != "" {
		alike, words := 0.0, ""
		switch {
		case sameWorkload && q.Container == f.Container:
			alike, words = 1, "same container"
		case sameWorkload:
			alike, words = 0.7, "same workload"
		}
		m.field(weightWorkload*c.rare("workload", q.Cluster, q.Namespace, q.Workload), alike, false, words)
	}
	if q.Node != "" && level(q.Boundary) == "node" {
		same := q.Node == f.Node && q.Cluster == f.Cluster
		m.field(weightNode*c.rare("node", q.Cluster, q.Node), equal(true, same), f.Node == "", "same node ("+clean(q.Node)+")")
	}
}

// lists compares lists of values: by the share of q's weight that the other has, too.
func (c *comparison) lists(m *match, field string, weight float64, q, f []string, words string, unknown bool) {
	if len(q) == 0 {
		return
	}
	var all, shared, most float64
	var names []string
	for i, v := range q {
		rare := c.rare(field, v)
		if commonFields[v] {
			rare *= 0.2
		}
		w := rare / float64(i+1) // the first grew the most
		most = max(most, rare)
		all += w
		if slices.Contains(f, v) {
			shared += w
			names = append(names, clean(v))
		}
	}
	m.field(weight*most, shared/all, unknown, words+" ("+strings.Join(names, ", ")+")")
}

// rare is how rare a value is; a value that was not looked up counts as middling.
func (c *comparison) rare(field string, parts ...string) float64 {
	if r, ok := c.rarity[termOf(field, parts...)]; ok {
		return r
	}
	return 0.5
}

// mostReasons is how many of the things that two incidents share are named.
const mostReasons = 6

// why puts what counts most first, then what differs and what people say.
func (c *comparison) why(m match, p investigations.Recalled) []string {
	slices.SortStableFunc(m.why, func(a, b reason) int {
		if a.weight > b.weight {
			return -1
		}
		return 1
	})
	out := []string{}
	for _, r := range m.why[:min(len(m.why), mostReasons)] {
		out = append(out, r.words)
	}
	f := p.Features
	if c.f.Image != "" && f.Image == c.f.Image && f.Version != c.f.Version {
		out = append(out, fmt.Sprintf("version %s then, %s now", orUnknown(f.Version), orUnknown(c.f.Version)))
	}
	if len(c.f.Functions) > 0 && len(f.Functions) > 0 && !slices.Contains(f.Functions, c.f.Functions[0]) {
		out = append(out, "but another function grew ("+clean(f.Functions[0])+")")
	}
	return append(out, trustReason(p))
}

func trustReason(p investigations.Recalled) string {
	switch p.Trust {
	case investigations.TrustConfirmed:
		if p.Ups > 0 {
			return fmt.Sprintf("judged right by %d", p.Ups)
		}
		return "its fix held"
	case investigations.TrustCorrected:
		return fmt.Sprintf("warning: judged wrong by %d, the right cause is %s", p.Downs, word(p.Cause))
	case investigations.TrustRefuted:
		return fmt.Sprintf("warning: judged wrong by %d", p.Downs)
	case investigations.TrustDisputed:
		if p.Learned.State == investigations.OutcomeFixFailed {
			return "warning: its fix did not hold"
		}
		return fmt.Sprintf("disputed: judged right by %d, wrong by %d", p.Ups, p.Downs)
	case investigations.TrustUnjudged:
	}
	return "not judged by anybody"
}

// nearness is how much of a precedent's weight stays when the image's version is another one: less the further apart
// they are, and never nothing, since most of a program stays the same.
func nearness(a, b string) float64 {
	switch {
	case a == b:
		return 1
	case a == "" || b == "":
		return 0.85
	}
	x, y := numbers(a), numbers(b)
	switch {
	case len(x) < 2 || len(y) < 2:
		return 0.85
	case x[0] != y[0]:
		return 0.7
	case x[1] != y[1]:
		return 0.85
	}
	return 0.93
}

// numbers are the leading numbers of a version, as 1, 4, 2 of v1.4.2-rc1.
func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		out = append(out, n)
		if digits != part {
			break
		}
	}
	return out
}

func equal[T comparable](a, b T) float64 {
	if a == b {
		return 1
	}
	return 0
}

func word[T ~string](v T) string { return strings.ReplaceAll(string(v), "_", " ") }

func clean(v string) string { return investigations.CleanText(v, 120) }

func orUnknown(v string) string {
	if v == "" {
		return "unknown"
	}
	return clean(v)
}

func round2(v float64) float64 { return float64(int(v*100+0.5)) / 100 }
