package cluster

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is what a [Proxy] does to a request in place of, or on the way of, handing it on. Make one with the functions
// that return a Fault, and narrow it with its methods.
type Fault struct {
	delay  time.Duration
	hang   bool
	status int
	header http.Header
	body   string
	cut    int64 // bytes of the answer's body; -1: the whole of it passes
	garble bool
	do     func()

	match func(*http.Request) bool
	skip  int // matching requests that pass before
	times int // how many are struck; 0: all
}

// Delay hands a request on after a while.
func Delay(d time.Duration) Fault { return Fault{delay: d, cut: -1} }

// Do lets something happen before a request is handed on, such as the end of the pod that it is about.
func Do(something func()) Fault { return Fault{do: something, cut: -1} }

// Hang never answers; the connection stays open until the client closes it.
func Hang() Fault { return Fault{hang: true, cut: -1} }

// Cut closes the connection once so many bytes of the answer's body have passed.
func Cut(after int64) Fault { return Fault{cut: after} }

// Garbage answers 200 with a page that is no answer, as a login page in between does.
func Garbage() Fault {
	return Fault{
		cut: -1, status: http.StatusOK, header: http.Header{"Content-Type": {"text/html"}},
		body: "<!doctype html><title>Sign in</title><p>{\"status\": \xff\x00 not what was asked for",
	}
}

// Garbled lets the answer through with every tenth byte changed.
func Garbled() Fault { return Fault{cut: -1, garble: true} }

// Status answers with a status and a Kubernetes Status object as its text, which other clients take as any text.
func Status(code int, reason, message string) Fault {
	return Fault{
		cut: -1, status: code, header: http.Header{"Content-Type": {"application/json"}},
		body: `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":` + strconv.Quote(message) +
			`,"reason":` + strconv.Quote(reason) + `,"code":` + strconv.Itoa(code) + "}\n",
	}
}

// Forbid answers 403, as RBAC does.
func Forbid() Fault {
	return Status(http.StatusForbidden, "Forbidden", "access is forbidden: the user has no role that allows it")
}

// Throttle answers 429 with Retry-After in seconds.
func Throttle(retryAfter int) Fault {
	f := Status(http.StatusTooManyRequests, "TooManyRequests", "too many requests, please try again later")
	f.header.Set("Retry-After", strconv.Itoa(retryAfter))
	return f
}

// Unavailable answers 503, as a server that is about to end does.
func Unavailable() Fault {
	return Status(http.StatusServiceUnavailable, "ServiceUnavailable", "apiserver is shutting down")
}

// On strikes only requests whose path, query or form holds the text; calls add up.
func (f Fault) On(text string) Fault {
	return f.Where(func(r *http.Request) bool { return strings.Contains(asked(r), text) })
}

// Where strikes only requests that match.
func (f Fault) Where(match func(*http.Request) bool) Fault {
	before := f.match
	f.match = func(r *http.Request) bool { return (before == nil || before(r)) && match(r) }
	return f
}

// Once strikes the first request that matches and no other.
func (f Fault) Once() Fault { return f.Times(1) }

// Times strikes so many requests that match, and lets those after them pass.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// After lets so many requests that match pass first.
func (f Fault) After(n int) Fault {
	f.skip = n
	return f
}
