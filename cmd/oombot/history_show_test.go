package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/internal/goldentest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// golden compares what a command prints with a file that was read by eye.
func (r *remembered) golden(name string, args ...string) {
	r.t.Helper()
	goldentest.Equal(r.t, filepath.Join("testdata", "history", name), r.ok(args...))
}

func TestHistoryShow(t *testing.T) {
	r := rememberFile(t)
	r.golden("show.again.txt", "show", againID)
	r.golden("show.cart.txt", "show", cartID)
	r.golden("show.probe.txt", "show", probeID)
	r.width = 120
	r.golden("show.again.120.txt", "show", againID)
}

// TestHistoryShowFits looks for lines that are wider than the page.
func TestHistoryShowFits(t *testing.T) {
	r := remember(t, generated(20)...)
	for _, width := range []int{40, 80, 120} {
		r.width = width
		for _, trace := range generated(20) {
			for line := range strings.Lines(r.ok("show", trace.Result.ID)) {
				line = strings.TrimRight(line, "\n")
				wide := len([]rune(line)) > width
				if wide && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "kubectl") {
					t.Errorf("%d columns: %q", width, line)
				}
			}
		}
	}
}

func TestHistoryShowAsJSON(t *testing.T) {
	r := rememberFile(t)
	for _, id := range []string{againID, cartID, firstID, probeID} {
		doc := r.ok("show", id, "-o", "json")
		want, err := r.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := memory.ReadDocument([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", id, d)
		}
		var keys map[string]json.RawMessage
		if err := json.Unmarshal([]byte(doc), &keys); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"version", "result", "feedback", "outcome", "asked_by", "shown_at"} {
			if keys[key] == nil {
				t.Errorf("%s lacks %s", id, key)
			}
		}
	}
}

// TestHistoryShowForgotten shows an incident whose precedents are gone.
func TestHistoryShowForgotten(t *testing.T) {
	r := rememberFile(t)
	if _, err := r.Forget(t.Context(), investigations.Filter{IDs: []string{firstID, cartID}}); err != nil {
		t.Fatal(err)
	}
	out := r.ok("show", againID)
	if strings.Count(out, "it was forgotten since") != 3 {
		t.Errorf("three precedents are gone:\n%s", out)
	}
}

func TestHistoryShowUsage(t *testing.T) {
	r := remember(t)
	r.fails(exitUsage, "show needs the id of an incident; 'oombot history list' shows them", "show")
	r.fails(exitUsage, `show takes one argument, and was given "b" as well`, "show", "a", "b")
	r.fails(exitUsage, "similar needs the id of an incident", "similar")
	r.fails(exitUsage, "--limit is how many at most, 1 or more", "similar", againID, "--limit", "0")
}

func TestHistorySimilar(t *testing.T) {
	r := rememberFile(t)
	out := r.ok("similar", againID)
	for _, want := range []string{
		"  " + firstID + "  9", " % alike: same growing function\n", "\n    confirmed, the fix held\n    shop/deployment/checkout · checkout, 2025-11-25 02:17 UTC, 3 d ago\n",
		"    checkout was killed at its memory limit of 512 MiB: it leaks since revision\n    12, image 1.4.0 -> 1.5.0\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var got []investigations.Precedent
	if err := json.Unmarshal([]byte(r.ok("similar", againID, "-o", "json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 || got[0].ID != firstID || got[0].Outcome != investigations.OutcomeFixHeld || got[0].Trust != investigations.TrustConfirmed || len(got[0].Why) == 0 {
		t.Errorf("got %+v", got)
	}
	r.same("no past incident resembles it in how memory ran out\n", "similar", probeID)
	r.same("[]\n", "similar", probeID, "-o", "json")

	many := remember(t, generated(200)...)
	id := generated(200)[199].Result.ID
	count := func(args ...string) int {
		var found []investigations.Precedent
		if err := json.Unmarshal([]byte(many.ok(append([]string{"similar", id, "-o", "json"}, args...)...)), &found); err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if n, one := count(), count("--limit", "1"); n > 5 || n < 2 || one != 1 {
		t.Errorf("%d are similar, with --limit 1 %d", n, one)
	}
}

func TestHeadsOf(t *testing.T) {
	r := rememberFile(t)
	for _, ids := range [][]string{nil, {}, {"unknown"}} {
		if heads, err := headsOf(t.Context(), r, ids); err != nil || len(heads) != 0 {
			t.Errorf("%q: %d heads, %v", ids, len(heads), err)
		}
	}
	heads, err := headsOf(t.Context(), r, []string{cartID, againID, cartID, "unknown"})
	if err != nil || len(heads) != 2 || heads[cartID].ID != cartID || heads[againID].ID != againID {
		t.Errorf("%v, %v", heads, err)
	}
}
