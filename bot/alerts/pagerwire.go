package alerts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// maxPagerAnswer bounds an answer in bytes; a page of alerts with details at PagerDuty's own limit is smaller.
	maxPagerAnswer = 64 << 20
	// maxPagerWait bounds what PagerDuty can ask to wait.
	maxPagerWait = time.Hour
	// maxSays bounds what is told of PagerDuty's own words.
	maxSays = 300
)

// call makes one request.
func (p *Pager) call(ctx context.Context, what, incident string, do func(context.Context, *pagerduty.Client) error) error {
	what += " " + quoted(incident)
	if !pagerID.MatchString(incident) {
		return fmt.Errorf("%s: that is no id of an incident: %w", what, investigations.ErrNotFound)
	}
	if p.o.Token == nil {
		return fmt.Errorf("%s: the API token (pagerduty.api_token_file) is %w", what, investigations.ErrNotConfigured)
	}
	token, err := p.o.Token()
	if err != nil {
		return fmt.Errorf("%s: read the API token: %w", what, err)
	}
	if token = strings.TrimSpace(token); token == "" {
		return fmt.Errorf("%s: the API token (pagerduty.api_token_file) is %w", what, investigations.ErrNotConfigured)
	}
	if strings.ContainsFunc(token+p.o.From, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("%s: the API token or pagerduty.from has characters that no header can have", what)
	}
	timed, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	ex := &exchange{transport: p.o.Transport}
	client := pagerduty.NewClient(token, pagerduty.WithAPIEndpoint(p.o.URL))
	client.HTTPClient = ex
	err = do(timed, client)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		// The library hides it.
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case timed.Err() != nil:
		return fmt.Errorf("%s: no answer within %s: %w", what, p.o.Timeout, investigations.ErrUnavailable)
	}
	return fmt.Errorf("%s: %w", what, ex.fault(err, token))
}

// exchange makes the requests of one call, without following redirects, and keeps what the library doesn't tell. It
// implements pagerduty.HTTPClient.
type exchange struct {
	transport http.RoundTripper
	status    int
	after     time.Duration
}

// Do implements pagerduty.HTTPClient.
func (e *exchange) Do(r *http.Request) (*http.Response, error) {
	resp, err := e.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	e.status = resp.StatusCode
	for _, name := range []string{"Retry-After", "ratelimit-reset"} {
		if s, err := strconv.Atoi(resp.Header.Get(name)); err == nil && s > 0 && e.after == 0 {
			e.after = min(time.Duration(s)*time.Second, maxPagerWait)
		}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxPagerAnswer), resp.Body}
	return resp, nil
}

// fault turns the library's error into ours, without the token.
func (e *exchange) fault(err error, token string) error {
	says := clean(strings.ReplaceAll(err.Error(), token, redact.Masked), maxSays)
	var refused pagerduty.APIError
	switch {
	case errors.As(err, &refused):
		f := &PagerError{Status: refused.StatusCode}
		if errors.Is(f, investigations.ErrUnavailable) {
			f.After = e.after
		}
		// What the library says where PagerDuty said nothing repeats the status.
		if o := refused.APIError; o.Valid {
			f.says = clean(strings.ReplaceAll(strings.Join(append([]string{o.ErrorObject.Message}, o.ErrorObject.Errors...), "; "), token, redact.Masked), maxSays)
		}
		return f
	case e.status == 0:
		return fmt.Errorf("%s: %w", says, investigations.ErrUnavailable)
	}
	return fmt.Errorf("read PagerDuty's answer: %s: %w", says, investigations.ErrUnavailable)
}

// PagerError is a refusal of PagerDuty's. Its text holds no token.
type PagerError struct {
	// Status is that of HTTP.
	Status int
	// After is when to try again; 0: not told.
	After time.Duration
	says  string
}

// Error implements error.
func (e *PagerError) Error() string {
	s := fmt.Sprintf("PagerDuty answered %d", e.Status)
	if hint := pagerHints[e.Status]; hint != "" {
		s += " (" + hint + ")"
	}
	if e.After > 0 {
		s += ", try again after " + e.After.String()
	}
	if e.says != "" {
		s += ": " + e.says
	}
	return s
}

var pagerHints = map[int]string{
	http.StatusBadRequest:      "it did not like the request: is pagerduty.from the address of a user of this account?",
	http.StatusUnauthorized:    "it does not know the API token",
	http.StatusForbidden:       "the API token may not do that; a read-only token can't write notes",
	http.StatusNotFound:        "it has no such incident",
	http.StatusTooManyRequests: "it is asked too often",
}

// Unwrap returns the sentinel of the kind of failure; nil where there is none.
func (e *PagerError) Unwrap() error {
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return investigations.ErrForbidden
	case e.Status == http.StatusNotFound:
		return investigations.ErrNotFound
	case e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError:
		return investigations.ErrUnavailable
	}
	return nil
}
