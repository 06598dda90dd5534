package names

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// refusal is an answer that is none. It wraps a sentinel where there is one for it.
type refusal struct {
	kind  error
	text  string
	after time.Duration
}

// Error says what was tried.
func (r *refusal) Error() string { return r.text }

// Unwrap returns the sentinel.
func (r *refusal) Unwrap() error { return r.kind }

// maxAfter bounds how long a server can have the agent wait.
const maxAfter = 5 * time.Minute

// get asks for pods and returns the answer's body. what begins with the verb.
func (n *Names) get(ctx context.Context, what string, q url.Values) (io.ReadCloser, error) {
	u := *n.base
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	req.Header.Set("Accept", "application/json")
	if err := n.authorize(req); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	res, err := n.http.Do(req)
	if err != nil {
		said := investigations.CleanText(redact.Text(err.Error()), 200)
		if unproven := (*tls.CertificateVerificationError)(nil); n.o.Source == SourceKubelet && errors.As(err, &unproven) {
			said = "the kubelet's certificate can't be checked: name its authority in agent.kubelet_ca_file, or set agent.kubelet_insecure: " +
				investigations.CleanText(unproven.Err.Error(), 150)
		}
		return nil, fmt.Errorf("%s: %w: %s", what, investigations.ErrUnavailable, said)
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 16<<10)) // it only explains
	return nil, n.refused(what, res, text)
}

// refused turns a status into an error that says what to do.
func (n *Names) refused(what string, res *http.Response, body []byte) error {
	var s status
	if json.Unmarshal(body, &s) != nil || s.Message == "" {
		s.Message = string(body)
	}
	said := investigations.CleanText(redact.Text(strings.TrimSpace(s.Message)), 150)
	r := &refusal{kind: investigations.ErrUnavailable}
	if seconds, err := strconv.ParseInt(res.Header.Get("Retry-After"), 10, 32); err == nil && seconds > 0 {
		r.after = min(time.Duration(seconds)*time.Second, maxAfter)
	}
	hint := ""
	switch res.StatusCode {
	case http.StatusGone:
		return errExpired
	case http.StatusUnauthorized:
		r.kind, hint = investigations.ErrForbidden, "the token is not accepted"
	case http.StatusForbidden:
		verb, _, _ := strings.Cut(what, " ")
		r.kind, hint = investigations.ErrForbidden, fmt.Sprintf("the agent's role lacks the verb %s on pods, in all namespaces", verb)
		if n.o.Source == SourceKubelet {
			hint = "the agent's role lacks the verb get on nodes/pods, or on nodes/proxy before Kubernetes 1.33"
		}
	}
	r.text = fmt.Sprintf("%s: %s: status %d", what, r.kind, res.StatusCode)
	for _, t := range []string{hint, said} {
		if t != "" {
			r.text += ": " + t
		}
	}
	return r
}

// brokenOff says that a watch ended before its end, as it does where a connection is cut or a server restarts: going on is
// all there is to do, and where that fails there is another error.
func brokenOff(err error) bool {
	return err != nil && !errors.As(err, new(*refusal)) && !errors.Is(err, investigations.ErrUnavailable) &&
		!errors.Is(err, investigations.ErrTooLarge) && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded) ||
		strings.Contains(err.Error(), "connection reset") || strings.Contains(err.Error(), "stream error") ||
		strings.Contains(err.Error(), "http2: "))
}
