package slackfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Sign returns the value of X-Slack-Signature for a body that is sent at timestamp (Unix seconds).
func Sign(secret, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte("v0:" + timestamp + ":"))
	h.Write(body)
	return "v0=" + hex.EncodeToString(h.Sum(nil))
}

// request builds the signed request of a delivery.
func (s *Server) request(ctx context.Context, d *Delivery) (*http.Request, error) {
	target, kind, body := s.o.EventsURL, "application/json", []byte(d.payload)
	switch d.Type {
	case Interactive:
		target, kind = s.o.InteractionsURL, "application/x-www-form-urlencoded"
		body = []byte(url.Values{"payload": {string(d.payload)}}.Encode())
	case SlashCommands:
		target, kind = s.o.CommandsURL, "application/x-www-form-urlencoded"
		form := url.Values{}
		for k, v := range d.form {
			form.Set(k, v)
		}
		body = []byte(form.Encode())
	}
	if d.raw != nil {
		body = d.raw
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("deliver to %s: %w", target, err)
	}
	stamp := strconv.FormatInt(s.o.Now().Unix(), 10)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", Sign(s.o.SigningSecret, stamp, body))
	return r, nil
}

// post makes one attempt of a delivery by HTTP.
func (s *Server) post(d *Delivery, retry int) {
	ctx, cancel := context.WithTimeout(s.ctx, s.o.AckTimeout)
	defer cancel()
	r, err := s.request(ctx, d)
	if err != nil {
		s.o.Logger.Error("a delivery can't be made", "err", err)
		s.missed(d, "connection_failed")
		return
	}
	if retry > 0 {
		s.mu.Lock()
		reason := d.reason
		s.mu.Unlock()
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(retry))
		r.Header.Set("X-Slack-Retry-Reason", reason)
	}
	resp, err := s.o.Client.Do(r)
	if err != nil {
		reason := "connection_failed"
		if ctx.Err() != nil {
			reason = "http_timeout"
		}
		s.missed(d, reason)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		s.missed(d, "http_timeout")
		return
	}
	if resp.StatusCode/100 != 2 {
		if resp.Header.Get("X-Slack-No-Retry") == "1" {
			s.mu.Lock()
			s.giveUp(d)
			s.mu.Unlock()
			return
		}
		s.missed(d, "http_error")
		return
	}
	if !json.Valid(body) {
		body = nil
	}
	s.acknowledge(d.EnvelopeID, body)
}

// VerifyURL makes the url_verification request that Slack makes when a request URL is set, and returns what is wrong
// with the answer.
func (s *Server) VerifyURL(ctx context.Context) error {
	const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
	d := &Delivery{Type: EventsAPI, payload: marshal(object{"type": "url_verification", "token": "fake", "challenge": challenge})}
	r, err := s.request(ctx, d)
	if err != nil {
		return err
	}
	resp, err := s.o.Client.Do(r)
	if err != nil {
		return fmt.Errorf("verify %s: %w", s.o.EventsURL, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("verify %s: %w", s.o.EventsURL, err)
	}
	var o struct{ Challenge string }
	if json.Unmarshal(body, &o) != nil {
		o.Challenge = string(bytes.TrimSpace(body))
	}
	if resp.StatusCode != http.StatusOK || o.Challenge != challenge {
		return fmt.Errorf("verify %s: status %d and %q, not 200 and the challenge", s.o.EventsURL, resp.StatusCode, body)
	}
	return nil
}
