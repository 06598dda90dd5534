package openai

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oombot/oombot/investigations"
)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		answer http.HandlerFunc
		state  investigations.CheckState
		says   string
		fix    string
	}{
		"it is listed":             {plain(200, `{"object":"list","data":[{"id":"a"},{"id":"m","created":1}]}`), investigations.CheckOK, "it offers m", ""},
		"Ollama: with a tag":       {plain(200, `{"data":[{"id":"m:latest"}]}`), investigations.CheckOK, "it offers m", ""},
		"Gemini: in a folder":      {plain(200, `{"data":[{"id":"models/m","created":"yesterday"}]}`), investigations.CheckOK, "it offers m", ""},
		"Together: the list alone": {plain(200, `[{"id":"m"}]`), investigations.CheckOK, "it offers m", ""},
		"others":                   {plain(200, `{"data":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"},{"id":"e"},{"id":"f"}]}`), investigations.CheckWarn, "it doesn't list m, but 6 others, as a, b, c, d, e", "set llm.model"},
		"none":                     {plain(200, `{"data":[]}`), investigations.CheckWarn, "it doesn't list m", "set llm.model"},
		"no list":                  {plain(200, `{"status":"ok"}`), investigations.CheckWarn, "not with a list", "base_url"},
		"a page":                   {raw(200, "text/html", "<html>"), investigations.CheckWarn, "not with a list", "base_url"},
		"no such address":          {plain(404, ""), investigations.CheckWarn, "lists no models", "base_url"},
		"no key":                   {plain(401, `{"error":{"message":"No key."}}`), investigations.CheckFail, "status 401: No key.", "wants a key"},
		"busy":                     {plain(429, `{"error":"slowly"}`), investigations.CheckWarn, "status 429: slowly", "later"},
		"broken":                   {plain(500, ""), investigations.CheckFail, "status 500", "logs"},
		"elsewhere":                {plain(301, ""), investigations.CheckFail, "redirects", "base_url"},
	}
	for name, tt := range tests {
		s := serve(t, tt.answer)
		got := client(t, s.URL).Check(t.Context())
		if len(got) != 1 {
			t.Fatalf("%s: %d checks", name, len(got))
		}
		k := got[0]
		if k.State != tt.state || !strings.Contains(k.Says, tt.says) || !strings.Contains(k.Fix, tt.fix) || (k.Fix == "") != (k.State == investigations.CheckOK) {
			t.Errorf("%s: %+v", name, k)
		}
		if k.Tool != "llm" || k.Name != "list models" {
			t.Errorf("%s: it is called %s, %s", name, k.Tool, k.Name)
		}
		if n, _ := s.asked(); n != 1 || s.paths[0] != "GET /v1/models" {
			t.Errorf("%s: asked %v", name, s.paths)
		}
	}
}

func TestCheckWithKey(t *testing.T) {
	s := serve(t, plain(401, ""))
	got := client(t, s.URL, withKey).Check(t.Context())[0]
	if got.State != investigations.CheckFail || !strings.Contains(got.Fix, "check the key") {
		t.Errorf("%+v", got)
	}
	got = client(t, s.URL, func(o *Options) {
		o.APIKey = func() (string, error) { return "", errors.New("its file is empty") }
	}).Check(t.Context())[0]
	if got.State != investigations.CheckFail || !strings.Contains(got.Says, "its file is empty") || !strings.Contains(got.Fix, "llm.api_key_file") {
		t.Errorf("%+v", got)
	}
	if n, _ := s.asked(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestCheckUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, "http://model", func(o *Options) {
			o.Transport = network(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		got := c.Check(ctx)[0]
		if got.State != investigations.CheckFail || !strings.Contains(got.Says, "can't be reached") || got.Fix == "" || time.Since(begin) != time.Second {
			t.Errorf("after %s: %+v", time.Since(begin), got)
		}
	})
}
