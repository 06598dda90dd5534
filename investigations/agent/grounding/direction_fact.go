package grounding

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// level is the share by which something may change and is still called level; slightly is what may be called a change.
const (
	level    = 0.12
	slightly = 0.03
	// noTrend is the Kendall's tau below which a trend is none.
	noTrend = 0.2
)

// trend is how what a fact tells of moved, as far as its sentence and its values show.
type trend struct {
	// about are the subjects that it may be cited for.
	about          map[string]bool
	up, down, flat bool
	// weak says that it must have risen, for it reached its limit; partly that it rose and then did not; gained that it is a sum of growth.
	weak, partly, gained bool
	// rises and falls tell of changes that are too small for up and down.
	rises, falls bool
	// still says that its trend is no more than chance.
	still bool
	// same says that it compares paces that are about the same.
	same bool
	// often says that it tells of several restarts, lives or kills.
	often bool
	// newImage says that a revision came with another image.
	newImage bool
	// most is the largest share by which it is known to have risen, where its values tell.
	most  float64
	known bool
}

// trendOf reads a fact.
func trendOf(f factText) trend {
	t := trend{about: map[string]bool{"": true}}
	for i := range f.clauses {
		c := &f.clauses[i]
		for _, h := range directionWords.find(c.words) {
			if s, ok := strings.CutPrefix(h.label, "s:"); ok {
				t.about[s] = true
			}
		}
		for _, m := range motions(c) {
			switch m.direction {
			case "up", "steady", "moved":
				t.up = true
			case "down":
				t.down = true
			case "flat", "not up":
				t.flat = true
			}
		}
	}
	if strings.Contains(f.lower, "until shortly before") || strings.Contains(f.lower, "for most of its life and rose") {
		t.up, t.flat = true, true
	}
	t.partly = t.up && t.flat || strings.Contains(f.lower, "half of the time") || strings.Contains(f.lower, "flattened")
	t.gained = strings.Contains(f.lower, " by the trend ") && t.up && !t.partly
	t.readValues(f)
	t.readChange(f)
	for _, w := range []string{"reached", "of its limit of", "at the limit", "ended in a kill", "used 1", "cut off at", "heap space", "heap out of memory"} {
		t.weak = t.weak || !t.flat && strings.Contains(f.lower, w)
	}
	if !t.about["traffic"] || len(t.about) > 2 {
		t.about["memory"], t.about["entity"], t.about["anon"] = true, true, true
	}
	if strings.Contains(f.lower, "comes down when traffic does") || strings.Contains(f.lower, "follows the present traffic") {
		t.up, t.down = true, true
	}
	if strings.Contains(f.lower, "node") && (t.up || t.down || strings.Contains(f.lower, "available")) {
		t.about["node"] = true
	}
	if strings.Contains(f.lower, "threshold quantity") { // the kubelet's, which was undercut
		t.about["node"], t.down = true, true
	}
	t.readCounts(f)
	if f.fact.Tool == "rollouts" && strings.Contains(f.lower, "revision") {
		t.about["image"] = true
		t.newImage = strings.Contains(f.lower, "image")
	}
	return t
}

// readValues reads pairs and slopes among the values.
func (t *trend) readValues(f factText) {
	v := f.fact.Values
	compare := func(before, after float64) {
		if before <= 0 || after <= 0 {
			return
		}
		change := after/before - 1
		t.most, t.known = max(t.most, change), true
		t.flat = t.flat || math.Abs(change) <= level
		t.up = t.up || change >= slightly
		t.down = t.down || change <= -slightly
		t.rises, t.falls = t.rises || change > 0, t.falls || change < 0
	}
	if share, ok := v["change_share"]; ok {
		compare(1, 1+share)
	}
	for _, pair := range [][2]string{{"first_bytes", "last_bytes"}, {"usual_bytes", "usage_bytes"}, {"before_bytes", "after_bytes"}, {"from_bytes", "to_bytes"}} {
		before, ok := v[pair[0]]
		after, ok2 := v[pair[1]]
		// A median or a trend that says level says more than two samples do.
		if ok && ok2 && (!t.flat || pair[0] != "first_bytes") {
			compare(before, after)
		}
	}
	if v["kendall_tau"] >= 0.5 && v["slope_bytes_per_hour"] > 0 {
		t.up = true
	}
	if g, ok := v["growth_bytes"]; ok && g > level*v["usual_bytes"] && g > 0 {
		t.up = true
	}
	if g, ok := v["working_set_growth_bytes"]; ok && g > 0 {
		t.up = true
	}
	for _, m := range went.FindAllStringSubmatch(f.fact.Says, 4) {
		compare(quantity(m[1]), quantity(m[2]))
	}
	if tau, ok := v["kendall_tau"]; ok && math.Abs(tau) < noTrend {
		t.still = true
	}
	if s := v["slope_bytes_per_hour"]; s != 0 {
		t.rises, t.falls = t.rises || s > 0, t.falls || s < 0
	}
	if s, ok := v["slope_bytes_per_hour"]; ok && !t.flat && v["first_bytes"] == 0 {
		t.up, t.down = t.up || s > 0, t.down || s < 0
	}
	if !strings.Contains(f.lower, "an hour") {
		return
	}
	if s := rates.FindAllStringSubmatch(f.fact.Says, -1); len(s) > 1 {
		t.readRates(s)
	}
}

