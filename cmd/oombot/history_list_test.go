package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

func TestHistoryList(t *testing.T) {
	rememberFile(t).same(`shop/deployment/checkout · checkout                2025-11-26 01:33 UTC, 2 d ago
  checkout was killed at its memory limit of 512 MiB: it leaks since revision
  14, image 1.5.0 -> 1.6.0
  01KAYWNQPMZ5W1N9N9N9N9N9N2  leak 93 % · a fix was applied
shop/statefulset/cart · cart                       2025-11-25 03:22 UTC, 3 d ago
  cart was killed at its memory limit of 256 MiB: memory was never given back
  01KAWGGZM8Z5W1N9N9N9N9N9N3  leak 61 % · people say load spike · 1 down · it
                              came back, unfixed
shop/deployment/checkout · checkout                2025-11-25 02:17 UTC, 3 d ago
  checkout was killed at its memory limit of 512 MiB: it leaks since revision
  12, image 1.4.0 -> 1.5.0
  01KAWCSV48Z5W1N9N9N9N9N9N1  leak 93 % · 1 up · the fix held
pay/statefulset/ledger · ledger                    2025-11-20 10:00 UTC, 8 d ago
  ledger was killed by its liveness probe, and not for want of memory
  01KAGB9R80Z5W1N9N9N9N9N9N4  not an OOM 90 %
`, "list")
}

// TestHistoryListSelects gives filters, and the ids that are left.
func TestHistoryListSelects(t *testing.T) {
	r := rememberFile(t)
	tests := []struct {
		args []string
		want []string
	}{
		{[]string{"list"}, []string{againID, cartID, firstID, probeID}},
		{[]string{"list", "--limit", "2"}, []string{againID, cartID}},
		{[]string{"list", "--namespace", "pay"}, []string{probeID}},
		{[]string{"list", "--workload", "checkout"}, []string{againID, firstID}},
		{[]string{"list", "--workload", "deployment/checkout"}, []string{againID, firstID}},
		{[]string{"list", "--workload", "deploy/checkout"}, []string{againID, firstID}},
		{[]string{"list", "--workload", "statefulset/checkout"}, nil},
		{[]string{"list", "--cause", "leak", "--namespace", "shop"}, []string{againID, cartID, firstID}},
		{[]string{"list", "--cause", "Not-OOM"}, []string{probeID}},
		{[]string{"list", "--since", "60h"}, []string{againID}},
		{[]string{"list", "--since", "1w1h"}, []string{againID, cartID, firstID}},
		{[]string{"list", "--since", "2025-11-25T03:00:00Z"}, []string{againID, cartID}},
		{[]string{"list", "--since", "2025-11-26"}, []string{againID}},
		{[]string{"list", "--since", "2025-11-26 01:33:00"}, []string{againID}},
		{[]string{"search", "leak", "CHECKOUT"}, []string{againID, firstID}},
		{[]string{"search", "session.(*Store).Put"}, []string{againID, firstID}},
		{[]string{"search", "catalogue"}, []string{cartID}},
		{[]string{"search", "load spike"}, []string{cartID}},
		{[]string{"search", "checkout", "--since", "60h"}, []string{againID}},
		{[]string{"search", "checkout", "--limit", "1"}, []string{againID}},
		{[]string{"search", "no such word"}, nil},
	}
	for _, tt := range tests {
		var got []listed
		if err := json.Unmarshal([]byte(r.ok(append(tt.args, "-o", "json")...)), &got); err != nil {
			t.Fatalf("%q: %v", tt.args, err)
		}
		var ids []string
		for _, l := range got {
			ids = append(ids, l.ID)
		}
		if d := cmp.Diff(tt.want, ids); d != "" {
			t.Errorf("%q (-want +got)\n%s", tt.args, d)
		}
		text := r.ok(tt.args...)
		for _, id := range tt.want {
			if !strings.Contains(text, id) {
				t.Errorf("%q as text lacks %s", tt.args, id)
			}
		}
	}
}

func TestHistoryListAsJSON(t *testing.T) {
	r := rememberFile(t)
	r.same("[]\n", "list", "--namespace", "none", "-o", "json")
	doc := r.ok("list", "-o", "json", "--limit", "1")
	var got []map[string]any
	if err := json.Unmarshal([]byte(doc), &got); err != nil || len(got) != 1 {
		t.Fatalf("%v: %s", err, doc)
	}
	trace, err := r.Trace(t.Context(), againID)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(map[string]any{
		"id": againID, "at": "2025-11-26T01:33:00.5Z", "target": trace.Result.Target, "verdict": trace.Result.Verdict, "outcome": trace.Outcome,
	})
	if err != nil {
		t.Fatal(err)
	}
	var parsed map[string]any
	if err := json.Unmarshal(want, &parsed); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(parsed, got[0]); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for _, key := range []string{`"outcome":{"state":"fix_applied"`, `"hypotheses"`, `"facts"`} {
		if strings.Contains(doc, key) != strings.HasPrefix(key, `"outcome"`) {
			t.Errorf("%s in %s", key, doc)
		}
	}
}

