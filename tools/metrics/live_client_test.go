package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	promapi "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/oombot/oombot/investigations"
)

func TestBackoff(t *testing.T) {
	tests := []struct {
		status     int
		retryAfter string
		attempt    int
		least      time.Duration
		again      bool
	}{
		{200, "", 1, 0, false},
		{500, "1", 1, 0, false},
		{429, "", 1, patience, true},
		{429, "", 3, 4 * patience, true},
		{429, "", attempts, 8 * patience, false},
		{503, "2", 1, 2 * time.Second, true},
		{503, "0", 1, 0, true},
		{503, "3600", 1, maxPatience, false},
		{503, "-1", 1, patience, true},
		{503, "Wed, 21 Oct 2026 07:28:00 GMT", 1, patience, true},
	}
	for _, tt := range tests {
		res := &http.Response{StatusCode: tt.status, Header: http.Header{"Retry-After": {tt.retryAfter}}}
		wait, again := backoff(res, tt.attempt)
		if again != tt.again || wait < tt.least || tt.again && wait > tt.least+patience {
			t.Errorf("%d %q, attempt %d: %s %t", tt.status, tt.retryAfter, tt.attempt, wait, again)
		}
	}
}

func TestSleep(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	begun := time.Now()
	if sleep(ctx, time.Minute) || time.Since(begun) > 5*time.Second {
		t.Error("slept beyond the deadline")
	}
	if !sleep(ctx, time.Millisecond) {
		t.Error("did not sleep")
	}
	cancel()
	if sleep(ctx, time.Second) {
		t.Error("slept after the end")
	}
}

func TestFailure(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want error
		many bool
	}{
		{"time is up", ended, errors.New("x"), context.Canceled, false},
		{"too large", context.Background(), fmt.Errorf("%w: 1", investigations.ErrTooLarge), investigations.ErrTooLarge, true},
		{"too many points", context.Background(), &promapi.Error{Type: promapi.ErrBadData, Msg: "exceeded maximum resolution of 11,000 points"}, investigations.ErrUnavailable, true},
		{"too many samples", context.Background(), &promapi.Error{Type: promapi.ErrExec, Msg: "would load too many samples"}, investigations.ErrUnavailable, true},
		{"a bad query", context.Background(), &promapi.Error{Type: promapi.ErrBadData, Msg: "parse error"}, investigations.ErrUnavailable, false},
		{"no such path", context.Background(), fmt.Errorf("%w: status 404", investigations.ErrNotFound), investigations.ErrNotFound, false},
		{"anything", context.Background(), errors.New("x"), investigations.ErrUnavailable, false},
	}
	for _, tt := range tests {
		if got := failure(tt.ctx, tt.err); !errors.Is(got, tt.want) || tooMany(tt.err) != tt.many {
			t.Errorf("%s: %v, too many: %t", tt.name, got, tooMany(tt.err))
		}
		if got := sentinel(tt.ctx, failure(tt.ctx, tt.err)); !errors.Is(got, tt.want) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if failure(ended, nil) != nil {
		t.Error("no error became one")
	}
}
