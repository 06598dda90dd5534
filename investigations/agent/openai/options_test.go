package openai

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"the least":            {Model: "m", Timeout: time.Second},
		"with an address":      {Model: "m", Timeout: time.Second, BaseURL: "http://127.0.0.1:11434/v1/"},
		"without a path":       {Model: "m", Timeout: time.Second, BaseURL: "https://model"},
		"a model's file":       {Model: "/models/Qwen3.5-397B (FP8)", Timeout: time.Second},
		"a model of a company": {Model: "meta-llama/Llama-3.3-70B:free", Timeout: time.Second},
	} {
		c, err := New(o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if c.Name() != o.Model {
			t.Errorf("%s: it is called %q", name, c.Name())
		}
	}
	for want, change := range map[string]func(*Options){
		"no model is named":            func(o *Options) { o.Model = " " },
		"can't be printed":             func(o *Options) { o.Model = "a\x1bb" },
		"timeout is not positive":      func(o *Options) { o.Timeout = 0 },
		"no header can":                func(o *Options) { o.UserAgent = "a\r\nX: y" },
		"is no URL":                    func(o *Options) { o.BaseURL = "http://%zz" },
		"no http:// or https://":       func(o *Options) { o.BaseURL = "localhost:11434/v1" },
		"and a host":                   func(o *Options) { o.BaseURL = "https:///v1" },
		"a user or a password":         func(o *Options) { o.BaseURL = "https://me:hunter2@model/v1" },
		"a query or a fragment":        func(o *Options) { o.BaseURL = "https://model/v1?api-version=hunter2" },
		"ends in /chat/completions":    func(o *Options) { o.BaseURL = "https://model/v1/chat/completions/" },
		"ends in /models":              func(o *Options) { o.BaseURL = "https://model/v1/models" },
		"ends in /responses":           func(o *Options) { o.BaseURL = "https://model/v1/responses" },
		"write it as https://api.exam": func(o *Options) { o.BaseURL = "ftp://model" },
	} {
		o := Options{Model: "m", Timeout: time.Second, BaseURL: "https://model"}
		change(&o)
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	_, err := New(Options{BaseURL: "x", UserAgent: "\n"})
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("not all at once: %v", err)
	}
}

// TestBaseURL has what is asked for each address.
func TestBaseURL(t *testing.T) {
	for base, want := range map[string]string{
		"":                              "https://api.openai.com/v1/chat/completions",
		"http://model:8000/v1":          "http://model:8000/v1/chat/completions",
		"http://model:8000/v1//":        "http://model:8000/v1/chat/completions",
		"http://model:8000":             "http://model:8000/chat/completions",
		"https://model/v1beta/openai/":  "https://model/v1beta/openai/chat/completions",
		"https://model/api/v1/a%20team": "https://model/api/v1/a%20team/chat/completions",
	} {
		var got string
		c, err := New(Options{BaseURL: base, Model: "m", Timeout: time.Minute, Transport: network(func(r *http.Request) (*http.Response, error) {
			got = r.URL.String()
			return response(200, strings.NewReader(fine)), nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t, c, question()); err != nil || got != want {
			t.Errorf("%q asks %s, want %s: %v", base, got, want, err)
		}
	}
}

// TestTransport has the usual way to the network: the environment's proxies, and no headers without end.
func TestTransport(t *testing.T) {
	tr, ok := defaultTransport().(*http.Transport)
	if !ok || tr.Proxy == nil || tr.MaxResponseHeaderBytes <= 0 {
		t.Errorf("%+v", tr)
	}
	if tr == http.DefaultTransport {
		t.Error("it is everyone's")
	}
}
