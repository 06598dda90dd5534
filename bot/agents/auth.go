package agents

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/oombot/oombot/bot/inbound"
)

// ErrRefused says that whoever reviews tokens does not take one: it is expired, of another audience, or none.
var ErrRefused = errors.New("the token is not valid")

// Identity is whose a token is.
type Identity struct {
	// User is its name, as system:serviceaccount:oombot:oombot-agent.
	User string
	// Node is the node of the pod that the token is bound to; empty where that is not told.
	Node string
}

// Reviewer says whose a token is. It is safe for concurrent use.
type Reviewer interface {
	// Review returns an error of ErrRefused for a token that is not valid; any other one says that it could not be looked
	// up.
	Review(ctx context.Context, token string) (Identity, error)
}

const (
	// goodFor and badFor are how long an answer holds, of a token that is valid and of one that is not.
	goodFor = time.Minute
	badFor  = 10 * time.Second
	// maxAnswers bounds the answers that are remembered.
	maxAnswers = 10_000
	// maxReviews bounds how many are asked for at a time, reviewWithin how long one may take.
	maxReviews   = 8
	reviewWithin = 5 * time.Second
	// maxToken is the length of the longest token that is looked at, in bytes.
	maxToken = 16 << 10
)

// reviews asks a Reviewer, and remembers what it said. Tokens are remembered as their hashes.
type reviews struct {
	of  Reviewer
	now func() time.Time
	// slots holds one for each review that is under way.
	slots chan struct{}

	mu    sync.Mutex
	known map[[sha256.Size]byte]answer
}

type answer struct {
	who   Identity
	err   error
	until time.Time
}

func newReviews(of Reviewer, now func() time.Time) *reviews {
	return &reviews{of: of, now: now, slots: make(chan struct{}, maxReviews), known: map[[sha256.Size]byte]answer{}}
}

func (r *reviews) review(ctx context.Context, token string) (Identity, error) {
	// A token of a service account is a JWT: what is none need not bother the API server.
	if len(token) > maxToken || strings.Count(token, ".") != 2 {
		return Identity{}, fmt.Errorf("%w: it is none of a service account", ErrRefused)
	}
	key := sha256.Sum256([]byte(token))
	if a, ok := r.remembered(key); ok {
		return a.who, a.err
	}
	ctx, cancel := context.WithTimeout(ctx, reviewWithin)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Identity{}, fmt.Errorf("wait for other reviews of tokens: %w", ctx.Err())
	}
	if a, ok := r.remembered(key); ok {
		return a.who, a.err
	}
	who, err := r.of.Review(ctx, token)
	switch {
	case err == nil:
		r.remember(key, answer{who: who, until: r.now().Add(goodFor)})
	case errors.Is(err, ErrRefused):
		r.remember(key, answer{err: err, until: r.now().Add(badFor)})
	}
	return who, err
}

func (r *reviews) remembered(key [sha256.Size]byte) (answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.known[key]
	return a, ok && r.now().Before(a.until)
}

func (r *reviews) remember(key [sha256.Size]byte, a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= maxAnswers {
		now := r.now()
		for k, old := range r.known {
			if !now.Before(old.until) {
				delete(r.known, k)
			}
		}
		if len(r.known) >= maxAnswers { // there are that many at a time: they are asked for again
			clear(r.known)
		}
	}
	r.known[key] = a
}

// trusted says who sends; false where that is nobody who may, and is answered.
func (h *handler) trusted(w http.ResponseWriter, r *http.Request) (Identity, bool) {
	shared, err := h.o.Token()
	if err != nil {
		h.door.TryAgain(w, r, fmt.Errorf("read the token of node agents: %w", err))
		return Identity{}, false
	}
	shared = strings.TrimSpace(shared)
	token := inbound.Bearer(r)
	no := inbound.Refusal{
		Outcome: inbound.Unauthorized, Status: http.StatusUnauthorized, Says: "send the bearer token in the header Authorization",
	}
	switch {
	case shared == "" && h.reviews == nil:
		no.Says = "no token is configured here (agents.token_file), and there is no cluster that reviews those of service accounts"
	case token == "":
	case shared != "" && inbound.Same(token, shared):
		return Identity{}, true
	case h.reviews == nil:
		no.Says = "the token is not the one of agents.token_file"
	case h.o.ServiceAccount == "":
		no.Says = "no service account may report (agents.service_account)"
	default:
		return h.reviewed(w, r, token)
	}
	h.refuse(w, r, no)
	return Identity{}, false
}

// reviewed asks whose a token of a service account is.
func (h *handler) reviewed(w http.ResponseWriter, r *http.Request, token string) (Identity, bool) {
	who, err := h.reviews.review(r.Context(), token)
	want := "system:serviceaccount:" + strings.Replace(h.o.ServiceAccount, "/", ":", 1)
	switch {
	case errors.Is(err, ErrRefused):
		h.refuse(w, r, inbound.Refusal{
			Outcome: inbound.Unauthorized, Status: http.StatusUnauthorized, Says: "the token is not valid, or of another audience (agents.audience)", Err: err,
		})
	case err != nil:
		h.door.TryAgain(w, r, fmt.Errorf("review the token of a node agent: %w", err))
	case who.User != want:
		h.refuse(w, r, inbound.Refusal{
			Outcome: inbound.Forbidden, Status: http.StatusForbidden, Says: "this service account may not report (agents.service_account)",
			Err: fmt.Errorf("it is %s, and may be %s", quoted(who.User), want),
		})
	default:
		return who, true
	}
	return Identity{}, false
}

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, no inbound.Refusal) {
	if no.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	h.door.Refuse(w, r, no)
}
