package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
)

// ErrPayload says that a body is not what its source sends.
var ErrPayload = errors.New("not a message of an alert source")

// repeatReason is what Alertmanager gives as notification_reason where nothing changed.
const repeatReason = "repeat interval elapsed"

// Message is what Alertmanager or Grafana sent.
type Message struct {
	// Source is bot.SourceAlertmanager or bot.SourceGrafana.
	Source string
	// Group is its groupKey, or a hash of one that is long.
	Group string
	// Status is that of the group: firing or resolved.
	Status string
	// Repeat says that it only repeats what was told before.
	Repeat bool
	Alerts []bot.Alert
	// Faults say what could not be read, at most five of FaultCount.
	Faults     []string
	FaultCount int
}

func (m *Message) fault(format string, args ...any) {
	m.FaultCount++
	if len(m.Faults) < maxFaults {
		m.Faults = append(m.Faults, fmt.Sprintf(format, args...))
	}
}

// ParseAlertmanager reads a webhook's body of Alertmanager (version 4) or Grafana. Fields that it doesn't know are
// ignored, and an alert that can't be read costs itself only: then it stands in Faults. The error is one of ErrPayload.
func ParseAlertmanager(body []byte) (Message, error) {
	top, entries, dropped, err := readMessage(body)
	if err != nil {
		return Message{}, err
	}
	if entries == nil {
		return Message{}, fmt.Errorf("%w: it has no list of alerts; it must be the JSON of an Alertmanager webhook, version 4", ErrPayload)
	}
	m := Message{
		Source: bot.SourceAlertmanager, Group: bounded(top.text("groupKey")), Status: clean(strings.ToLower(top.text("status")), maxWord),
		Repeat: strings.EqualFold(top.text("notification_reason"), repeatReason),
	}
	if v := top.text("version"); v != "" && v != "4" && v != "1" {
		m.fault("version %s is not known and is read as 4", quoted(v))
	}
	if dropped > 0 {
		m.fault("%d alerts beyond the first %d", dropped, maxAlerts)
		m.FaultCount += dropped - 1
	}
	if n := top.text("truncatedAlerts"); n != "" && n != "0" {
		m.fault("the sender left out %s alerts (max_alerts of its receiver)", clean(n, maxWord))
	}
	parsed := make([]loose, len(entries))
	for i, raw := range entries {
		parsed[i] = object(raw)
	}
	if top.has("orgId") || slices.ContainsFunc(parsed, func(o loose) bool {
		return o.has("silenceURL", "dashboardURL", "panelURL", "valueString", "values")
	}) {
		m.Source = bot.SourceGrafana
	}
	common := top.object("commonLabels").labels()
	for i, o := range parsed {
		if o == nil {
			m.fault("alert %d is no object", i+1)
			continue
		}
		m.Alerts = append(m.Alerts, m.alert(o, top, common))
	}
	if len(m.Alerts) == 0 && len(entries) > 0 {
		return Message{}, fmt.Errorf("%w: none of its %d alerts can be read: %s", ErrPayload, len(entries), m.Faults[len(m.Faults)-1])
	}
	return m, nil
}

// readMessage takes a message apart without holding a long list of alerts twice. dropped counts those beyond the bound;
// entries is nil where there is no list.
func readMessage(body []byte) (top loose, entries []json.RawMessage, dropped int, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	fail := func(err error) (loose, []json.RawMessage, int, error) {
		return nil, nil, 0, fmt.Errorf("%w: read its JSON at byte %d: %w", ErrPayload, d.InputOffset(), err)
	}
	if t, err := d.Token(); err != nil {
		return fail(err)
	} else if t != json.Delim('{') {
		return fail(errors.New("it is no object"))
	}
	top = loose{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return fail(err)
		}
		name, _ := key.(string) // the decoder lets nothing else be a key
		if name == "alerts" && nextIsList(body[d.InputOffset():]) {
			if _, err := d.Token(); err != nil {
				return fail(err)
			}
			if entries == nil {
				entries = []json.RawMessage{}
			}
			for d.More() {
				var raw json.RawMessage
				if err := d.Decode(&raw); err != nil {
					return fail(err)
				}
				if len(entries) == maxAlerts {
					dropped++
					continue
				}
				entries = append(entries, raw)
			}
			if _, err := d.Token(); err != nil {
				return fail(err)
			}
			continue
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fail(err)
		}
		top[name] = raw
	}
	if _, err := d.Token(); err != nil {
		return fail(err)
	}
	return top, entries, dropped, nil
}

// nextIsList says whether the value after a key is a list.
func nextIsList(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	return len(rest) > 0 && rest[0] == '['
}
