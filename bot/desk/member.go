package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// member notes that an alert is of an incident, and whether it ended. The caller holds d.mu.
func (d *Desk) member(x *entry, a bot.Alert, resolved bool) {
	key := alertKey(a.Source, a.ID)
	if d.state.alerts[key].Incident != x.ID {
		x.members = append(x.members, key)
		d.forgetKills(x)
	}
	if i := slices.IndexFunc(x.Alerts, func(r bot.AlertRef) bool { return r.Source == a.Source && r.ID == a.ID }); i >= 0 {
		x.Alerts[i].Resolved = resolved
	}
	d.state.alerts[key] = member{x.ID, resolved}
	d.keepMember(key)
}

// mostMembers is how many alerts of an incident are known; beyond it the first kills are forgotten, which nobody tells
// of again: a loop of them may go on for weeks.
const mostMembers = 5000

// forgetKills forgets kills of an incident that has too many alerts. The caller holds d.mu.
func (d *Desk) forgetKills(x *entry) {
	for len(x.members) > mostMembers {
		i := slices.IndexFunc(x.members, func(key string) bool { return strings.HasPrefix(key, alertKey(bot.SourceAgent, "")) })
		if i < 0 {
			return // the others end, and are told of again
		}
		key := x.members[i]
		x.members = slices.Delete(x.members, i, i+1)
		if d.state.alerts[key].Incident == x.ID {
			delete(d.state.alerts, key)
			d.keepMember(key)
		}
	}
}

// keepMember marks an alert to be stored. The caller holds d.mu.
func (d *Desk) keepMember(key string) {
	d.saver.mark(docAlert, key, func() (investigations.Doc, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		m, ok := d.state.alerts[key]
		if !ok {
			return investigations.Doc{Kind: docAlert, Key: key}, nil
		}
		body, err := json.Marshal(m)
		return investigations.Doc{Kind: docAlert, Key: key, Body: body}, err
	})
}

// loadMembers reads the alerts of the incidents that were loaded, and forgets those of incidents that are gone.
func (d *Desk) loadMembers(ctx context.Context) error {
	for doc, err := range d.o.Store.Docs(ctx, docAlert) {
		if err != nil {
			return fmt.Errorf("read the alerts: %w", err)
		}
		var m member
		x := (*entry)(nil)
		if err := json.Unmarshal(doc.Body, &m); err == nil {
			x = d.state.incidents[m.Incident]
		}
		if x == nil {
			d.keepMember(doc.Key)
			continue
		}
		d.state.alerts[doc.Key] = m
		x.members = append(x.members, doc.Key)
		d.forgetKills(x)
	}
	return nil
}
