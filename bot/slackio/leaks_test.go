package slackio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
)

// calls are all that a Client does.
func calls(c *Client) map[string]func(context.Context) error {
	modal := slack.ModalViewRequest{
		Type: slack.VTModal, Title: slack.NewTextBlockObject(slack.PlainTextType, "t", false, false), Blocks: slack.Blocks{BlockSet: []slack.Block{section("x")}},
	}
	return map[string]func(context.Context) error{
		"post": func(ctx context.Context) error {
			_, err := c.Post(ctx, bot.Post{Key: "k", Channel: "C1", Message: message("x")})
			return err
		},
		"update":    func(ctx context.Context) error { return c.Update(ctx, "C1", "1.1", message("x")) },
		"ephemeral": func(ctx context.Context) error { return c.Ephemeral(ctx, "C1", "", "U1", message("x")) },
		"upload": func(ctx context.Context) error {
			_, err := c.Upload(ctx, bot.File{Channel: "C1", Name: "f", Data: []byte("x")})
			return err
		},
		"sent": func(ctx context.Context) error {
			_, err := c.Sent(ctx, "k", "C1", "1.1", time.Time{})
			return err
		},
		"react":  func(ctx context.Context) error { return c.React(ctx, "C1", "1.1", "eyes") },
		"status": func(ctx context.Context) error { return c.Status(ctx, "C1", "1.1", "reads") },
		"permalink": func(ctx context.Context) error {
			_, err := c.Permalink(ctx, "C1", "1.1")
			return err
		},
		"open": func(ctx context.Context) error { return c.Open(ctx, trigger, modal) },
		"home": func(ctx context.Context) error { return c.PublishHome(ctx, "U1", []slack.Block{section("x")}) },
		"person": func(ctx context.Context) error {
			_, err := c.Person(ctx, "U1")
			return err
		},
		"members": func(ctx context.Context) error {
			_, err := c.Members(ctx, "S1")
			return err
		},
		"self": func(ctx context.Context) error {
			_, err := c.Self(ctx)
			return err
		},
	}
}

// TestNoTokenGetsOut has each call fail in each way, some of which tell the token back, and looks for it in the error.
func TestNoTokenGetsOut(t *testing.T) {
	echo := func(r *http.Request) string {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err.Error()
		}
		plain, err := url.QueryUnescape(string(body))
		if err != nil {
			plain = string(body)
		}
		return r.Header.Get("Authorization") + " " + plain
	}
	failures := map[string]http.HandlerFunc{
		"told back as an error": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"ok":false,"error":%s}`, quoted(echo(r)))
		},
		"told back as a scope": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"ok":false,"error":"missing_scope","needed":%s}`, quoted(echo(r)))
		},
		"told back as a page": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>", echo(r)) },
		"a redirect":          func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/"+botToken, http.StatusFound) },
		"500":                 func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"429":                 func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"closed":              func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a place to upload to elsewhere": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "getUploadURLExternal") {
				fmt.Fprint(w, `{"ok":true,"upload_url":"https://elsewhere.example/verysecretticket","file_id":"F1"}`)
				return
			}
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	for failure, answer := range failures {
		server := httptest.NewServer(answer)
		c := NewClient(ClientOptions{Token: given(botToken), API: server.URL})
		for name, call := range calls(c) {
			err := call(t.Context())
			if err == nil {
				t.Errorf("%s, %s: no error", name, failure)
				continue
			}
			e := slackError(t, err)
			if e.Method == "" || e.Reason == "" || e.Fault == "" || e.Err == nil {
				t.Errorf("%s, %s: %+v", name, failure, e)
			}
			for each := err; each != nil; each = errors.Unwrap(each) {
				for _, never := range []string{botToken, "verysecretticket"} {
					if text := fmt.Sprintf("%v %+v %q", each, each, each); strings.Contains(text, never) {
						t.Errorf("%s, %s: %q is in %s", name, failure, never, text)
					}
				}
			}
		}
		server.Close()
	}
}
