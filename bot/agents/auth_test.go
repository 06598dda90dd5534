package agents

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/inbound"
)

// office reviews tokens: the middle of one says who it is of, as USER or USER@NODE; "bad" is refused, "down" can't be
// looked up.
type office struct {
	mu    sync.Mutex
	asked []string
	// at most how many asked at a time.
	busy, most int
}

func (o *office) Review(ctx context.Context, token string) (Identity, error) {
	o.mu.Lock()
	o.asked = append(o.asked, token)
	o.busy++
	o.most = max(o.most, o.busy)
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		o.busy--
		o.mu.Unlock()
	}()
	name := strings.Split(token, ".")[1]
	switch {
	case strings.HasPrefix(name, "bad"):
		return Identity{}, fmt.Errorf("as they say: %w", ErrRefused)
	case name == "down":
		return Identity{}, errors.New("connection refused")
	case name == "slow":
		<-ctx.Done()
		return Identity{}, ctx.Err()
	}
	user, node, _ := strings.Cut(name, "@")
	return Identity{User: user, Node: node}, nil
}

func (o *office) times() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

const agentUser = "system:serviceaccount:oombot:oombot-agent"

// TestTrust says who may report.
func TestTrust(t *testing.T) {
	shared := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
	broken := func() (string, error) { return "", errors.New("no such file") }
	tests := map[string]struct {
		token    func() (string, error)
		reviewer Reviewer
		account  string
		sent     string
		status   int
		outcome  inbound.Outcome
		says     string
	}{
		"shared":                        {shared("s3cret"), nil, "", "s3cret", 202, inbound.Accepted, ""},
		"shared, in a cluster too":      {shared("s3cret"), &office{}, "oombot/oombot-agent", "s3cret", 202, inbound.Accepted, ""},
		"none":                          {shared("s3cret"), nil, "", "", 401, inbound.Unauthorized, "bearer token"},
		"another":                       {shared("s3cret"), nil, "", "s3cre", 401, inbound.Unauthorized, "agents.token_file"},
		"longer":                        {shared("s3cret"), nil, "", "s3crets", 401, inbound.Unauthorized, "agents.token_file"},
		"none is configured":            {shared(" \n"), nil, "", "x", 401, inbound.Unauthorized, "no token is configured"},
		"none is configured or sent":    {shared(""), nil, "", "", 401, inbound.Unauthorized, "no token is configured"},
		"its file is gone":              {broken, &office{}, "oombot/oombot-agent", "a." + agentUser + ".c", 503, inbound.Unavailable, ""},
		"a service account":             {shared(""), &office{}, "oombot/oombot-agent", "a." + agentUser + ".c", 202, inbound.Accepted, ""},
		"beside a shared one":           {shared("s3cret"), &office{}, "oombot/oombot-agent", "a." + agentUser + ".c", 202, inbound.Accepted, ""},
		"of this node":                  {shared(""), &office{}, "oombot/oombot-agent", "a." + agentUser + "@n1.c", 202, inbound.Accepted, ""},
		"of another node":               {shared(""), &office{}, "oombot/oombot-agent", "a." + agentUser + "@n2.c", 403, inbound.Forbidden, "another node"},
		"another account":               {shared(""), &office{}, "oombot/oombot-agent", "a.system:serviceaccount:shop:default.c", 403, inbound.Forbidden, "agents.service_account"},
		"of the same name elsewhere":    {shared(""), &office{}, "oombot/oombot-agent", "a.system:serviceaccount:shop:oombot-agent.c", 403, inbound.Forbidden, "agents.service_account"},
		"a person":                      {shared(""), &office{}, "oombot/oombot-agent", "a.admin.c", 403, inbound.Forbidden, "agents.service_account"},
		"no account may":                {shared(""), &office{}, "", "a." + agentUser + ".c", 401, inbound.Unauthorized, "agents.service_account"},
		"no account may, nor is one":    {shared(""), &office{}, "", "a.system:serviceaccount::.c", 401, inbound.Unauthorized, "agents.service_account"},
		"not valid":                     {shared(""), &office{}, "oombot/oombot-agent", "a.bad.c", 401, inbound.Unauthorized, "agents.audience"},
		"no token of a service account": {shared(""), &office{}, "oombot/oombot-agent", "s3cret", 401, inbound.Unauthorized, "agents.audience"},
		"nobody can say":                {shared(""), &office{}, "oombot/oombot-agent", "a.down.c", 503, inbound.Unavailable, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.options.Token, r.options.Reviewer, r.options.ServiceAccount = tt.token, tt.reviewer, tt.account
			w := r.send(t, New(r.options), zipped(t, contract), tt.sent)
			if w.Code != tt.status || len(r.counted) != 1 || r.counted[0] != tt.outcome || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("answered %d %s, counted %v", w.Code, w.Body, r.counted)
			}
			if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") == "Bearer") || (w.Code == 503) != (w.Header().Get("Retry-After") != "") {
				t.Errorf("answered %d with %v", w.Code, w.Header())
			}
			if keys, _ := r.items(t); (len(keys) > 0) != (tt.status == 202) {
				t.Errorf("the inbox has %q", keys)
			}
			if tt.sent != "" && len(tt.sent) > 1 && strings.Contains(r.log.String(), tt.sent) {
				t.Errorf("the log tells the token: %s", r.log.String())
			}
		})
	}
}

