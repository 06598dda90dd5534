package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/api"
	promapi "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/tools/endpoint"
)

const (
	// maxAnswer bounds one answer of the server: twice what the reader keeps of a query.
	maxAnswer = 32 << 20
	// attempts is how often a request is sent to a server that asks for patience, and patience the first wait
	// where it does not say how long. maxPatience bounds what it can ask for.
	attempts    = 4
	patience    = 250 * time.Millisecond
	maxPatience = 30 * time.Second
)

// caller sends one query's requests. It waits where the server asks for that, turns refusals into the sentinels of
// package investigations, and notes what client_golang does not hand on.
type caller struct {
	api.Client
	// partial is VictoriaMetrics' word for an answer with holes.
	partial bool
}

// Do sends a request, several times where the server is throttling or restarting.
func (c *caller) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	for attempt := 1; ; attempt++ {
		res, body, err := c.Client.Do(ctx, req.Clone(ctx))
		if err != nil {
			return res, body, err
		}
		wait, again := backoff(res, attempt)
		// A query that took too long does so again.
		if slow := bytes.Contains(body[:min(len(body), 256)], []byte(`"errorType":"timeout"`)); again && !slow && sleep(ctx, wait) {
			if err := rewind(req); err != nil {
				return res, nil, err
			}
			continue
		}
		c.partial = c.partial || bytes.Contains(body[:min(len(body), 256)], []byte(`"isPartial":true`))
		if res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusUnprocessableEntity {
			return res, body, nil // the body says why
		}
		return res, body, endpoint.Failure(res.StatusCode, redact.Text(string(body[:min(len(body), 1000)])))
	}
}

func rewind(req *http.Request) error {
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return fmt.Errorf("send again: %w", err)
	}
	req.Body = body
	return nil
}

// backoff says how long to wait before the next attempt, and false where there is none.
func backoff(res *http.Response, attempt int) (time.Duration, bool) {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	wait := patience << (attempt - 1)
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s >= 0 {
		wait = time.Duration(min(s, int(maxPatience/time.Second)+1)) * time.Second
	}
	return wait + rand.N(patience/2), attempt < attempts && wait <= maxPatience
}

// sleep waits, and reports false at once where that would take longer than ctx lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// failure says what an error of the API means and what to do about it.
func failure(ctx context.Context, err error) error {
	var ae *promapi.Error
	var ue *url.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: no answer in time: %w", investigations.ErrUnavailable, ctx.Err())
	case errors.Is(err, investigations.ErrForbidden):
		return fmt.Errorf("%w; set prometheus.bearer_token_file, or basic_user and basic_password_file, or the tenant "+
			"in headers, as X-Scope-OrgID", err)
	case errors.Is(err, investigations.ErrNotFound):
		return fmt.Errorf("%w; prometheus.url must hold the path that the API begins at, as /prometheus of Mimir", err)
	case errors.Is(err, investigations.ErrTooLarge), errors.Is(err, investigations.ErrUnavailable):
		return err
	case errors.As(err, &ae) && (ae.Type == promapi.ErrBadResponse || ae.Type == promapi.ErrClient && ae.Detail != ""):
		return noPrometheus(ae.Msg)
	case errors.As(err, &ae):
		return fmt.Errorf("%w: the server refuses the query (%s): %s",
			investigations.ErrUnavailable, clean(string(ae.Type)), clean(ae.Msg))
	case errors.As(err, &ue):
		return fmt.Errorf("%w: %s", investigations.ErrUnavailable, clean(ue.Err.Error()))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the connection was cut", investigations.ErrUnavailable)
	}
	return noPrometheus(err.Error())
}

func noPrometheus(why string) error {
	return fmt.Errorf("%w: the answer is none of a Prometheus API; does prometheus.url lead to one? (%s)",
		investigations.ErrUnavailable, clean(why))
}

func clean(s string) string { return investigations.CleanText(redact.Text(s), tellAtMost) }

// tooMany tells whether the server refuses a query for its size: too many points (11,000 in Prometheus), too many
// samples, too long an answer.
func tooMany(err error) bool {
	var ae *promapi.Error
	if errors.Is(err, investigations.ErrTooLarge) {
		return true
	}
	if !errors.As(err, &ae) {
		return false
	}
	for _, sign := range []string{"too many", "maximum resolution", "exceed", "limit"} {
		if bytes.Contains(bytes.ToLower([]byte(ae.Msg)), []byte(sign)) {
			return true
		}
	}
	return false
}
