package card

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// TestMessages holds what else is said to files that were read by eye.
func TestMessages(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	pasts := []Past{
		{ID: "01A", At: at, Target: r.Target, Headline: r.Verdict.Headline, Cause: inv.CauseLeak, Confidence: 0.97, Outcome: inv.OutcomeFixHeld, Ups: 2, Downs: 1, Link: "https://example.slack.com/archives/C1/p1"},
		{ID: "01B", At: at.AddDate(0, 0, -1), Target: inv.Target{Namespace: "shop", Pod: "api-1"}, State: bot.StateRunning},
		{ID: "01C", Target: inv.Target{Node: "n7"}, State: bot.StateFailed, Unposted: "chat.postMessage: is_archived"},
	}
	similar := []bot.Similar{{Precedent: inv.Precedent{ID: "01K", Similarity: 0.93, Why: []string{"same image repository", "same growing function"}, Outcome: inv.OutcomeFixFailed, Trust: inv.TrustCorrected}, At: at, Headline: "gateway leaked"}}
	tests := map[string]bot.Message{
		"help":     Help(),
		"answer":   Answer(report.Answer(r, "why not a sidecar, and what should we do?")),
		"history":  History(pasts, "shop/checkout"),
		"no-past":  History(nil, ""),
		"similar":  SimilarList(similar),
		"evidence": EvidenceList(r),
		"raw":      Raw(r),
		"refused":  Refused("channel C0123 is not in the configuration", "C0123: {auto: false, namespaces: [shop]}"),
		"pointer":  Pointer("https://example.slack.com/archives/C1/p1", r.Verdict.Headline, incidentID),
		"muted":    Muted("shop/checkout", at),
		"recorded": Recorded(inv.VoteDown, inv.CauseLoadSpike),
		"wrong":    Wrong("there is no run_1 of that name"),
		"puzzled":  Misunderstood(),
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			check(t, m)
			golden(t, "message-"+name+".json", asJSON(t, m))
			if got := actionsOf(t, m, incidentID); name != "pointer" && len(got) > 0 || name == "pointer" && !slices.Equal(got, []string{bot.ActionAnyway}) {
				t.Errorf("it has the buttons %v", got)
			}
		})
	}
}

func TestEmptyMessages(t *testing.T) {
	for name, m := range map[string]bot.Message{
		"no answer": Answer("\n \n"), "no evidence": EvidenceList(nil), "no facts": EvidenceList(&inv.Result{}), "no verdict": Raw(nil), "no similar": SimilarList(nil),
		"refused": Refused("", ""), "pointer": Pointer("", "", ""), "muted": Muted("", at), "retracted": Recorded(inv.VoteRetracted, ""), "up": Recorded(inv.VoteUp, ""), "wrong": Wrong(" "),
		"nothing at all": Card(bot.View{}), "an empty result": Card(bot.View{Result: &inv.Result{}}),
	} {
		t.Run(name, func(t *testing.T) { check(t, m) })
	}
}

func TestLongListsAreCounted(t *testing.T) {
	var pasts []Past
	var similar []bot.Similar
	r := &inv.Result{}
	for i := range 2000 {
		pasts = append(pasts, Past{ID: fmt.Sprint(i), Headline: "one of many headlines of the past, which takes some room", Cause: inv.CauseLeak})
		similar = append(similar, bot.Similar{Precedent: inv.Precedent{ID: fmt.Sprint(i)}, Headline: "one of many"})
		r.Facts = append(r.Facts, inv.Fact{ID: fmt.Sprintf("F%d", i+1), Tool: []string{"kernlog", "pods", "metrics"}[i%3], Says: "one of very many facts", Source: "kernel/n1.log:1-2"})
	}
	r.Verdict.Explanation = strings.Repeat("A long explanation. ", 1000) + "\n\n" + strings.Repeat("Another `one`. ", 500)
	for i := range 500 {
		r.Verdict.Recommendations = append(r.Verdict.Recommendations, inv.Recommendation{Action: inv.ActionFixLeak, Note: fmt.Sprint("note ", i)})
	}
	for name, m := range map[string]bot.Message{
		"history": History(pasts, ""), "similar": SimilarList(similar), "evidence": EvidenceList(r), "raw": Raw(r), "answer": Answer(strings.Repeat("- a line of an answer, which has many\n", 5000)),
	} {
		check(t, m)
		if text := shown(t, m); !strings.Contains(text, "… ") || !strings.Contains(text, " more") {
			t.Errorf("%s is cut and does not say so", name)
		}
	}
	text := shown(t, EvidenceList(r))
	for _, want := range []string{"*From* `kernlog`", "*From* `pods`", "*From* `metrics`"} {
		if !strings.Contains(text, want) {
			t.Errorf("the evidence has no %s", want)
		}
	}
	home := Home(HomeView{Incidents: pasts, Settings: make([]Setting, 500)})
	for _, w := range faults(t, home, 100) {
		t.Error(w)
	}
}

func TestHome(t *testing.T) {
	tests := map[string]HomeView{
		"empty": {},
		"full": {
			Incidents: []Past{{ID: "01A", At: at, Headline: "gateway leaks memory since revision 19", Cause: inv.CauseLeak, Confidence: 0.97, Outcome: inv.OutcomeFixHeld, Link: "https://example.slack.com/archives/C1/p1"}},
			Settings: []Setting{
				{Channel: "C0123", Auto: true, AlertBots: []string{"B0PAGER"}, Namespaces: []string{"shop", "pay-*"}, Mute: []string{"TestAlert"}},
				{Channel: "C0124", Groups: []string{"S1", "S2", "S3", "S4", "S5", "S6", "S7"}},
			},
		},
	}
	for name, v := range tests {
		blocks := Home(v)
		for _, w := range faults(t, blocks, 100) {
			t.Errorf("%s: %s", name, w)
		}
		golden(t, "home-"+name+".json", asJSON(t, bot.Message{Text: "home", Blocks: blocks}))
	}
}

