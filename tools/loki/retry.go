package loki

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
)

const (
	// tries is how often a request is sent at most, and maxPause the longest pause that we take of ourselves.
	tries    = 4
	maxPause = 3 * time.Second
)

// refusal is an answer with a status that is not 200.
type refusal struct {
	status int
	// body is the beginning of what the server said.
	body string
	err  error
}

// Error says what the server answered, and what to do where that is known.
func (r *refusal) Error() string { return r.err.Error() }

// Unwrap returns an error that wraps the sentinel for the status.
func (r *refusal) Unwrap() error { return r.err }

func refused(status int, body string) error {
	err := endpoint.Failure(status, body)
	if err == nil {
		err = fmt.Errorf("%w: status %d", investigations.ErrUnavailable, status)
	}
	hint := ""
	switch {
	case status == http.StatusUnauthorized && strings.Contains(body, "org id"):
		hint = "; this Loki has tenants: name one as X-Scope-OrgID in loki.headers"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		hint = "; give loki.bearer_token_file or loki.basic_user, and the tenant in loki.headers"
	case status == http.StatusNotFound:
		hint = "; is loki.url the address of a Loki, without /loki/api/v1?"
	}
	return &refusal{status: status, body: body[:min(len(body), 1000)], err: fmt.Errorf("loki: %w%s", err, hint)}
}

// get sends a request, again where that may help, and returns the body of the answer.
func (c *Client) get(ctx context.Context, path string, params url.Values) ([]byte, error) {
	pause := c.pause
	for n := 1; ; n++ {
		body, header, err := c.once(ctx, path, params)
		if err == nil || n == tries || !transient(ctx, err) {
			return body, err
		}
		wait := pause/2 + rand.N(pause/2+1)
		if asked, ok := retryAfter(header, time.Now()); ok {
			wait = asked
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return nil, err // waiting would end in a worse reason
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		case <-timer.C:
		}
		pause = min(2*pause, maxPause)
	}
}

// transient says whether the same request may succeed a little later.
func transient(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, investigations.ErrTooLarge) {
		return false
	}
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		return true // the connection failed, or broke off
	}
	switch r.status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 1e6 {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}
