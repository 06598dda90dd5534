package kubeclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/oombot/oombot/investigations"
)

var errTooLarge = investigations.ErrTooLarge

// try asks the server in each of a resource's versions until it knows one, and again where it restarts or is
// overloaded. client-go itself waits and repeats on 429 and 5xx with Retry-After.
func (c *Cluster) try(ctx context.Context, what string, r Resource, ask func(version string) error) error {
	var err error
	for _, version := range r.Versions {
		err = c.patiently(ctx, what, func() error { return ask(version) })
		if !unknownResource(err) {
			break
		}
	}
	switch {
	case err == nil:
		return nil
	case r.Custom && unknownResource(err):
		return nil // the server has no such definition, so there are none
	case ctx.Err() != nil:
		return timeOut(ctx, what)
	}
	return explain(what, r, err)
}

// patiently repeats what fails because the server is not there at the moment, until ctx ends or the fault stays.
func (c *Cluster) patiently(ctx context.Context, what string, ask func() error) error {
	var last error
	backoff := wait.Backoff{Duration: firstPause, Factor: 2, Jitter: 0.2, Steps: 6, Cap: longPause}
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(context.Context) (bool, error) {
		last = ask()
		if last == nil || !passing(last) {
			return true, last
		}
		c.log.Debug("asked the API server again", "call", what, "err", last)
		return false, nil
	})
	if err != nil && last != nil {
		return last
	}
	return err
}

// passing says that the same call may well succeed in a moment.
func passing(err error) bool {
	if isContext(err) {
		return false
	}
	var netError net.Error
	return apierrors.IsServerTimeout(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsInternalError(err) ||
		utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsHTTP2ConnectionLost(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &netError) && netError.Timeout() || brokenOff(err)
}

// brokenOff says that an answer ended before its end. client-go says so in words, and so does net/http of a stream of
// HTTP/2 that the server reset.
func brokenOff(err error) bool {
	return !errors.Is(err, errTooLarge) &&
		(strings.Contains(err.Error(), "Please retry") || strings.Contains(err.Error(), "stream error: stream ID"))
}

// unknownResource says that the server has no such kind, which is something else than having no such object.
func unknownResource(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// explain turns a client's error into one that says what to do and wraps a sentinel.
func explain(what string, r Resource, err error) error {
	switch {
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: %w: %s", what, investigations.ErrForbidden, permission(what, r, err))
	case apierrors.IsNotFound(err), apierrors.IsGone(err):
		return fmt.Errorf("%s: %w", what, investigations.ErrNotFound)
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %s", what, investigations.ErrUnavailable, investigations.CleanText(err.Error(), 200))
}

// permission says what is missing; what begins with the verb.
func permission(what string, r Resource, err error) string {
	if apierrors.IsUnauthorized(err) {
		return "the API server does not accept the credentials"
	}
	verb, _, _ := strings.Cut(what, " ")
	return fmt.Sprintf("the role lacks the verb %s on %s (deploy/rbac.yaml has it)", verb, r.qualified())
}

func timeOut(ctx context.Context, what string) error {
	return fmt.Errorf("%s: %w: no answer in time: %w", what, investigations.ErrUnavailable, ctx.Err())
}

func isContext(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// boundBodies cuts off answers that are longer than limit bytes.
func boundBodies(limit int64) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			res, err := next.RoundTrip(r)
			if err == nil && res.Body != nil {
				res.Body = &boundedBody{ReadCloser: res.Body, left: limit}
			}
			return res, err
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read reads on; beyond the limit its error wraps investigations.ErrTooLarge.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: the answer is longer than is read", errTooLarge)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