var (
	rates   = regexp.MustCompile(`by (-?[\d.]+) ?([KMGT]i)?B an hour`)
	went    = regexp.MustCompile(`went from ([\d.]+ [KMGT]?i?B) to ([\d.]+ [KMGT]?i?B)`)
	changed = regexp.MustCompile(`(\d[\w.]*) (?:->|to) (\d[\w.]*)`)
	resized = regexp.MustCompile(`limit of [^:]{1,80}: (\d[\w.]*(?: [KMGT]?i?B)?) -> (\d[\w.]*(?: [KMGT]?i?B)?)`)
	nowIs   = regexp.MustCompile(`(?i)under (?:a (?:pod's )?limit of ([\d.]+ [KMGT]?i?B)|no limit).*limit now is ([\d.]+ [KMGT]?i?B)`)
)

// readRates reads a comparison of lives, as of two revisions: the slower of two that lie far apart counts for level.
func (t *trend) readRates(all [][]string) {
	var least, most float64
	for i, m := range all {
		x := perHour(m)
		if i == 0 {
			least = x
		}
		least, most = min(least, x), max(most, x)
	}
	t.up = true
	t.flat = t.flat || least < most/4
	t.same = least > most*(1-level)
}

// side tells which of two revisions that a fact compares a clause is about: -1 the older, 1 the newer, 0 both or none.
type side int

var revisionRE = regexp.MustCompile(`(?i)\brev(?:ision)?s?\.? #?(\d+)`)

// sideOf tells it from the words of the clause, and from the one revision that the sentence names.
func (r *reader) sideOf(c *clause) (side, string) {
	for _, w := range c.words {
		switch w {
		case "old", "older", "previous", "earlier", "former", "predecessor", "preceding", "prior":
			return -1, ""
		case "new", "newer", "latest", "newest", "current", "present":
			return 1, ""
		}
	}
	named := revisionRE.FindAllStringSubmatch(r.claim, 4)
	if here := slices.ContainsFunc(c.words, func(w string) bool { return strings.HasPrefix(w, "rev") }); len(named) == 1 && (here || len(r.clauses) == 1) {
		return 0, named[0][1]
	}
	return 0, ""
}

// choose leaves of a comparison of two revisions the one that is meant, by its side or its number.
func (t *trend) choose(f factText, s side, revision string) {
	if s == 0 && revision == "" || !strings.Contains(f.lower, "an hour") {
		return
	}
	pace := rates.FindAllStringSubmatch(f.fact.Says, -1)
	named := revisionRE.FindAllStringSubmatch(f.fact.Says, 4)
	if len(pace) != 2 || len(named) < 2 {
		return
	}
	at := 0
	switch {
	case s > 0, revision == named[1][1]:
		at = 1
	case s == 0 && revision != named[0][1]:
		return
	}
	this, other := perHour(pace[at]), perHour(pace[1-at])
	slow := this < other/4
	t.up, t.down, t.flat, t.partly, t.weak = !slow, false, slow, false, false
	t.falls = strings.HasPrefix(pace[at][1], "-")
	t.rises = !t.falls && this > 0
}

// perHour is the pace that rates found, in bytes.
func perHour(m []string) float64 {
	x, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0
	}
	return math.Abs(x) * sizes[m[2]]
}

// readChange reads what became of a limit.
func (t *trend) readChange(f factText) {
	if !strings.Contains(f.lower, "limit") && !strings.Contains(f.lower, "request") {
		return
	}
	if m := nowIs.FindStringSubmatch(f.fact.Says); m != nil {
		t.down = t.down || m[1] == "" || quantity(m[2]) < quantity(m[1])
		t.up = t.up || m[1] != "" && quantity(m[2]) > quantity(m[1])
	}
	steps := resized.FindAllStringSubmatch(f.fact.Says, 8)
	if len(steps) == 0 {
		steps = changed.FindAllStringSubmatch(f.fact.Says, 8)
	}
	for _, m := range steps {
		before, after := quantity(m[1]), quantity(m[2])
		if before > 0 && after > 0 && strings.Contains(f.lower, "limit of") {
			t.up, t.down = t.up || after > before, t.down || after < before
		}
	}
	if strings.Contains(f.lower, "nothing that concerns memory") || strings.Contains(f.lower, "no difference in the pod template") || strings.Contains(f.lower, "nothing in the pod template") {
		t.flat = true
	}
}

// sizes are the suffixes of quantities, in bytes.
var sizes = map[string]float64{
	"": 1, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
}

// quantity reads "512 MiB" and "512Mi"; 0 where it is none.
func quantity(s string) float64 {
	s = strings.TrimSuffix(strings.TrimRight(strings.ReplaceAll(s, " ", ""), ".,;"), "B")
	n := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if n < 0 {
		n = len(s)
	}
	x, err := strconv.ParseFloat(s[:n], 64)
	if err != nil {
		return 0
	}
	return x * sizes[s[n:]]
}

// readCounts reads how often something happened.
func (t *trend) readCounts(f factText) {
	v := f.fact.Values
	if v["restarts"] >= 1 || v["lives"] >= 2 || v["reports"] >= 2 {
		t.about["restarts"], t.often = true, true
	}
}
