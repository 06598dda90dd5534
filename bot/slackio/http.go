package slackio

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/slack-go/slack"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 1 << 20

// HTTPOptions are what an HTTP needs.
type HTTPOptions struct {
	Intake *Intake
	// Secret returns the signing secret. It is called for each request.
	Secret func() (string, error)
}

// HTTP hears from Slack by signed requests. A request that was signed more than five minutes ago, or by somebody else,
// is answered 401 without a word why; one that comes twice has no effect, by its key in the inbox. It answers 200 after
// the write to the inbox, and 503 where that fails. It is safe for concurrent use.
type HTTP struct {
	intake         *Intake
	secret         func() (string, error)
	forged, failed seldom
}

// NewHTTP returns an HTTP.
func NewHTTP(o HTTPOptions) *HTTP { return &HTTP{intake: o.Intake, secret: o.Secret} }

// Mount adds the paths /slack/events, /slack/interactions and /slack/commands to a mux.
func (h *HTTP) Mount(mux *http.ServeMux) {
	mux.HandleFunc("POST /slack/events", h.signed(h.events))
	mux.HandleFunc("POST /slack/interactions", h.signed(h.interactions))
	mux.HandleFunc("POST /slack/commands", h.signed(h.commands))
}

// signed reads a body and passes it on where Slack signed it.
func (h *HTTP) signed(next func(w http.ResponseWriter, r *http.Request, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			status := http.StatusBadRequest
			if _, large := errors.AsType[*http.MaxBytesError](err); large {
				status = http.StatusRequestEntityTooLarge
			}
			w.WriteHeader(status)
			return
		}
		secret, err := readToken("verify signature", h.secret)
		if err != nil {
			h.fail(w, "the signing secret of Slack can't be read; requests are refused", err)
			return
		}
		if err := verify(r.Header, secret, body); err != nil {
			if skipped, ok := h.forged.now(h.intake.now()); ok {
				h.intake.Log.Warn("a request that claims to come from Slack was refused", "path", r.URL.Path, "err", err, "same_before", skipped)
			}
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next(w, r, body)
	}
}

// errUnsigned is a signature that isn't Slack's. What it was made of is not told.
var errUnsigned = errors.New("the signature is missing, wrong or too old")

func verify(header http.Header, secret string, body []byte) error {
	v, err := slack.NewSecretsVerifier(header, secret)
	if err != nil {
		return errUnsigned
	}
	if _, err := v.Write(body); err != nil {
		return errUnsigned
	}
	if v.Ensure() != nil {
		return errUnsigned
	}
	return nil
}

func (h *HTTP) fail(w http.ResponseWriter, what string, err error) {
	if skipped, ok := h.failed.now(h.intake.now()); ok {
		h.intake.Log.Error("a request of Slack's is not taken", "why", what, "err", err, "same_before", skipped)
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (h *HTTP) events(w http.ResponseWriter, r *http.Request, body []byte) {
	payload, err := parseObject(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch payload.str("type") {
	case "url_verification":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, cut(payload.str("challenge"), 1024)) // whether it arrives is Slack's matter
		return
	case "app_rate_limited":
		h.intake.Log.Warn("Slack sends fewer events than there are, since there are too many")
	}
	h.take(w, r, kindEvents, payload)
}

func (h *HTTP) interactions(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	payload, err := parseObject([]byte(form.Get("payload")))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.take(w, r, kindInteractive, payload)
}

func (h *HTTP) commands(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	payload := object{}
	for name := range form {
		payload[name] = form.Get(name)
	}
	// Slack checks now and then whether anybody is there.
	if payload.str("ssl_check") == "1" {
		w.WriteHeader(http.StatusOK)
		return
	}
	h.take(w, r, kindCommand, payload)
}

// take answers once the inbox has it.
func (h *HTTP) take(w http.ResponseWriter, r *http.Request, kind string, payload object) {
	presses, err := h.intake.accept(r.Context(), kind, payload)
	if err != nil {
		h.fail(w, "it can't be kept; Slack sends it again", err)
		return
	}
	w.WriteHeader(http.StatusOK)
	h.intake.pressed(presses)
}