// TestHistoryListOfMany prints fifty as text unless asked for more, and all as JSON.
func TestHistoryListOfMany(t *testing.T) {
	r := remember(t, generated(60)...)
	entries := func(text string) int { return strings.Count(text, " UTC\n") + strings.Count(text, " ago\n") }
	out := r.ok("list")
	if n := entries(out); n != 50 || !strings.Contains(out, "\nand 10 more: --limit 60 shows all, --since, --namespace and --workload narrow\nthem down\n") {
		t.Errorf("%d incidents, and at the end %q", n, out[len(out)-120:])
	}
	if out := r.ok("list", "--limit", "60"); entries(out) != 60 || strings.Contains(out, "more") {
		t.Errorf("%d incidents, and at the end %q", entries(out), out[len(out)-120:])
	}
	if out := r.ok("search", "killed", "--limit", "1"); entries(out) != 1 || !strings.Contains(out, " more: ") {
		t.Errorf("got %s", out)
	}
	var all []listed
	if err := json.Unmarshal([]byte(r.ok("list", "-o", "json")), &all); err != nil || len(all) != 60 {
		t.Errorf("%d incidents, %v", len(all), err)
	}
}

func TestHistoryListOfNothing(t *testing.T) {
	r := remember(t)
	r.same("nothing is remembered yet\n", "list")
	r.same("no past incident fits\n", "search", "x")
	r.same("no past incident fits\n", "list", "--namespace", "shop")
	r.same("[]\n", "list", "-o", "json")
}

func TestHistoryListUsage(t *testing.T) {
	r := remember(t)
	r.fails(exitUsage, `--cause "leek" is no cause: it is one of leak, undersized_limit, load_spike, runtime_misconfiguration, sidecar, noisy_neighbour, node_overcommit, `+
		`memory_backed_volume, kernel_memory, not_oom, insufficient_evidence; did you mean leak?`, "list", "--cause", "leek")
	r.fails(exitUsage, `--since "yesterday" is neither a duration, as 24h or 7d, nor a time, as 2026-03-04`, "list", "--since", "yesterday")
	r.fails(exitUsage, `--since "-3h" is neither`, "stats", "--since=-3h")
	for _, flag := range []string{"namespace", "workload", "cause", "since"} {
		r.fails(exitUsage, "--"+flag+" needs a value", "list", "--"+flag, "")
	}
	r.fails(exitUsage, "--limit is how many at most, 1 or more", "list", "--limit", "0")
	r.fails(exitUsage, "--limit is how many at most, 1 or more", "search", "x", "--limit", "-4")
	r.fails(exitUsage, `list takes no arguments, and was given "leak"`, "list", "leak")
	r.fails(exitUsage, "say what to search for", "search")
	r.fails(exitUsage, "say what to search for", "search", "")
	r.fails(exitUsage, "unknown flag --namspace; did you mean --namespace?", "list", "--namspace", "x")
	r.fails(exitUsage, "it takes text or json", "list", "-o", "dot")
}

// TestHistoryListIsSafe lists an incident of which every name is hostile.
func TestHistoryListIsSafe(t *testing.T) {
	const evil = "\x1b[31m\nshop\r\u202eevil password=hunter2"
	trace := memorytest.Trace(1, 1)
	trace.Result.Verdict.Headline, trace.Result.Target.Namespace, trace.Result.Target.Pod = evil, evil, evil
	trace.Features = investigations.Features{Namespace: evil, Workload: evil, Container: evil}
	trace.Outcome = investigations.Outcome{State: evil}
	trace.Feedback = []investigations.Feedback{{By: evil, Vote: evil, Note: evil, At: today}}
	r := remember(t, trace)
	for _, width := range []int{40, 80, 120} {
		r.width = width
		for _, args := range [][]string{
			{"list"},
			{"list", "-o", "json"},
			{"search", "evil"},
			{"show", trace.Result.ID},
			{"show", trace.Result.ID, "-o", "json"},
			{"export"},
			{"graph", trace.Result.ID},
			{"graph", trace.Result.ID, "-o", "json"},
			{"graph", trace.Result.ID, "-o", "dot"},
			{"graph", trace.Result.ID, "-o", "mermaid"},
			{"stats"},
			{"stats", "-o", "json"},
			{"similar", trace.Result.ID},
			{"feedback", trace.Result.ID, "up"},
		} {
			out := r.ok(args...)
			if strings.ContainsAny(out, "\x1b\r\u202e") || strings.Contains(out, "hunter2") {
				t.Errorf("%q prints %q", args, out)
			}
		}
	}
}

func TestWhenWords(t *testing.T) {
	const at = "2025-11-28 12:00 UTC"
	tests := []struct {
		ago  time.Duration
		want string
	}{
		{-time.Hour, at},
		{0, at + ", just now"},
		{59 * time.Second, at + ", just now"},
		{time.Minute, at + ", 1 min ago"},
		{90 * time.Minute, at + ", 1 h ago"},
		{25 * time.Hour, at + ", 1 d ago"},
		{400 * 24 * time.Hour, at + ", 400 d ago"},
	}
	for _, tt := range tests {
		if got := whenWords(today, today.Add(tt.ago)); got != tt.want {
			t.Errorf("%s ago: %q, want %q", tt.ago, got, tt.want)
		}
	}
}
