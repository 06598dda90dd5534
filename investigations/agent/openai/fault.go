package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// maxSaid bounds what an error repeats of an endpoint's text.
const maxSaid = 200

// scrub makes text from outside fit for an error: without the key, redacted, on one line, and cut.
func scrub(s, key string) string {
	if len(key) >= 4 { // a shorter one is no secret, but a part of many a word
		s = strings.ReplaceAll(s, key, redact.Masked)
	}
	return investigations.CleanText(redact.Text(s), maxSaid)
}

// notSent is a request that can't be sent, as the library or we see it.
func notSent(err error) *investigations.ModelError {
	if errors.Is(err, errReasoningCalls) {
		return &investigations.ModelError{Fault: investigations.ModelUnsupported, What: investigations.WithoutFunctions, Err: err}
	}
	return &investigations.ModelError{
		Fault: investigations.ModelRefused, Err: fmt.Errorf("the request can't be sent: %s", scrub(err.Error(), "")),
	}
}

// fault says why there is no answer, and remembers what the endpoint doesn't offer.
func (c *Client) fault(limited context.Context, err error, r *api.ChatCompletionRequest, x *exchange, a *answer, key string) *investigations.ModelError {
	out := &investigations.ModelError{Status: x.status, Answered: a.began, Usage: a.usage}
	var f *failure
	switch {
	case errors.As(err, &f):
		c.explain(out, f, r, a)
		out.Err = errors.New(scrub(advice(out, f), key))
		return out
	case !x.sent:
		return notSent(err)
	case errors.Is(err, errTooLong), errors.Is(err, errGarbled):
		out.Fault, out.Answered = investigations.ModelGarbled, true
	case errors.Is(err, errCut):
		out.Fault = investigations.ModelCut
	case limited.Err() != nil:
		out.Fault = investigations.ModelLate
		err = fmt.Errorf("no whole answer came within %s", c.timeout)
	case x.status == 0:
		out.Fault = investigations.ModelDown
	default:
		out.Fault = investigations.ModelCut
		err = fmt.Errorf("%w: %s", errCut, err.Error())
	}
	out.Err = errors.New(scrub(err.Error(), key))
	return out
}

var (
	// tooLarge are the words for a request above the model's context.
	tooLarge = regexp.MustCompile(`context[_ ](?:length|window|size)|prompt is too long|prompt length|input is too long` +
		`|input token count|too many (?:input )?tokens|request too large|max_new_tokens\W* must be|reduce the length`)
	// noMoney are the words for an account that is used up, which no waiting fills.
	noMoney = regexp.MustCompile(`insufficient[_ ](?:quota|balance|credit|funds)|billing_(?:hard_limit|not_active)|out of credits|credit balance|requires more credits`)
	// badCalls are Groq's codes for an answer of the model that it could not read.
	badCalls = regexp.MustCompile(`tool_use_failed|json_validate_failed`)
	// maybeNoMoney says OpenAI of an empty account, and Gemini of a full minute as well.
	maybeNoMoney = regexp.MustCompile(`check your plan and billing|exceeded your current quota`)
)

// explain says what kind of fault f is.
func (c *Client) explain(out *investigations.ModelError, f *failure, r *api.ChatCompletionRequest, a *answer) {
	text := strings.ToLower(f.code + " " + f.message)
	out.RetryAfter = f.retryAfter
	inside := out.Status/100 == 2 // an error object in an answer
	out.Answered = out.Answered || inside
	switch {
	case inside && a.began:
		out.Fault = investigations.ModelCut
		return
	case f.status == http.StatusRequestEntityTooLarge, f.status != http.StatusUnauthorized && tooLarge.MatchString(text):
		out.Fault = investigations.ModelTooLarge
		return
	case badCalls.MatchString(text):
		out.Fault, out.Answered = investigations.ModelGarbled, true
		return
	case f.status == http.StatusPaymentRequired, noMoney.MatchString(text), maybeNoMoney.MatchString(text) && f.retryAfter == 0:
		out.Fault = investigations.ModelRefused
		return
	}
	if lost := refused(f, asked(r), c.name); len(lost) > 0 {
		c.remember(lost, text)
		out.Fault, out.What = investigations.ModelUnsupported, without[lost[0]]
		return
	}
	switch s := f.status; {
	case s == http.StatusTooManyRequests:
		out.Fault = investigations.ModelBusy
	case s == http.StatusRequestTimeout, s == http.StatusConflict, s == http.StatusTooEarly, s >= 500 && s != http.StatusNotImplemented:
		out.Fault = investigations.ModelDown
	case s >= 300:
		out.Fault = investigations.ModelRefused
	case r.Stream:
		out.Fault = investigations.ModelDown // an error before the first piece, which doesn't say of which kind
	default:
		out.Fault = investigations.ModelGarbled
	}
}

// tooMuch are the words for a limit that is refused for its size: its other name won't help.
var tooMuch = regexp.MustCompile(`too large|at most|less than|exceed|maximum`)

func (c *Client) remember(lost []feature, text string) {
	now := time.Now()
	for _, f := range lost {
		c.lacks.add(f, now)
		if f == completionLimit && tooMuch.MatchString(text) {
			c.lacks.add(tokenLimit, now)
		}
		c.log.Info("model endpoint refuses a part of requests; it is left out for an hour", "model", c.model, "what", without[f])
	}
}

// advice is the endpoint's text, and what to do about it.
func advice(e *investigations.ModelError, f *failure) string {
	said := strings.TrimSpace(f.message)
	if strings.HasPrefix(said, "<") {
		said = "a web page"
	}
	if said == "" {
		said = http.StatusText(f.status)
	}
	if e.Fault != investigations.ModelRefused {
		return said
	}
	// The advice comes first: what follows may be cut.
	switch f.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "check the API key and what it may use: " + said
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "check the model's name and the base URL: " + said
	case http.StatusPaymentRequired, http.StatusTooManyRequests:
		return "check the account's credit: " + said
	}
	if f.status/100 == 3 {
		return "check the base URL: " + said
	}
	return said
}
