package alerts

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// checkAlert holds what is true of every alert, whatever it was made of.
func checkAlert(t *testing.T, a bot.Alert) {
	t.Helper()
	for name, f := range map[string]struct {
		s     string
		limit int
	}{
		"group": {a.Group, maxID}, "id": {a.ID, maxID}, "name": {a.Name, maxRuleName}, "title": {a.Title, maxTitle},
		"severity": {a.Severity, 2 * maxWord}, "cluster": {a.Cluster, maxCluster}, "url": {a.URL, maxURL},
	} {
		if len(f.s) > f.limit || !utf8.ValidString(f.s) || investigations.CleanText(f.s, len(f.s)) != f.s {
			t.Errorf("%s is not bounded and clean: %q", name, f.s)
		}
	}
	if a.ID == "" || a.Title == "" && a.Source != bot.SourceSlack && a.StartsAt.IsZero() {
		t.Errorf("it has neither id nor title: %+v", a)
	}
	if a.URL != "" && !strings.HasPrefix(a.URL, "http://") && !strings.HasPrefix(a.URL, "https://") {
		t.Errorf("url %q", a.URL)
	}
	checkTargets(t, a.Targets)
	if _, err := json.Marshal(a); err != nil {
		t.Errorf("it can't be stored: %v", err)
	}
}

func checkTargets(t *testing.T, targets []investigations.Target) {
	t.Helper()
	if len(targets) > maxTargets {
		t.Errorf("%d targets", len(targets))
	}
	for i, target := range targets {
		_, name, ok := strings.Cut(target.Workload, "/")
		if !ok {
			name = target.Workload
		}
		for _, s := range []string{target.Pod, name, target.Node} {
			if s != "" && !isSubdomain(s) {
				t.Errorf("%q is no name", s)
			}
		}
		if target.Namespace != "" && !isLabel(target.Namespace) || target.Container != "" && !isLabel(target.Container) {
			t.Errorf("%+v is no target", target)
		}
		if target.Pod == "" && target.Workload == "" && target.Node == "" {
			t.Errorf("%+v names nothing", target)
		}
		for _, before := range targets[:i] {
			if before == target {
				t.Errorf("%+v stands there twice", target)
			}
		}
	}
}

func addFiles(f *testing.F, pattern string) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzParseAlertmanager(f *testing.F) {
	addFiles(f, "alertmanager-*.json")
	addFiles(f, "grafana-*.json")
	f.Add([]byte(`{"alerts":[{},3,{"labels":{"a":null}}],"alerts":[{}],"version":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := ParseAlertmanager(body)
		if err != nil {
			if !errors.Is(err, ErrPayload) || len(err.Error()) > 1000 {
				t.Errorf("error %v", err)
			}
			return
		}
		if len(m.Faults) > maxFaults || m.FaultCount < len(m.Faults) {
			t.Errorf("%d faults %q", m.FaultCount, m.Faults)
		}
		for _, a := range m.Alerts {
			checkAlert(t, a)
		}
		again, err := ParseAlertmanager(body)
		if diff := cmp.Diff(m, again); err != nil || diff != "" {
			t.Errorf("read again it is another: %v\n%s", err, diff)
		}
	})
}

func FuzzParsePagerDuty(f *testing.F) {
	addFiles(f, "pagerduty-*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := ParsePagerDuty(body)
		switch {
		case err != nil:
			if !errors.Is(err, ErrPayload) || len(err.Error()) > 1000 {
				t.Errorf("error %v", err)
			}
		case !e.Ignored:
			checkAlert(t, e.Alert)
		}
		if key := eventKey(e.ID, body); len(key) > 300 || !utf8.ValidString(key) {
			t.Errorf("key %q", key)
		}
	})
}

func FuzzTargets(f *testing.F) {
	names, err := filepath.Glob("testdata/post-*.json")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, n := range names {
		e := post(f, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(n), "post-"), ".json"))
		f.Add(e.Text, strings.Join(e.Links, " "))
	}
	f.Add("pod= namespace=`shop` pod:\nx: y <https://x.example/?a=%zz|b> <!here> a/b:c (d) *", "http://h/?%zz")
	f.Fuzz(func(t *testing.T, text, links string) {
		e := bot.Event{Kind: bot.EventMessage, Author: &bot.Author{BotID: "B1"}, Channel: "C1", TS: "1772590805.000100", Text: text, Links: strings.Fields(links)}
		checkTargets(t, Targets(text, e.Links...))
		found, ok := FromPost(e)
		if ok != (len(found) > 0) {
			t.Errorf("%t with %d alerts", ok, len(found))
		}
		for _, a := range append(found, FromText(e)) {
			checkAlert(t, a)
		}
	})
}

func FuzzDetails(f *testing.F) {
	f.Add([]byte(`{"firing":"[{\"labels\":{\"namespace\":\"shop\",\"pod\":\"cart-0\"}}]","x":["Pod a/b-0", 1, null]}`))
	f.Add([]byte(`{"firing":"Labels:\n - alertname = A\n - namespace = shop\n - pod = cart-0\n"}`))
	f.Fuzz(func(t *testing.T, details []byte) {
		var v any
		if json.Unmarshal(details, &v) != nil {
			return
		}
		checkTargets(t, readDetails(v).best(reading{}))
	})
}
