package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// TestPrecedentsOfOthers has a verdict cite an incident of another namespace: where that may not be told of, nothing of
// it is, in the card, the files, and what is asked.
func TestPrecedentsOfOthers(t *testing.T) {
	for _, bounds := range []string{"shop", ""} {
		t.Run("bounds "+bounds, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.verdict("hush", "secret", "secret-7c9d8f6b5-x2x4p", "n9", investigations.CauseLeak, investigations.BoundaryContainer, nil)
				past := *b.cluster.results["secret-7c9d8f6b5-x2x4p"]
				if _, err := b.cluster.keeper.Remember(t.Context(), memory.Investigation{Result: &past}); err != nil {
					t.Fatal(err)
				}
				b.verdict("shop", "checkout", pod, "n1", investigations.CauseLeak, investigations.BoundaryContainer, func(r *investigations.Result) {
					r.Precedents = []investigations.Precedent{{ID: past.ID, Similarity: 0.9, Why: []string{"same function"}}}
					r.Facts = append(r.Facts, investigations.Fact{ID: "F99", Tool: investigations.ToolMemory, Says: "Incident of hush/secret was alike.", Source: memory.SourceOf(past.ID)})
					r.Verdict.Explanation += "\n\nSeen before in hush/secret [F99]."
				})
				b.start(t, func(o *desk.Options) {
					c := desk.Channel{Auto: true}
					if bounds != "" {
						c.Namespaces = []string{bounds}
					}
					o.Policy.Channels = map[string]desk.Channel{"C1": c}
				})
				b.alert(t, "shop", pod)
				settle(time.Minute)
				v := b.verdicts()
				if len(v) != 1 {
					t.Fatalf("there are %d verdicts, want 1", len(v))
				}
				for i, text := range []string{"evidence", "similar", "have we seen this before?"} {
					b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "300.00000" + string(rune('0'+i)), ThreadTS: v[0].ts, Text: text})
				}
				settle(time.Minute)
				var all strings.Builder
				for _, m := range b.room.all() {
					all.WriteString(shows(m.Message))
				}
				for _, w := range b.room.whispers() {
					all.WriteString(shows(w.Message))
				}
				for _, f := range b.room.files {
					all.Write(f.Data)
				}
				if told := strings.Contains(all.String(), "hush"); told != (bounds == "") {
					t.Errorf("the other namespace is told of: %t", told)
				}
			})
		})
	}
}

// TestAlertOfTwoChannels has one alert be posted where it may not be told of, and then where it may.
func TestAlertOfTwoChannels(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.start(t, func(o *desk.Options) {
			o.Policy.Channels = map[string]desk.Channel{"C1": {Auto: true, Namespaces: []string{"pay"}}, "C2": {Auto: true, Namespaces: []string{"shop"}}}
		})
		for _, channel := range []string{"C1", "C2"} {
			b.receive(t, bot.Event{Kind: bot.EventAlerts, Channel: channel, Alerts: []bot.Alert{{
				Source: bot.SourcePagerDuty, ID: "Q1", Title: "checkout is down", Memory: true, StartsAt: time.Now(), Targets: []investigations.Target{{Namespace: "shop", Pod: pod}},
			}}})
			settle(time.Minute)
		}
		if v := b.verdicts(); len(v) != 1 || v[0].Channel != "C2" {
			t.Errorf("there are %d verdicts, want one in the channel of its namespace", len(v))
		}
	})
}
