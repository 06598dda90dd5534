package alerts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/PagerDuty/go-pagerduty/webhookv3"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/inbound"
)

const signatureHeader = "X-PagerDuty-Signature"

// pagerHook serves the webhooks of PagerDuty.
type pagerHook struct {
	webhook
	secret func() (string, error)
}

// PagerDuty returns the handler of PagerDuty's V3 webhooks. It answers 202 only when the event is in the inbox, or where
// it is of no use, and 503 where it can't be written. secret returns the webhook's signing secret; without one, and
// without a valid signature, everything is refused. A signature has no time in it: an event that is sent again later is
// known by its id, and has no effect.
func PagerDuty(o Options, secret func() (string, error)) http.Handler {
	return pagerHook{webhook: newWebhook(bot.SourcePagerDuty, o), secret: secret}
}

// ServeHTTP implements http.Handler.
func (h pagerHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.Post(w, r) {
		return
	}
	body, free, ok := h.body(w, r, maxPagerBody)
	defer free()
	if !ok || !h.signed(w, r, body) {
		return
	}
	e, err := ParsePagerDuty(body)
	switch {
	case err != nil:
		h.unread(w, r, err)
		return
	case e.Ignored:
		h.Answer(w, http.StatusAccepted, inbound.Ignored, "events of this type are not used")
		return
	}
	at := h.Now()
	if !e.At.IsZero() && e.At.Before(at) {
		at = e.At
	}
	if err := h.accept(r.Context(), eventKey(e.ID, body), at, []bot.Alert{e.Alert}); err != nil {
		h.TryAgain(w, r, err)
		return
	}
	h.Answer(w, http.StatusAccepted, inbound.Accepted, "accepted")
}

// signed lets only those pass who know the secret.
func (h pagerHook) signed(w http.ResponseWriter, r *http.Request, body []byte) bool {
	secret, err := h.secret()
	secret = strings.TrimSpace(secret)
	if err != nil {
		h.TryAgain(w, r, fmt.Errorf("read the webhook secret of PagerDuty: %w", err))
		return false
	}
	no := inbound.Refusal{Outcome: inbound.Unauthorized, Status: http.StatusUnauthorized, Says: "no webhook secret is configured here (pagerduty.webhook_secret_file)"}
	if secret != "" {
		err := verify(r.Header, body, secret)
		if err == nil {
			return true
		}
		no.Says, no.Err = "the header "+signatureHeader+" is missing or does not fit the body", err
	}
	h.Refuse(w, r, no)
	return false
}

// verify checks the signatures of a body, of which one must fit: there are several while the secret is changed. The
// library reads only the first header, and no space after a comma.
func verify(header http.Header, body []byte, secret string) error {
	if len(body) == 0 {
		return errors.New("the body is empty")
	}
	joined := strings.Join(header.Values(signatureHeader), ",")
	joined = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, joined)
	return webhookv3.VerifySignature(&http.Request{
		Header: http.Header{http.CanonicalHeaderKey(signatureHeader): {joined}}, Body: io.NopCloser(bytes.NewReader(body)),
	}, secret)
}

// eventKey is the natural key of an event.
func eventKey(id string, body []byte) string {
	if id == "" {
		sum := sha256.Sum256(body)
		id = "sha256:" + hex.EncodeToString(sum[:])
	}
	return "pagerduty/" + bounded(id)
}
