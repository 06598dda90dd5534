package alerts

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

const (
	// DefaultPagerURL is PagerDuty's API.
	DefaultPagerURL = "https://api.pagerduty.com"
	// DefaultPagerTimeout bounds one request to it.
	DefaultPagerTimeout = 10 * time.Second

	// maxPage and maxPages bound the alerts that are read of an incident; a page is the largest that PagerDuty gives.
	maxPage  = 100
	maxPages = 5
	// maxNote bounds a note, in bytes.
	maxNote = 20000
)

// PagerOptions say how PagerDuty's API is reached.
type PagerOptions struct {
	// URL is its address; empty: DefaultPagerURL.
	URL string
	// Token returns the API token; it is asked for each call, so that a new one holds at once.
	Token func() (string, error)
	// From is the e-mail address of the PagerDuty user in whose name notes are written.
	From string
	// Timeout bounds one request; 0: DefaultPagerTimeout.
	Timeout time.Duration
	// Transport is how requests are made; nil: http.DefaultTransport.
	Transport http.RoundTripper
}

// Pager is PagerDuty's API. Its errors are of investigations.ErrForbidden, ErrNotFound, ErrUnavailable or ErrNotConfigured
// where one of them fits, and a *PagerError where PagerDuty answered; none holds the token.
type Pager struct{ o PagerOptions }

var _ bot.Pager = (*Pager)(nil)

// NewPager returns a Pager. It sends nothing yet.
func NewPager(o PagerOptions) *Pager {
	if o.URL == "" {
		o.URL = DefaultPagerURL
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultPagerTimeout
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	o.URL = strings.TrimRight(o.URL, "/")
	return &Pager{o: o}
}

// Alerts returns the alerts of an incident, at most 500, with what their details say. Group is the incident, ID the
// incident and the alert.
func (p *Pager) Alerts(ctx context.Context, incident string) ([]bot.Alert, error) {
	var out []bot.Alert
	for page := range maxPages {
		var got *pagerduty.ListAlertsResponse
		err := p.call(ctx, "list the alerts of PagerDuty incident", incident, func(ctx context.Context, c *pagerduty.Client) (err error) {
			got, err = c.ListIncidentAlertsWithContext(ctx, incident, pagerduty.ListIncidentAlertsOptions{Limit: maxPage, Offset: uint(page * maxPage)})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, a := range got.Alerts {
			out = append(out, pagerAlert(incident, a))
		}
		if !got.More || len(got.Alerts) == 0 {
			break
		}
	}
	return out, nil
}

// Note adds a note to an incident, which ends in "(oombot MARK)". Where a note with that mark is there already it does
// nothing, so that it may be tried again after an error that leaves open whether it was written.
func (p *Pager) Note(ctx context.Context, incident, mark, text string) error {
	if p.o.From == "" {
		return fmt.Errorf("add a note to PagerDuty incident %s: the address of a PagerDuty user (pagerduty.from) is %w", quoted(incident), investigations.ErrNotConfigured)
	}
	tail := "(oombot " + mark + ")"
	var notes []pagerduty.IncidentNote
	err := p.call(ctx, "list the notes of PagerDuty incident", incident, func(ctx context.Context, c *pagerduty.Client) (err error) {
		notes, err = c.ListIncidentNotesWithContext(ctx, incident)
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range notes {
		if strings.Contains(n.Content, tail) {
			return nil
		}
	}
	content := cut(strings.TrimSpace(text), maxNote-len(tail)-1)
	return p.call(ctx, "add a note to PagerDuty incident", incident, func(ctx context.Context, c *pagerduty.Client) error {
		_, err := c.CreateIncidentNoteWithContext(ctx, incident, pagerduty.IncidentNote{
			Content: strings.TrimSpace(content + "\n" + tail),
			// The library puts this into the header From.
			User: pagerduty.APIObject{Summary: p.o.From},
		})
		return err
	})
}

// cut shortens a text of several lines to limit bytes, at a rune, and says so.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	s = s[:limit-len("…")]
	for s != "" && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
