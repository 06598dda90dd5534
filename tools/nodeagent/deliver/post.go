package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// postTimeout bounds one request to the end of its answer.
	postTimeout = 15 * time.Second
	// maxRetryAfter bounds how long the bot can have the agent wait.
	maxRetryAfter = 15 * time.Minute
	// answerLimit is how much of an answer is read.
	answerLimit = 64 << 10
)

// outcome is what became of a request.
type outcome int

const (
	delivered outcome = iota
	// later: the bot is away or busy.
	later
	// refused: it doesn't accept the token, or there is none.
	refused
	// tooLarge: it takes less.
	tooLarge
	// never: it doesn't take this report, however often it is sent.
	never
	// doubtful: something between agent and bot doesn't take this report, which may be over as soon as that is mended.
	doubtful
)

// answer is an outcome, why, and how long the bot wants to be left alone.
type answer struct {
	outcome outcome
	err     error
	after   time.Duration
}

// client speaks with the bot. It is used by one goroutine at a time.
type client struct {
	url, caFile string
	token       func() (string, error)
	fixed       http.RoundTripper

	ca   []byte
	http *http.Client
}

// post sends a body and says what became of it.
func (c *client) post(ctx context.Context, body []byte) answer {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := c.request(ctx, body)
	if err != nil {
		return answer{outcome: refused, err: err}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{outcome: later, err: fmt.Errorf("post to the bot: %s", clean(err.Error()))}
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, answerLimit)) // it only explains, and frees the connection
	return judge(res, text)
}

// request prepares a request with the token and the authorities of this moment.
func (c *client) request(ctx context.Context, body []byte) (*http.Request, error) {
	if err := c.trust(); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("post to the bot: %s", clean(err.Error()))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("User-Agent", "oombot-agent")
	// By it the bot knows how wrong the times are that this node tells.
	req.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	// To send twice does no harm, which lets net/http do so where a kept connection was just closed. An empty list of
	// values is not sent.
	req.Header["Idempotency-Key"] = nil
	if c.token == nil {
		return req, nil
	}
	token, err := c.token()
	token = strings.TrimSpace(token)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the token for the bot (the service account's that is mounted, or the one in the file of --token-file): %w", err)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("read the token for the bot: its file holds something else than a token")
	case token != "":
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

// trust makes a client that trusts the authorities in the file, where there is none yet or the file has changed.
func (c *client) trust() error {
	var ca []byte
	if c.caFile != "" {
		var err error
		if ca, err = os.ReadFile(c.caFile); err != nil {
			return fmt.Errorf("read the bot's certificate authority: %w", err)
		}
	}
	if c.http != nil && bytes.Equal(ca, c.ca) {
		return nil
	}
	var pool *x509.CertPool
	if c.caFile != "" {
		if pool = x509.NewCertPool(); !pool.AppendCertsFromPEM(ca) {
			return fmt.Errorf("read the bot's certificate authority: %s holds no certificate in PEM", c.caFile)
		}
	}
	c.close()
	transport := c.fixed
	if transport == nil {
		transport = newTransport(pool)
	}
	c.ca = ca
	c.http = &http.Client{
		Transport: transport,
		// What answers with a redirect is not the bot, and the token is not for others.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

// close gives up the connection that is kept.
func (c *client) close() {
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
}

// newTransport keeps one connection of HTTP/1.1, and asks no proxy: the bot is in the cluster, and the token is for it.
func newTransport(pool *x509.CertPool) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxIdleConns:           1,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        2 * time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              &protocols,
	}
}

// judge says what a status means.
func judge(res *http.Response, body []byte) answer {
	if res.StatusCode == http.StatusAccepted { // what answers any other 2xx is a server of something else
		return answer{}
	}
	err := fmt.Errorf("the bot answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	if text := strings.TrimSpace(clean(string(body))); text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	a := answer{outcome: later, err: err, after: retryAfter(res.Header.Get("Retry-After"), time.Now())}
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		a.outcome = refused
		a.err = fmt.Errorf("%w: check that the token's audience is the bot's agents.audience, that its account is agents.service_account, "+
			"that the node's name is that in Kubernetes, and outside Kubernetes that both have the same token file", err)
	case http.StatusServiceUnavailable:
		a.err = fmt.Errorf("%w: the bot's log says why", err)
	case http.StatusRequestEntityTooLarge:
		a.outcome = tooLarge
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		a.outcome = never
		if !ofTheBot(body) {
			a.outcome = doubtful
			a.err = fmt.Errorf("%w: it is not the bot that says so: check what stands before it", err)
		}
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
	default:
		if res.StatusCode < 500 {
			a.err = fmt.Errorf("%w: check that the url is the bot's", err)
		}
	}
	return a
}

// ofTheBot says whether a refusal is the bot's own, and not of a proxy before it.
func ofTheBot(body []byte) bool {
	var no investigations.NodeRefusal
	return json.Unmarshal(body, &no) == nil && no.By == investigations.RefusedByBot
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(s string, now time.Time) time.Duration {
	d := time.Duration(0)
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// clean makes the text of an error fit to be logged and sent.
func clean(s string) string { return investigations.CleanText(redact.Text(s), 300) }

// gone says that a context ended a request, not the bot.
func gone(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
