package alerts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// Limits of the bodies of webhooks, in bytes. Alertmanager sends all alerts of a group in one.
const (
	maxManagerBody = 16 << 20
	maxPagerBody   = 1 << 20
	// maxChunk bounds the alerts of one item of the inbox.
	maxChunk = 100
)

// Outcome is what became of one request: a closed set, fit to be a metric's label.
type Outcome string

// The outcomes of requests.
const (
	// OutcomeAccepted was written to the inbox, or was there already.
	OutcomeAccepted Outcome = "accepted"
	// OutcomeIgnored tells of nothing that matters.
	OutcomeIgnored Outcome = "ignored"
	// OutcomeMethod was no POST, OutcomeMedia no JSON by its own words.
	OutcomeMethod Outcome = "method"
	OutcomeMedia  Outcome = "media_type"
	// OutcomeAuth had no valid token or signature.
	OutcomeAuth Outcome = "unauthorized"
	// OutcomePayload could not be understood, OutcomeTooLarge was longer than is read.
	OutcomePayload  Outcome = "payload"
	OutcomeTooLarge Outcome = "too_large"
	// OutcomeUnavailable could not be written to the inbox or checked: the sender is to try again.
	OutcomeUnavailable Outcome = "unavailable"
)

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
	source string
	bodies *budget
	seldom *seldom
}

func newWebhook(source string, o Options) webhook {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Count == nil {
		o.Count = func(string, Outcome) {}
	}
	return webhook{Options: o, source: source, bodies: &budget{}, seldom: &seldom{}}
}

// refusal is an answer that is no success.
type refusal struct {
	outcome Outcome
	status  int
	// says is what the sender is told, err what stands in the log only.
	says string
	err  error
}

func (h webhook) refuse(w http.ResponseWriter, r *http.Request, no refusal) {
	h.Count(h.source, no.outcome)
	level := slog.LevelWarn
	if no.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []any{"source", h.source, "reason", string(no.outcome), "status", no.status, "says", no.says, "remote", r.RemoteAddr}
	if no.err != nil {
		attrs = append(attrs, "err", no.err)
	}
	if skipped, ok := h.seldom.now(h.Now(), no.outcome); ok {
		h.Log.Log(r.Context(), level, "webhook refused", append(attrs, "same_before", skipped)...)
	}
	http.Error(w, no.says, no.status)
}

func (h webhook) answer(w http.ResponseWriter, status int, o Outcome, says string) {
	h.Count(h.source, o)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, says)
}

// post lets only POST pass.
func (h webhook) post(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	h.refuse(w, r, refusal{outcome: OutcomeMethod, status: http.StatusMethodNotAllowed, says: "send it with POST"})
	return false
}

// body reads a body of at most limit bytes. free is to be called once it is not used any more, also where it is not ok.
func (h webhook) body(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, free func(), ok bool) {
	s := &share{of: h.bodies}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		h.refuse(w, r, refusal{outcome: OutcomeMedia, status: http.StatusUnsupportedMediaType, says: "send it without Content-Encoding"})
		return nil, s.free, false
	}
	body, err := io.ReadAll(counted{http.MaxBytesReader(w, r.Body, limit), s})
	if err == nil {
		return body, s.free, true
	}
	if errors.Is(err, errBusy) {
		w.Header().Set("Connection", "close") // what is still to come of it is not read
		h.unwritten(w, r, err)
		return nil, s.free, false
	}
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		h.refuse(w, r, refusal{
			outcome: OutcomeTooLarge, status: http.StatusRequestEntityTooLarge,
			says: fmt.Sprintf("the body has more than %d bytes; let the receiver send fewer alerts at a time", limit),
		})
		return nil, s.free, false
	}
	h.refuse(w, r, refusal{outcome: OutcomePayload, status: http.StatusBadRequest, says: "the body could not be read to its end", err: err})
	return nil, s.free, false
}

// unread refuses what can't be understood: with 415 where it doesn't even claim to be JSON.
func (h webhook) unread(w http.ResponseWriter, r *http.Request, err error) {
	no := refusal{outcome: OutcomePayload, status: http.StatusBadRequest, says: err.Error()}
	if media := r.Header.Get("Content-Type"); media != "" && !strings.Contains(strings.ToLower(media), "json") {
		no.outcome, no.status = OutcomeMedia, http.StatusUnsupportedMediaType
	}
	h.refuse(w, r, no)
}

// accept writes an event to the inbox.
func (h webhook) accept(ctx context.Context, key string, at time.Time, alerts []bot.Alert) error {
	return bot.Accept(ctx, h.Inbox, h.To, key, bot.Event{Kind: bot.EventAlerts, At: at.UTC(), Channel: h.Channel, Alerts: alerts})
}

// unwritten asks the sender to try again.
func (h webhook) unwritten(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Retry-After", "5")
	h.refuse(w, r, refusal{
		outcome: OutcomeUnavailable, status: http.StatusServiceUnavailable, says: "it could not be checked or stored; send it again", err: err,
	})
}
