package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/inbound"
)

// managerHook serves the webhooks of Alertmanager and Grafana.
type managerHook struct {
	webhook
	token func() (string, error)
	open  bool
	again *refires
}

// Alertmanager returns the handler of the webhooks of Alertmanager and Grafana. It answers 200 only when every alert of
// a message is in the inbox, and 503 where one can't be written: Alertmanager sends it again then, as it does for no
// other refusal. token returns the bearer token that is asked for, "" where none is configured: then everybody may send
// if open, and nobody otherwise. Its error is answered with 503.
func Alertmanager(o Options, token func() (string, error), open bool) http.Handler {
	return managerHook{webhook: newWebhook(bot.SourceAlertmanager, o), token: token, open: open, again: newRefires(maxRefires)}
}

// ServeHTTP implements http.Handler.
func (h managerHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.Post(w, r) || !h.authorized(w, r) {
		return
	}
	body, free, ok := h.body(w, r, maxManagerBody)
	defer free()
	if !ok {
		return
	}
	m, err := ParseAlertmanager(body)
	if err != nil {
		h.unread(w, r, err)
		return
	}
	if m.FaultCount > 0 {
		h.Log.WarnContext(r.Context(), "parts of a webhook could not be read", "source", m.Source, "group", m.Group,
			"count", m.FaultCount, "faults", strings.Join(m.Faults, "; "))
	}
	if len(m.Alerts) == 0 {
		h.Answer(w, http.StatusOK, inbound.Ignored, "there is no alert in it")
		return
	}
	now := h.Now()
	for chunk := range slices.Chunk(m.Alerts, maxChunk) {
		if err := h.accept(r.Context(), chunkKey(m, chunk, h.again), now, chunk); err != nil {
			h.TryAgain(w, r, err)
			return
		}
	}
	h.Answer(w, http.StatusOK, inbound.Accepted, fmt.Sprintf("accepted %d alerts", len(m.Alerts)))
}

// authorized lets only those pass who know the token.
func (h managerHook) authorized(w http.ResponseWriter, r *http.Request) bool {
	want, err := h.token()
	want = strings.TrimSpace(want)
	no := inbound.Refusal{Outcome: inbound.Unauthorized, Status: http.StatusUnauthorized, Says: "send the bearer token in the header Authorization"}
	switch {
	case err != nil:
		h.TryAgain(w, r, fmt.Errorf("read the bearer token of Alertmanager: %w", err))
		return false
	case want == "" && h.open:
		return true
	case want == "":
		no.Says = "no bearer token is configured here (alertmanager.bearer_token_file)"
	default:
		if inbound.Same(inbound.Bearer(r), want) {
			return true
		}
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	h.Refuse(w, r, no)
	return false
}

// chunkKey is the natural key of some alerts of a message.
func chunkKey(m Message, chunk []bot.Alert, again *refires) string {
	sum := sha256.New()
	// None of these texts holds a NUL: they are cleaned.
	_, _ = io.WriteString(sum, m.Source+"\x00"+m.Group+"\x00"+m.Status+"\x00")
	for _, a := range chunk {
		_, _ = fmt.Fprintf(sum, "%s\x00%t\x00", a.ID, a.Resolved)
		if n := again.seen(m.Group, a); n > 0 {
			_, _ = fmt.Fprintf(sum, "again %d\x00", n)
		}
	}
	return "alertmanager/" + hex.EncodeToString(sum.Sum(nil))
}
