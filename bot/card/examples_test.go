package card

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/internal/goldentest"
	"github.com/oombot/oombot/internal/judgetest"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const incidentID = "01KP8GNHW0AAAAAAAAAAAAAAAA"

// investigated are the results that were asked for before, as documents, and their evidence.
var investigated = map[string]struct {
	doc []byte
	ev  *inv.Evidence
}{}

// investigate has the rules judge a shipped incident, once; each call returns a result of its own.
func investigate(t *testing.T, name string) (*inv.Result, *inv.Evidence) {
	t.Helper()
	known, ok := investigated[name]
	if !ok {
		r, ev := judge(t, name)
		doc, err := json.Marshal(r.Normalized())
		if err != nil {
			t.Fatal(err)
		}
		known.doc, known.ev = doc, ev
		investigated[name] = known
	}
	var r inv.Result
	if err := json.Unmarshal(known.doc, &r); err != nil {
		t.Fatal(err)
	}
	return &r, known.ev
}

func judge(t *testing.T, name string) (*inv.Result, *inv.Evidence) {
	t.Helper()
	j := judgetest.Example(t, name, inv.Options{Redact: redact.Text})
	for i := range j.Result.Tools {
		j.Result.Tools[i].TookMS = 7 // not by the machine's speed
	}
	return j.Result, j.Evidence
}

// judged is the view of a verdict that one alert asked for.
func judged(r *inv.Result) bot.View {
	return bot.View{
		Result: r, Now: r.At.Add(time.Minute),
		Incident: bot.Incident{
			ID: incidentID, ResultID: r.ID, State: bot.StateJudged, Target: r.Target, Cluster: "prod-eu", Pods: []string{r.Target.Pod}, PodCount: 1,
			AlertCount: 1, Firing: 1, Alerts: []bot.AlertRef{{Source: bot.SourceAlertmanager, ID: "a1", Title: "KubernetesContainerOomKiller", URL: "https://alerts.example.com/#/alerts?a=1&b=2"}},
		},
	}
}

func exampleNames(t *testing.T) []string {
	t.Helper()
	folders, err := fs.ReadDir(examples.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range folders {
		names = append(names, f.Name())
	}
	if len(names) < 12 {
		t.Fatalf("only %d examples", len(names))
	}
	return names
}

// TestExamples holds the cards of the shipped incidents to files that were read by eye.
func TestExamples(t *testing.T) {
	for _, name := range exampleNames(t) {
		t.Run(name, func(t *testing.T) {
			r, _ := investigate(t, name)
			m := Card(judged(r))
			check(t, m)
			golden(t, "card-"+name+".json", asJSON(t, m))
		})
	}
}

func asJSON(t *testing.T, m bot.Message) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(map[string]any{"text": m.Text, "blocks": m.Blocks}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldentest.Equal(t, filepath.Join("testdata", name), string(got))
}
