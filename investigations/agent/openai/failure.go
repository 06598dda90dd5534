package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// failure is an endpoint's answer that is an error: one with such a status, or an error object in an answer with 200.
type failure struct {
	// status is the HTTP status, or the one that the error object names; 0 for neither.
	status int
	// message, code and param are as the endpoint says; message is never redacted yet.
	message, code, param string
	retryAfter           time.Duration
}

// Error implements error. It is for logs of tests only: its text is the endpoint's.
func (f *failure) Error() string { return fmt.Sprintf("status %d: %s", f.status, f.message) }

// maxMessage bounds the text of an error that is looked at.
const maxMessage = 4 << 10

// newFailure reads an error's body, in whichever form: OpenAI's {"error": {…}}, a list of one (Gemini), {"error": "…"}
// (Ollama, LM Studio), {"object": "error", "message": …} (vLLM, Mistral), {"detail": …} (FastAPI), {"errors": […]}
// (Cloudflare), or no JSON at all.
func newFailure(status int, header http.Header, body []byte, now time.Time) *failure {
	f := &failure{status: status}
	f.read(body, 0)
	if f.message == "" {
		f.message = string(bytes.TrimSpace(body))
	}
	if len(f.message) > maxMessage {
		f.message = f.message[:maxMessage]
	}
	f.retryAfter = retryAfter(header, body, now)
	return f
}

// wireError holds the keys of all forms.
type wireError struct {
	Error, Errors, Message, Detail, Msg json.RawMessage
	Code, Type, Status, Param           json.RawMessage
	Metadata, Raw, Loc                  json.RawMessage
}

// read takes what it finds in raw, objects within objects included: gateways pass on the errors of others as text.
func (f *failure) read(raw []byte, depth int) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || depth > 5 || bytes.Equal(raw, []byte("null")) {
		return
	}
	switch raw[0] {
	case '"':
		text := textOf(raw)
		if inner := strings.TrimSpace(text); strings.HasPrefix(inner, "{") && json.Valid([]byte(inner)) {
			f.read([]byte(inner), depth+1)
			return
		}
		f.say(text)
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			for _, item := range list[:min(len(list), 10)] {
				f.read(item, depth+1)
			}
		}
	case '{':
		var e wireError
		if err := json.Unmarshal(raw, &e); err == nil {
			f.take(&e, depth)
		}
	}
}

func (f *failure) take(e *wireError, depth int) {
	var loc []any
	if json.Unmarshal(e.Loc, &loc) == nil && len(loc) > 0 {
		// What FastAPI refuses: where it stands, and why. The input that is refused stands beside it, and is no word of it.
		var where []string
		for _, part := range loc {
			where = append(where, fmt.Sprint(part))
		}
		f.say(strings.Join(where, ".") + ": " + textOf(e.Msg) + " (" + textOf(e.Type) + ")")
		return
	}
	for _, inner := range []json.RawMessage{e.Error, e.Errors, e.Message, e.Detail, e.Metadata, e.Raw} {
		f.read(inner, depth+1)
	}
	if f.param == "" {
		f.param = textOf(e.Param)
	}
	for _, raw := range []json.RawMessage{e.Code, e.Type, e.Status} {
		code := textOf(raw)
		if n, err := strconv.Atoi(code); err == nil {
			if n >= 400 && n < 600 && (f.status == 0 || f.status == http.StatusOK) {
				f.status = n
			}
			continue
		}
		if code != "" && !strings.Contains(f.code, code) {
			f.code = strings.TrimSpace(f.code + " " + code)
		}
	}
}

func (f *failure) say(text string) {
	if text = strings.TrimSpace(text); text == "" || strings.Contains(f.message, text) {
		return
	}
	if f.message != "" {
		f.message += "; "
	}
	f.message += text
}

// textOf returns a JSON string's text, and a number or a truth value as it is written; "" for all else.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if len(raw) > 0 && raw[0] != '{' && raw[0] != '[' && raw[0] != 'n' {
		return string(raw)
	}
	return ""
}

// maxRetryAfter bounds what is believed of a time to come back.
const maxRetryAfter = 24 * time.Hour

// comeBack is how endpoints without a header for it say when to come back: "Please try again in 1m2.5s", and Gemini's
// "retryDelay": "25s".
var comeBack = regexp.MustCompile(`(?i)(?:(?:try again|retry) (?:in|after) |"retryDelay":\s*")((?:\d+(?:\.\d+)?(?:ms|s|m|h))+)`)

// retryAfter returns how long an endpoint asks to wait; 0 where it doesn't say. A date that has passed is a moment.
func retryAfter(h http.Header, body []byte, now time.Time) time.Duration {
	var wait time.Duration
	if ms, err := strconv.ParseFloat(strings.TrimSpace(h.Get("Retry-After-Ms")), 64); err == nil && ms >= 0 {
		wait = bounded(ms / 1e3)
	} else if value := strings.TrimSpace(h.Get("Retry-After")); value != "" {
		if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
			wait = bounded(seconds)
		} else if at, err := http.ParseTime(value); err == nil {
			wait = max(at.Sub(now), time.Millisecond)
		}
	}
	if wait == 0 {
		if found := comeBack.FindSubmatch(body); found != nil {
			wait, _ = time.ParseDuration(string(found[1])) // the pattern lets nothing else through but what overflows: 0
		}
	}
	return min(max(wait, 0), maxRetryAfter)
}

// bounded turns seconds into a duration that doesn't overflow.
func bounded(seconds float64) time.Duration {
	if !(seconds < maxRetryAfter.Seconds()) { // NaN too
		return maxRetryAfter
	}
	return time.Duration(seconds * float64(time.Second))
}
