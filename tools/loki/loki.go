// Package loki asks Grafana Loki through its published HTTP API: log lines of a range of time, streams, labels, and
// how the server is. It knows nothing of what the lines mean; its callers write LogQL, mostly from templates that
// Expand fills in. It only ever reads: every request is a GET.
//
// Answers are taken strictly. What is no answer of Loki's, or only a part of one, is an error that wraps
// investigations.ErrUnavailable; a refusal (401, 403) wraps investigations.ErrForbidden. Requests that a server
// turned down for the moment (429, 5xx) are sent again, after as long as it asks for, while the context lasts.
package loki

import (
	"context"
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
	"github.com/oombot/oombot/tools/endpoint"
)

// maxBody is how large an answer may be. A page of lines that is larger is asked for in smaller ones.
const maxBody = 32 << 20

// Client asks one Loki. It is safe for concurrent use.
type Client struct {
	http    *http.Client
	base    *url.URL
	queries map[string]string
	// pause is how long the first pause before a repeated request is.
	pause time.Duration
}

// New returns a client of the Loki that cfg describes. Without an address the error wraps
// investigations.ErrNotConfigured. Nothing is sent yet.
func New(cfg endpoint.Config) (*Client, error) {
	if !cfg.Configured() {
		return nil, fmt.Errorf("loki is %w: set loki.url", investigations.ErrNotConfigured)
	}
	hc, err := cfg.Client("loki", maxBody)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("loki.url: %w", err)
	}
	return &Client{http: hc, base: base, queries: cfg.Queries, pause: 300 * time.Millisecond}, nil
}

// Template returns the configured query of that name; empty where there is none.
func (c *Client) Template(name string) string { return c.queries[name] }

// Address is where the client asks, without secrets.
func (c *Client) Address() string { return c.base.Redacted() }

// BuildInfo is what a Loki says of itself.
type BuildInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
}

// BuildInfo asks for the server's version.
func (c *Client) BuildInfo(ctx context.Context) (BuildInfo, error) {
	var info BuildInfo
	body, err := c.get(ctx, "/loki/api/v1/status/buildinfo", nil)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(body, &info); err != nil || info.Version == "" {
		return BuildInfo{}, garbage("its build information", err)
	}
	return info, nil
}

// Ready asks whether the server says that it is ready. A gateway before Loki may not pass this on.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.get(ctx, "/ready", nil)
	return err
}

// Labels returns the names of the labels that streams have in a range of time.
func (c *Client) Labels(ctx context.Context, from, to time.Time) ([]string, error) {
	return c.names(ctx, "/loki/api/v1/labels", span(from, to))
}

// LabelValues returns the values of a label in a range of time, of the streams that selector matches; an empty
// selector matches all.
func (c *Client) LabelValues(ctx context.Context, label, selector string, from, to time.Time) ([]string, error) {
	params := span(from, to)
	if selector != "" {
		params.Set("query", selector)
	}
	return c.names(ctx, "/loki/api/v1/label/"+url.PathEscape(label)+"/values", params)
}

func (c *Client) names(ctx context.Context, path string, params url.Values) ([]string, error) {
	var names []string
	return names, c.data(ctx, path, params, &names)
}

// Series returns the label sets of the streams that match any of the selectors in a range of time, or in the end
// of it where the server allows no longer one.
func (c *Client) Series(ctx context.Context, selectors []string, from, to time.Time) ([]map[string]string, error) {
	params := span(from, to)
	params["match[]"] = selectors
	var series []map[string]string
	err := c.data(ctx, "/loki/api/v1/series", params, &series)
	if begin, ok := shorter(err, from, to); ok {
		params.Set("start", nanos(begin))
		err = c.data(ctx, "/loki/api/v1/series", params, &series)
	}
	return series, err
}

// data asks for something whose answer has no more than a status and data.
func (c *Client) data(ctx context.Context, path string, params url.Values, into any) error {
	body, err := c.get(ctx, path, params)
	if err != nil {
		return err
	}
	var answer struct {
		Status string          `json:"status"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status != "success" {
		return garbage("labels or streams", err)
	}
	if len(answer.Data) == 0 {
		return nil // some versions leave an empty list out
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		return garbage("labels or streams", err)
	}
	return nil
}

// span is a range of time as parameters: from is in it, to is not.
func span(from, to time.Time) url.Values {
	return url.Values{"start": {nanos(from)}, "end": {nanos(to)}}
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// garbage says that an answer can't be Loki's; err may be nil.
func garbage(what string, err error) error {
	if err == nil {
		err = errors.New("parts are lacking")
	}
	return fmt.Errorf("loki: %w: the answer can't be read as %s (%s): is loki.url the address of a Loki?",
		investigations.ErrUnavailable, what, investigations.CleanText(err.Error(), 100))
}

// once sends one request, and returns the body of its answer.
func (c *Client) once(ctx context.Context, path string, params url.Values) ([]byte, http.Header, error) {
	u := *c.base
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	u.RawPath, u.RawQuery = "", params.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, nil, fmt.Errorf("loki: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // the query says nothing about why, and is long
		}
		return nil, nil, fmt.Errorf("loki: %w: %w", investigations.ErrUnavailable, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		return nil, res.Header, refused(res.StatusCode, string(body))
	}
	switch {
	case errors.Is(err, investigations.ErrTooLarge):
		return nil, res.Header, fmt.Errorf("loki: %w", err)
	case err != nil:
		return nil, res.Header, fmt.Errorf("loki: %w: the answer broke off: %w", investigations.ErrUnavailable, err)
	}
	return body, res.Header, nil
}
