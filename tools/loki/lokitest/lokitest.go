// Package lokitest is a stand-in for Grafana Loki, for tests: no Loki, and no part of one. It was written from
// Loki's published HTTP API, and is strict about it: it refuses what Loki refuses (a query that can't be parsed,
// a limit that is too high, a range that is too long, a tenant that is not named), and beyond that parameters
// that the API does not have, which Loki itself would overlook. What passes here is not proven against a Loki.
//
// It knows query_range for log lines, series, labels, label values, ready and buildinfo. Of LogQL it knows stream
// selectors with =, !=, =~ and !~, and the line filters |=, |~, != and !~; anything else is a parse error.
package lokitest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how the stand-in is set up; the zero value is as Loki is by default, without tenants.
type Options struct {
	// Tenants says that each request must name a tenant in X-Scope-OrgID.
	Tenants bool
	// MaxEntries is the highest limit of a query; zero means 5000.
	MaxEntries int
	// MaxRange is the longest range of time of a query; zero means 721 hours.
	MaxRange time.Duration
	// Categorize has each entry carry an object of structured metadata behind its line.
	Categorize bool
	// Warnings are put into each answer to a query.
	Warnings []string
	// Fault, if set, is asked first. Where it returns true it has answered, as wrongly as it likes.
	Fault func(w http.ResponseWriter, r *http.Request) bool
}

// Loki is the stand-in. It is an http.Handler, safe for concurrent use.
type Loki struct {
	opt     Options
	mux     *http.ServeMux
	mu      sync.Mutex
	streams map[string][]*stream
	asked   []*http.Request
}

var _ http.Handler = (*Loki)(nil)

// stream is a stream of a tenant.
type stream struct {
	labels  map[string]string
	entries []entry
}

type entry struct {
	at   time.Time
	line string
}

// New returns a stand-in that holds nothing.
func New(opt Options) *Loki {
	opt.MaxEntries = cmp.Or(opt.MaxEntries, 5000)
	opt.MaxRange = cmp.Or(opt.MaxRange, 721*time.Hour)
	l := &Loki{opt: opt, mux: http.NewServeMux(), streams: map[string][]*stream{}}
	l.mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ready\n")) })
	l.mux.HandleFunc("GET /loki/api/v1/status/buildinfo", l.buildInfo)
	l.mux.HandleFunc("GET /loki/api/v1/query_range", l.tenant(l.queryRange))
	l.mux.HandleFunc("GET /loki/api/v1/series", l.tenant(l.series))
	l.mux.HandleFunc("GET /loki/api/v1/labels", l.tenant(l.labels))
	l.mux.HandleFunc("GET /loki/api/v1/label/{name}/values", l.tenant(l.values))
	return l
}

// noTenant is the tenant of a Loki that has none.
const noTenant = "fake"

// tooLate is how far behind the newest entry of its stream an entry may be.
const tooLate = time.Hour

// Push writes an entry to a stream of a Loki without tenants; see PushTo.
func (l *Loki) Push(labels map[string]string, at time.Time, line string) error {
	return l.PushTo(noTenant, labels, at, line)
}

// PushTo writes an entry to a tenant's stream. An entry that lies too far behind its stream is refused; one with
// the time and the text of the entry before it is silently left out, as Loki does.
func (l *Loki) PushTo(tenant string, labels map[string]string, at time.Time, line string) error {
	if len(labels) == 0 {
		return errors.New("a stream needs at least one label")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stream(tenant, labels)
	n := len(s.entries)
	if n > 0 && s.entries[n-1].at.Sub(at) > tooLate {
		return fmt.Errorf("entry too far behind: its time is %s, the stream is at %s", at, s.entries[n-1].at)
	}
	if n > 0 && s.entries[n-1].at.Equal(at) && s.entries[n-1].line == line {
		return nil
	}
	for n > 0 && s.entries[n-1].at.After(at) {
		n--
	}
	s.entries = slices.Insert(s.entries, n, entry{at.UTC(), line})
	return nil
}

func (l *Loki) stream(tenant string, labels map[string]string) *stream {
	for _, s := range l.streams[tenant] {
		if fmt.Sprint(s.labels) == fmt.Sprint(labels) { // sorts by name
			return s
		}
	}
	s := &stream{labels: labels}
	l.streams[tenant] = append(l.streams[tenant], s)
	return s
}

// Asked returns the requests until now, in their order.
func (l *Loki) Asked() []*http.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.asked)
}

// ServeHTTP implements http.Handler.
func (l *Loki) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.asked = append(l.asked, r.Clone(r.Context()))
	l.mu.Unlock()
	if l.opt.Fault != nil && l.opt.Fault(w, r) {
		return
	}
	l.mux.ServeHTTP(w, r)
}

// tenant finds out whose streams a request is about.
func (l *Loki) tenant(next func(http.ResponseWriter, *http.Request, []*stream)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.opt.Tenants {
			next(w, r, l.streams[noTenant])
			return
		}
		id := r.Header.Get("X-Scope-OrgID")
		if id == "" {
			http.Error(w, "no org id", http.StatusUnauthorized)
			return
		}
		var all []*stream
		for t := range strings.SplitSeq(id, "|") {
			all = append(all, l.streams[t]...)
		}
		next(w, r, all)
	}
}

func (l *Loki) buildInfo(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]string{
		"version": "3.5.0-stand-in", "revision": "0000000", "branch": "none", "buildUser": "", "buildDate": "", "goVersion": "",
	})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_ = json.NewEncoder(w).Encode(v) // a client that went away needs no answer
}

func refuse(w http.ResponseWriter, err error) { http.Error(w, err.Error(), http.StatusBadRequest) }
