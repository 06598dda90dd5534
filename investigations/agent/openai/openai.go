package openai

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/oombot/oombot/investigations"
)

var _ investigations.Model = (*Client)(nil)

// Options say which model to ask, and how.
type Options struct {
	// BaseURL is where the API begins, with /v1 or whatever stands before /chat/completions; empty: OpenAI's own.
	BaseURL string
	// Model is what the endpoint calls it.
	Model string
	// APIKey returns the key; it is called before every request, so that a rotated key holds at once. "" is none, for
	// endpoints that want none. nil is the same.
	APIKey func() (string, error)
	// Timeout bounds one request to the last byte of its answer.
	Timeout time.Duration
	// UserAgent is sent with each request; empty: "oombot".
	UserAgent string
	// NoStream asks for answers in one piece.
	NoStream bool
	// Log takes what is worth a line: requests at Debug, without what they say. nil: nothing is logged.
	Log *slog.Logger
	// Transport replaces the way to the network; nil: the usual one, with the environment's proxies.
	Transport http.RoundTripper
}

// Client asks one model. It is safe for concurrent use.
type Client struct {
	base, model string
	// name matches the model's name in what the endpoint says.
	name     *regexp.Regexp
	agent    string
	key      func() (string, error)
	timeout  time.Duration
	noStream bool
	log      *slog.Logger
	http     *http.Client
	lacks    lacks
}

// New returns a Client. It sends nothing. Its error joins all that is wrong with o.
func New(o Options) (*Client, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Client{
		base: strings.TrimRight(o.BaseURL, "/"), model: o.Model, name: nameOf(o.Model), agent: o.UserAgent, key: o.APIKey,
		timeout: o.Timeout, noStream: o.NoStream, log: o.Log,
	}
	if c.base == "" {
		c.base = api.DefaultConfig("").BaseURL
	}
	if c.agent == "" {
		c.agent = "oombot"
	}
	if c.key == nil {
		c.key = func() (string, error) { return "", nil }
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	transport := o.Transport
	if transport == nil {
		transport = defaultTransport()
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the key would go along
	}}
	return c, nil
}

// defaultTransport keeps few connections: there is one host, and few ask it at a time. Its proxies are those of the
// environment, which are not used for this machine's own addresses.
func defaultTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 4
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}

func (o Options) validate() error {
	var faults []error
	if strings.TrimSpace(o.Model) == "" {
		faults = append(faults, errors.New("no model is named: give the name that the endpoint calls it"))
	} else if o.Model != investigations.CleanText(o.Model, len(o.Model)+1) {
		faults = append(faults, errors.New("the model's name holds characters that can't be printed"))
	}
	if o.Timeout <= 0 {
		faults = append(faults, errors.New("the timeout is not positive: give one as 60s"))
	}
	if strings.ContainsFunc(o.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		faults = append(faults, errors.New("the user agent holds characters that no header can"))
	}
	if o.BaseURL != "" {
		faults = append(faults, validateURL(o.BaseURL))
	}
	return errors.Join(faults...)
}

// validateURL doesn't repeat the address: a password may stand in it.
func validateURL(base string) error {
	const like = "write it as https://api.example.com/v1"
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return errors.New("the base URL is no URL: " + like)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("the base URL has no http:// or https:// and a host: " + like)
	case u.User != nil:
		return errors.New("the base URL holds a user or a password: give a key instead")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("the base URL holds a query or a fragment: " + like)
	}
	for _, end := range []string{"/chat/completions", "/completions", "/responses", "/models"} {
		if strings.HasSuffix(strings.TrimRight(u.Path, "/"), end) {
			return fmt.Errorf("the base URL ends in %s: give what stands before it", end)
		}
	}
	return nil
}

// Name is what the endpoint calls the model.
func (c *Client) Name() string { return c.model }

// library returns a client of the library that speaks through x. It costs next to nothing, and a key can't be changed in
// one that exists.
func (c *Client) library(key string, x *exchange) *api.Client {
	config := api.DefaultConfig(key)
	config.BaseURL = c.base
	config.HTTPClient = x
	return api.NewClientWithConfig(config)
}

// readKey returns the key, or why there is none that can be sent.
func (c *Client) readKey() (string, error) {
	key, err := c.key()
	if err != nil {
		return "", fmt.Errorf("the API key can't be read: %w", err)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("the API key holds spaces or characters that no header can: write the key alone into its file")
	}
	return key, nil
}