// TestMethod takes POST only, from whomever.
func TestMethod(t *testing.T) {
	r := newRig(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/kernel-reports", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &recorder{header: http.Header{}}
	New(r.options).ServeHTTP(w, req)
	if w.status != http.StatusMethodNotAllowed {
		t.Errorf("answered %d", w.status)
	}
}

// recorder keeps the status of an answer.
type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(s int)           { r.status = s }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }

// TestReviewsAreRemembered counts what the API server is asked.
func TestReviewsAreRemembered(t *testing.T) {
	at, of := now, &office{}
	r := newReviews(of, func() time.Time { return at })
	ask := func(token string, want int) {
		t.Helper()
		if _, err := r.review(t.Context(), token); strings.Contains(token, "good") == (err != nil) {
			t.Errorf("%s: %v", token, err)
		}
		if got := of.times(); got != want {
			t.Errorf("%s at %s: asked %d times, want %d", token, at.Sub(now), got, want)
		}
	}
	ask("a.good.c", 1)
	ask("a.good.c", 1)
	ask("a.good.d", 2)
	ask("a.bad.c", 3)
	ask("a.bad.c", 3)
	ask("a.down.c", 4)
	ask("a.down.c", 5) // that it could not be asked is not remembered
	ask("junk", 5)
	ask("a.b."+strings.Repeat("c", maxToken), 5)
	at = now.Add(badFor)
	ask("a.bad.c", 6)
	ask("a.good.c", 6)
	at = now.Add(goodFor)
	ask("a.good.c", 7)
	for key := range r.known {
		if strings.Contains(string(key[:]), "good") {
			t.Error("a token is kept")
		}
	}
	for i := range 2 * maxAnswers {
		_, _ = r.review(t.Context(), fmt.Sprintf("a.bad%d.c", i))
	}
	if len(r.known) > maxAnswers {
		t.Errorf("%d answers are remembered", len(r.known))
	}
}

// TestReviewsAreBounded has more ask at a time than may be passed on.
func TestReviewsAreBounded(t *testing.T) {
	of := &office{}
	r := newReviews(of, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 5 * maxReviews {
		all.Go(func() {
			if _, err := r.review(ctx, fmt.Sprintf("a.slow.%d", i)); err == nil || errors.Is(err, ErrRefused) {
				t.Errorf("review: %v", err)
			}
		})
	}
	for of.times() < maxReviews {
		time.Sleep(time.Millisecond)
	}
	cancel()
	all.Wait()
	if of.most > maxReviews {
		t.Errorf("%d are under way at a time", of.most)
	}
}