func TestFeedbackModal(t *testing.T) {
	m := FeedbackModal(incidentID, inv.CauseLeak)
	checkModal(t, m)
	if m.Type != slack.VTModal || m.CallbackID != bot.FormFeedback || m.PrivateMetadata != incidentID || len(m.Title.Text) > 24 || m.Submit == nil {
		t.Errorf("the dialog is %+v", m)
	}
	inputs := map[string]*slack.InputBlock{}
	for _, b := range m.Blocks.BlockSet {
		if in, ok := b.(*slack.InputBlock); ok {
			inputs[in.BlockID] = in
		}
	}
	cause, ok := inputs[bot.InputCause].Element.(*slack.SelectBlockElement)
	if !ok || cause.ActionID != bot.InputCause || !inputs[bot.InputCause].Optional {
		t.Fatalf("the cause is asked for by %+v", inputs[bot.InputCause])
	}
	var values []inv.Cause
	for _, o := range cause.Options {
		values = append(values, inv.Cause(o.Value))
		if n := len([]rune(o.Text.Text)); n == 0 || n > 75 {
			t.Errorf("the option %s has a text of %d characters", o.Value, n)
		}
	}
	if !slices.Equal(values, inv.Causes) {
		t.Errorf("the causes to choose from are %v", values)
	}
	note, ok := inputs[bot.InputNote].Element.(*slack.PlainTextInputBlockElement)
	if !ok || note.ActionID != bot.InputNote || !note.Multiline || note.MaxLength != 1000 || !inputs[bot.InputNote].Optional {
		t.Errorf("the note is asked for by %+v", inputs[bot.InputNote])
	}
}

func TestNote(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	v := judged(r)
	v.Incident.CardLink = "https://example.slack.com/archives/C1/p1"
	want := `oombot: gateway-zxthbd6kg-tcr7d/gateway was killed at its memory limit of 2 GiB: it leaks memory since revision 19.
Cause: leak, confidence 0.97; boundary: container limit; trigger: deploy.
1. Roll back deployment/gateway to revision 18
   kubectl rollout undo -n ads deployment/gateway --to-revision=18
2. Find and fix the leak in container gateway of deployment/gateway
More: https://example.slack.com/archives/C1/p1`
	if got := Note(v); got != want {
		t.Errorf("the note is\n%s\nwant\n%s", got, want)
	}
	if got := Note(bot.View{}); got != "" {
		t.Errorf("without a verdict the note is %q", got)
	}
}

func TestFiles(t *testing.T) {
	r, ev := investigate(t, "leak-after-deploy")
	v := judged(r)
	v.Incident.Folded, v.Incident.Pods = foldedIn(500, 3, "same node n7"), []string{"gateway-a", "gateway-b"}
	files, err := Files(v, ev)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[0].Name != "verdict.txt" || files[1].Name != "verdict.json" {
		t.Fatalf("the files are %+v", files)
	}
	text := string(files[0].Data)
	for _, want := range []string{r.Verdict.Headline[:40], "MEMORY", "WHAT TO DO", "ALL FACTS", "  F1  ", "ALERTS  1 of 1", "team-0/deployment/service-000", "service-499-7c9d8f6b5-00002", "gateway-b"} {
		if !strings.Contains(text, want) {
			t.Errorf("verdict.txt does not hold %q", want)
		}
	}
	var doc, want bytes.Buffer
	if err := report.JSON(&want, r); err != nil {
		t.Fatal(err)
	}
	doc.Write(files[1].Data)
	if doc.String() != want.String() {
		t.Error("verdict.json is not the result's document")
	}
	if _, err := Files(bot.View{}, nil); err == nil {
		t.Error("files without a result")
	}
}

func TestFilesAreBounded(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	cited := len(r.Facts)
	for i := range 9_000 {
		r.Facts = append(r.Facts, inv.Fact{ID: fmt.Sprintf("F%d", cited+i+1), Tool: "logs", Says: strings.Repeat("é many words of a fact ", 5), Source: "logs/a/b/c.log"})
	}
	files, err := Files(judged(r), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if len(f.Data) > maxFile {
			t.Errorf("%s has %d bytes", f.Name, len(f.Data))
		}
	}
	var doc inv.Result
	if err := json.Unmarshal(files[1].Data, &doc); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, f := range doc.Facts {
		ids[f.ID] = true
	}
	for _, id := range report.CitedIDs(r) {
		if !ids[id] {
			t.Errorf("verdict.json lacks %s, which the verdict cites", id)
		}
	}
	if want := fmt.Sprintf("verdict.json holds %d of %d facts", len(doc.Facts), len(r.Facts)); !strings.HasPrefix(string(files[0].Data), want) || !strings.HasSuffix(string(files[0].Data), "(cut here: the file had no room for more)\n") {
		t.Errorf("verdict.txt does not say %q, or that it is cut", want)
	}
}

// TestNotFound has a card of what is not there say how to name it, and not how to repair sources.
func TestNotFound(t *testing.T) {
	v := bot.View{Incident: bot.Incident{ID: "1", State: bot.StateFailed, Why: "nothing of that name"}}
	if got := string(asJSON(t, Card(v))); !strings.Contains(got, "doctor") {
		t.Errorf("the card of what went wrong does not say how to repair it: %s", got)
	}
	v.Incident.NotFound = true
	if got := string(asJSON(t, Card(v))); strings.Contains(got, "doctor") || !strings.Contains(got, "NAMESPACE/NAME") {
		t.Errorf("the card of what is not there says %s", got)
	}
}
