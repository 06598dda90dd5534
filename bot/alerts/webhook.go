package alerts

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/inbound"
	"github.com/oombot/oombot/investigations"
)

// Limits of the bodies of webhooks, in bytes. Alertmanager sends all alerts of a group in one.
const (
	maxManagerBody = 16 << 20
	maxPagerBody   = 1 << 20
	// maxHeld bounds what is held of all bodies of a source at a time.
	maxHeld = 32 << 20
	// maxChunk bounds the alerts of one item of the inbox.
	maxChunk = 100
)

// Outcome is what became of one request: a closed set, fit to be a metric's label.
type Outcome = inbound.Outcome

// Options are what the webhooks work with.
type Options struct {
	// Inbox is where alerts are written before they are acknowledged, To who takes them from there.
	Inbox investigations.Inbox
	To    bot.Receiver
	// Channel is where their incidents are shown.
	Channel string
	Log     *slog.Logger
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
	// Count is told the outcome of each request, by bot.SourceAlertmanager or bot.SourcePagerDuty; nil: nobody is. It may
	// be called from several goroutines at a time.
	Count func(source string, o Outcome)
}

// webhook is what both handlers share.
type webhook struct {
	Options
	*inbound.Door
}

func newWebhook(source string, o Options) webhook {
	if o.Now == nil {
		o.Now = time.Now
	}
	in := inbound.Options{Source: source, Log: o.Log, Now: o.Now, MaxHeld: maxHeld}
	if o.Count != nil {
		in.Count = func(out Outcome) { o.Count(source, out) }
	}
	return webhook{Options: o, Door: inbound.New(in)}
}

// body reads a body of at most limit bytes. free is to be called once it is not used any more, also where it is not ok.
func (h webhook) body(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, free func(), ok bool) {
	return h.Body(w, r, inbound.Limits{Sent: limit, Advice: "let the receiver send fewer alerts at a time"})
}

// unread refuses what can't be understood: with 415 where it doesn't even claim to be JSON.
func (h webhook) unread(w http.ResponseWriter, r *http.Request, err error) {
	no := inbound.Refusal{Outcome: inbound.Payload, Status: http.StatusBadRequest, Says: err.Error()}
	if media := r.Header.Get("Content-Type"); media != "" && !strings.Contains(strings.ToLower(media), "json") {
		no.Outcome, no.Status = inbound.Media, http.StatusUnsupportedMediaType
	}
	h.Refuse(w, r, no)
}

// accept writes an event to the inbox.
func (h webhook) accept(ctx context.Context, key string, at time.Time, alerts []bot.Alert) error {
	return bot.Accept(ctx, h.Inbox, h.To, key, bot.Event{Kind: bot.EventAlerts, At: at.UTC(), Channel: h.Channel, Alerts: alerts})
}
