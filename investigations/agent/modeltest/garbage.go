package modeltest

import (
	"maps"
	"slices"
	"strings"
)

// garbage are bodies, and other things, that are no answer, by the name of their kind.
var garbage = map[string]func() Reply{
	"html":          raw("text/html", "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"),
	"text":          raw("text/plain", "upstream connect error"),
	"empty":         raw("application/json", ""),
	"null":          raw("application/json", "null"),
	"array":         raw("application/json", "[]"),
	"number":        raw("application/json", "42"),
	"cut":           raw("application/json", `{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"mess`),
	"binary":        raw("application/json", "\x00\x1f\x8b\xff\xfe{}"),
	"wrong_types":   raw("application/json", `{"id":7,"object":"chat.completion","created":"now","model":[],"choices":{"0":"stop"}}`),
	"wrong_object":  raw("application/json", `{"object":"list","data":[]}`),
	"error_as_200":  raw("application/json", `{"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}`),
	"null_message":  raw("application/json", `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":null,"finish_reason":"stop"}]}`),
	"deep":          func() Reply { return raw("application/json", strings.Repeat(`{"choices":[`, 20_000))() },
	"huge":          func() Reply { return raw("application/json", `{"id":"`+strings.Repeat("x", 12<<20)+`"}`)() },
	"stream_of_one": raw("text/event-stream", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"),
	"stream_broken": raw("text/event-stream", "data: {\"choices\":[{\"index\":0,\n\ndata: oops\n\ndata: [DONE]\n\n"),
	"stream_error":  raw("text/event-stream", "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n"),
	"stream_nulls":  raw("text/event-stream", "data: null\n\ndata: {\"choices\":null}\n\ndata: [DONE]\n\n"),
	"no_choices":    func() Reply { return Reply{Broken: Broken{NoChoices: true}} },
	"endless":       func() Reply { return Reply{Text: "and so on, ", Broken: Broken{Endless: true}} },
}

func raw(kind, body string) func() Reply {
	return func() Reply { return Reply{Body: &body, Header: map[string]string{"Content-Type": kind}} }
}

// Garbages returns the kinds of garbage.
func Garbages() []string { return slices.Sorted(maps.Keys(garbage)) }

// Garbage answers with one kind of what is no answer: see Garbages.
func Garbage(kind string) Script {
	reply, ok := garbage[kind]
	if !ok {
		return Always(lost("no garbage is called %q", kind))
	}
	return Always(reply())
}
