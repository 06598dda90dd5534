// Package endpoint reaches the HTTP services that several sources read (Prometheus, Loki, Pyroscope) under one
// configuration: an address, headers, a bearer token or basic authentication, and a certificate authority. It knows
// none of their APIs.
//
// A client keeps no connection and no answer longer than needed: at most a few idle connections, and bodies up to a
// limit. It follows no redirect to another host with credentials. Secrets are read from files at each request, so
// that a rotated token holds at once.
package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/oombot/oombot/investigations"
)

// Config says where a service is and how it lets us in. The zero Config is not configured.
type Config struct {
	// URL is the service's address, with the path that its API begins at.
	URL string `json:"url"`
	// Headers are sent with each request, as X-Scope-OrgID for a tenant.
	Headers           map[string]string `json:"headers"`
	BearerTokenFile   string            `json:"bearer_token_file"`
	BasicUser         string            `json:"basic_user"`
	BasicPasswordFile string            `json:"basic_password_file"`
	// CAFile is a PEM file of the authorities to trust in place of the system's.
	CAFile string `json:"ca_file"`
	// Queries replace a source's default queries by name.
	Queries map[string]string `json:"queries"`
}

// Configured says whether there is an address.
func (c Config) Configured() bool { return c.URL != "" }

// Validate returns all that is wrong with c, joined; nil for the zero Config.
func (c Config) Validate() error {
	var faults []error
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		switch {
		case err != nil:
			faults = append(faults, errors.New("url is no URL: write it as http://prometheus:9090"))
		case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			faults = append(faults, errors.New("url has no http:// or https:// and a host: write it as http://prometheus:9090"))
		case u.User != nil:
			faults = append(faults, errors.New("url holds a user or a password; give them as basic_user and basic_password_file"))
		}
	}
	if c.BearerTokenFile != "" && c.BasicUser != "" {
		faults = append(faults, errors.New("bearer_token_file and basic_user exclude each other"))
	}
	if c.BasicPasswordFile != "" && c.BasicUser == "" {
		faults = append(faults, errors.New("basic_password_file needs basic_user"))
	}
	for name := range c.Headers {
		if strings.EqualFold(name, "Authorization") {
			faults = append(faults, errors.New("headers holds Authorization, which is secret; give bearer_token_file, or basic_user and basic_password_file"))
		}
	}
	return errors.Join(faults...)
}

// Client returns an HTTP client for the service. name appears in errors. Bodies longer than limit bytes end in an
// error that wraps investigations.ErrTooLarge. An error means that c can't be used: a file is missing, for instance.
func (c Config) Client(name string, limit int64) (*http.Client, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	hc := config.DefaultHTTPClientConfig
	hc.FollowRedirects = true
	if c.BearerTokenFile != "" {
		hc.Authorization = &config.Authorization{Type: "Bearer", CredentialsFile: c.BearerTokenFile}
	}
	if c.BasicUser != "" {
		hc.BasicAuth = &config.BasicAuth{Username: c.BasicUser, PasswordFile: c.BasicPasswordFile}
	}
	hc.TLSConfig.CAFile = c.CAFile
	transport, err := config.NewRoundTripperFromConfig(hc, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	home, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: url is no URL: write it as http://prometheus:9090", name)
	}
	return &http.Client{Transport: &limited{
		next: &withHeaders{next: transport, host: home.Host, headers: c.Headers}, limit: limit,
	}}, nil
}

// withHeaders adds the configured headers to what goes to the configured host. A redirect to another one goes without
// them: they may be secret, and a Host is not that one's.
type withHeaders struct {
	next    http.RoundTripper
	host    string
	headers map[string]string
}

// RoundTrip sends a copy of r with the headers.
func (w *withHeaders) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(w.headers) == 0 || !strings.EqualFold(r.URL.Host, w.host) {
		return w.next.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	for name, value := range w.headers {
		if strings.EqualFold(name, "Host") {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	return w.next.RoundTrip(r)
}

// Failure says what an HTTP status means, in investigations' sentinels; nil for one that is no failure. body is the
// beginning of the answer.
func Failure(status int, body string) error {
	if status < 400 {
		return nil
	}
	kind := investigations.ErrUnavailable
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = investigations.ErrForbidden
	case http.StatusNotFound:
		kind = investigations.ErrNotFound
	case http.StatusRequestEntityTooLarge:
		kind = investigations.ErrTooLarge
	}
	text := investigations.CleanText(body, 200)
	if text == "" {
		return fmt.Errorf("%w: status %d", kind, status)
	}
	return fmt.Errorf("%w: status %d: %s", kind, status, text)
}
