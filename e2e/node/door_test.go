package node

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// door stands between an agent and the bot, and sees what passes.
type door struct {
	url   string
	proxy *httputil.ReverseProxy

	mu sync.Mutex
	// to is the bot's address.
	to    string
	taken []investigations.NodeReport
	// onTaken is told when the bot took a report of the kind that it is for, before the agent is.
	onTaken func(investigations.NodeReport)
}

func newDoor(t testing.TB) *door {
	t.Helper()
	d := &door{}
	d.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			d.mu.Lock()
			defer d.mu.Unlock()
			r.SetURL(&url.URL{Scheme: "http", Host: d.to})
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)
	d.url = srv.URL
	return d
}

// leadTo has the door lead to a bot.
func (d *door) leadTo(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to = address
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	d.proxy.ServeHTTP(answer, r)
	if answer.Code == http.StatusAccepted {
		d.saw(body)
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // an agent that was killed is not there to read it
}

func (d *door) saw(body []byte) {
	var n investigations.NodeReport
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil || json.NewDecoder(z).Decode(&n) != nil {
		return // the bot took it all the same, which is its affair
	}
	d.mu.Lock()
	d.taken = append(d.taken, n)
	then := d.onTaken
	d.mu.Unlock()
	if then != nil {
		then(n)
	}
}

// reports are those that the bot took.
func (d *door) reports() []investigations.NodeReport {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.taken
}

// when calls f once, when the bot took a report of a kill in the pod.
func (d *door) when(uid string, f func()) {
	var once sync.Once
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onTaken = func(n investigations.NodeReport) {
		for _, r := range n.Reports {
			if r.PodUID == uid {
				once.Do(f)
			}
		}
	}
}
