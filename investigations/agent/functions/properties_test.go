package functions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/investigations"
)

// everyCall is a call of each function in each of its ways, for an investigation.
func everyCall(i investigation) [][2]string {
	at := stamp(i.res.At)
	calls := [][2]string{
		{"metrics", `{"query":"container_working_set","at":"` + at + `"}`},
		{"metrics", `{"query":"container_working_set","from":"` + stamp(i.res.At.Add(-time.Hour)) + `","to":"` + at + `"}`},
		{"logs", `{"contains":"e"}`},
		{"logs", `{"previous":true}`},
		{"profiles", `{"function":"a"}`},
		{"past_incidents", `{"similar":true}`},
		{"kernlog", `{"at":"` + stamp(i.res.At.Add(-3*time.Hour)) + `"}`},
		{"kernlog", `{"what":"tasks","top":10}`},
	}
	for _, f := range all() {
		calls = append(calls, [2]string{f.name, ""})
		for _, p := range f.properties {
			for _, e := range p.Enum {
				calls = append(calls, [2]string{f.name, `{"` + p.name + `":"` + e + `"}`})
			}
		}
	}
	return calls
}

// TestProperties calls everything on every example and on generated incidents of many kinds.
func TestProperties(t *testing.T) {
	check := func(t *testing.T, i investigation) {
		before := encode(t, i.ev)
		s := i.set(nil)
		keys := map[string]string{}
		for _, c := range everyCall(i) {
			a := call(t, s, c[0], c[1])
			checkAnswer(t, a)
			if len(a.Facts) == 0 && a.Note == "" {
				t.Errorf("%s %s: an empty answer", c[0], c[1])
			}
			for _, f := range a.Facts {
				if other, ok := keys[f.Key]; ok && other != f.Says {
					t.Errorf("one key for %q and %q", other, f.Says)
				}
				keys[f.Key] = f.Says
			}
			if diff := cmp.Diff(a, call(t, i.set(nil), c[0], c[1])); diff != "" {
				t.Errorf("%s %s: asked again (-first +second):\n%s", c[0], c[1], diff)
			}
		}
		if !bytes.Equal(before, encode(t, i.ev)) {
			t.Error("the evidence was changed")
		}
	}
	for _, name := range exampleNames(t) {
		t.Run(name, func(t *testing.T) { check(t, example(t, name)) })
	}
	for n, k := range incidents.Kinds() {
		if n%8 != 0 { // these have every source, and of each mechanism one
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "bundle")
			if err := incidents.Write(dir, k.Name, 3, incidents.Options{}); err != nil {
				t.Fatal(err)
			}
			check(t, investigate(t, dir))
		})
	}
}

func encode(t *testing.T, ev *investigations.Evidence) []byte {
	t.Helper()
	data, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkAnswer holds an answer to its bounds, and its facts to what they have to be.
func checkAnswer(t *testing.T, a Answer) {
	t.Helper()
	size := len(a.Note)
	checkText(t, a.Note, maxNote)
	for _, f := range a.Facts {
		size += len(f.Says) + len(f.Source)
		checkText(t, f.Says, maxFact)
		if f.Says == "" || f.Source == "" || f.ID != "" || !strings.HasPrefix(f.Key, "ask/"+f.Tool+"/") {
			t.Errorf("not a fact: %+v", f)
		}
		for _, n := range unheld(f) {
			t.Errorf("%q says %s, which is none of its values %v", f.Says, n, f.Values)
		}
	}
	if size > 8<<10 || len(a.Facts) > mostLines {
		t.Errorf("%d facts of %d bytes", len(a.Facts), size)
	}
}

var (
	quotedRE = regexp.MustCompile(`"[^"]*"`)
	stampRE  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	numberRE = regexp.MustCompile(`\b\d+(?:\.\d+)? %|\b\d+(?:\.\d+)?(?: (?:[KMGTPE]i)?B| d \d+ h| h \d+ min| min \d+ s| d| h| min| s| ms)?\b`)
)

// unheld returns the numbers that stand in a fact's sentence, outside of quotes and times, and are none of its values.
func unheld(f investigations.Fact) []string {
	text := f.Says
	if head, _, found := strings.Cut(text, ": \""); found && strings.Contains(f.Says, " logged") || f.Tool == investigations.ToolPods && strings.HasPrefix(f.Says, "event") {
		text = head // a quote to the end, which may hold quotes itself
	}
	text = stampRE.ReplaceAllString(quotedRE.ReplaceAllString(text, ""), "")
	if strings.Count(text, `"`)%2 == 1 {
		text, _, _ = strings.Cut(text, `"`) // cut in the middle of a quote
	}
	text = strings.NewReplacer("memory+swap", "", "oom_score_adj", "").Replace(text)
	var out []string
	for _, n := range numberRE.FindAllString(text, -1) {
		held := slices.ContainsFunc(slices.Sorted(maps.Values(f.Values)), func(v float64) bool {
			v = math.Abs(v)
			return n == investigations.FormatBytes(v) || n == digits(v) || n == digits(v)+" %" || n == fmt.Sprintf("%.0f", v) ||
				n == investigations.FormatDuration(time.Duration(v*float64(time.Second)))
		})
		if !held {
			out = append(out, strconv.Quote(n))
		}
	}
	return out
}

// TestUnheld: the check above can fail.
func TestUnheld(t *testing.T) {
	f := investigations.Fact{Says: `"a 7" at 2026-01-02T03:04:05Z had 2 GiB, 3.5 % of it, for 1 h 5 min, 12 times and 9`, Values: map[string]float64{
		"a_bytes": 2 << 30, "b_percent": 3.5, "c_s": 3900, "d": 12,
	}}
	if got := unheld(f); len(got) != 1 || got[0] != `"9"` {
		t.Errorf("unheld = %v", got)
	}
}
