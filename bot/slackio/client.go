package slackio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
)

// DefaultAPI is where Slack is.
const DefaultAPI = "https://slack.com/api/"

// defaultTimeout bounds one request, answer included.
const defaultTimeout = 15 * time.Second

// ClientOptions are what a Client needs.
type ClientOptions struct {
	// Token returns the bot's token. It is called before each request, so that a token that was rotated holds at once;
	// it is to return at once, and to be safe for concurrent use.
	Token func() (string, error)
	// API is the Web API's URL; empty: DefaultAPI.
	API string
	// Timeout bounds one request; 0: 15 s.
	Timeout time.Duration
	// Now is the clock of what is remembered; nil: time.Now.
	Now func() time.Time
}

// Client is the bot in a workspace by Slack's Web API: bot.Slack. It is safe for concurrent use.
type Client struct {
	token func() (string, error)
	api   string
	http  *http.Client

	people  *cache[bot.Person]
	members *cache[[]string]

	mu sync.Mutex
	// held is of the token that was used last.
	held  string
	slack *slack.Client
	// self is who the bot is by the token selfOf.
	self   Self
	selfOf string
}

var _ bot.Slack = (*Client)(nil)

// NewClient returns a Client. It calls nobody.
func NewClient(o ClientOptions) *Client {
	now := o.Now
	if now == nil {
		now = time.Now
	}
	return &Client{
		token: o.Token, api: apiURL(o.API), http: httpClient(o.Timeout),
		people: newCache[bot.Person](now), members: newCache[[]string](now),
	}
}

// apiURL returns a URL that ends in a slash, as the library needs it.
func apiURL(s string) string {
	if s == "" {
		return DefaultAPI
	}
	return strings.TrimSuffix(s, "/") + "/"
}

// httpClient follows no redirect: a token would go along.
func httpClient(timeout time.Duration) *http.Client {
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: min(timeout, 5*time.Second), KeepAlive: 30 * time.Second}).DialContext
	t.ResponseHeaderTimeout = timeout
	t.MaxIdleConnsPerHost = 16
	return &http.Client{
		Transport:     t,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// readToken calls a token's function.
func readToken(method string, token func() (string, error)) (string, error) {
	if token == nil {
		return "", noToken(method, errors.New("no token is configured"))
	}
	s, err := token()
	if err != nil {
		return "", noToken(method, fmt.Errorf("read token: %w", err))
	}
	if s = strings.TrimSpace(s); s == "" {
		return "", noToken(method, errors.New("the token is empty"))
	}
	return s, nil
}

// do calls f with a client of today's token.
func (c *Client) do(ctx context.Context, method string, f func(*slack.Client) error) error {
	token, err := readToken(method, c.token)
	if err != nil {
		return err
	}
	return sorted(ctx, method, f(c.of(token)), token)
}

// of returns the library's client of a token.
func (c *Client) of(token string) *slack.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.slack == nil || c.held != token {
		c.held = token
		c.slack = slack.New(token, slack.OptionAPIURL(c.api), slack.OptionHTTPClient(c.http))
	}
	return c.slack
}

// ask calls a method and reads the answer as loosely as into says: the library refuses a whole page of messages where
// one of them holds a malformed block.
func (c *Client) ask(ctx context.Context, method string, values url.Values, into interface{ Err() error }) error {
	token, err := readToken(method, c.token)
	if err != nil {
		return err
	}
	return sorted(ctx, method, c.send(ctx, method, token, values, into), token)
}

func (c *Client) send(ctx context.Context, method, token string, values url.Values, into interface{ Err() error }) error {
	_, err := send(ctx, c.http, c.api+method, token, values, into)
	return err
}

// send makes one request, and returns the headers of its answer.
func send(ctx context.Context, by *http.Client, address, token string, values url.Values, into interface{ Err() error }) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := by.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusTooManyRequests {
		// Without a number of seconds it is busy all the same.
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return nil, &slack.RateLimitedError{RetryAfter: time.Duration(seconds) * time.Second}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return nil, err
	}
	return resp.Header, into.Err()
}

// answer is what every answer of Slack's has.
type answer struct {
	OK     bool   `json:"ok"`
	Error  string `json:"error"`
	Needed string `json:"needed"`
}

// Err returns what went wrong by Slack's own account.
func (a answer) Err() error {
	if a.OK {
		return nil
	}
	word := a.Error
	if word == "" {
		word = "unknown_error"
	}
	return slack.SlackErrorResponse{Err: word, Needed: a.Needed}
}

// Self returns who the bot is. It is asked once for each token; where a new token's owner can't be asked, the last one
// holds, since a rotated token has the same.
func (c *Client) Self(ctx context.Context) (Self, error) {
	const method = "auth.test"
	token, err := readToken(method, c.token)
	c.mu.Lock()
	self, of := c.self, c.selfOf
	c.mu.Unlock()
	if of != "" && (err != nil || of == token) {
		return self, nil
	}
	if err != nil {
		return Self{}, err
	}
	var a struct {
		answer
		User       string `json:"user_id"`
		Bot        string `json:"bot_id"`
		App        string `json:"app_id"`
		Team       string `json:"team_id"`
		Enterprise string `json:"enterprise_id"`
	}
	if err := sorted(ctx, method, c.send(ctx, method, token, nil, &a), token); err != nil {
		if of != "" {
			return self, nil
		}
		return Self{}, err
	}
	self = Self{User: a.User, Bot: a.Bot, App: a.App, Team: a.Team, Enterprise: a.Enterprise}
	c.mu.Lock()
	c.self, c.selfOf = self, token
	c.mu.Unlock()
	return self, nil
}
