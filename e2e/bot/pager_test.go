package bot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

const (
	pagerFrom       = "oncall@shop.example"
	signatureHeader = "X-PagerDuty-Signature"
)

// sign is PagerDuty's signature of a webhook.
func sign(secret, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(body))
	return "v1=" + hex.EncodeToString(h.Sum(nil))
}

// pagerBody is a webhook of PagerDuty of an incident. The same event of the same incident has the same id.
func pagerBody(event, incident, title string) string {
	return fmt.Sprintf(`{"event": {"id": "01%s%s", "event_type": %q, "resource_type": "incident", "occurred_at": "2026-03-04T02:18:00Z",
		"agent": {"id": "PLH1HKV", "type": "user_reference"}, "client": null,
		"data": {"id": %q, "type": "incident", "self": "https://api.pagerduty.com/incidents/%s", "html_url": "https://shop.pagerduty.com/incidents/%s",
			"number": 2, "status": "triggered", "incident_key": "d3640fbd41094207a1c11e58e46b1662", "created_at": "2026-03-04T02:18:00Z", "title": %q,
			"service": {"id": "PF9KMXH", "summary": "shop", "type": "service_reference"}, "assignees": [], "priority": null, "urgency": "high"}}}`,
		strings.ToUpper(strings.TrimPrefix(event, "incident.")), incident, event, incident, incident, incident, title)
}

// pagerDuty stands in for PagerDuty's REST API: the alerts and the notes of incidents. It is strict about headers.
type pagerDuty struct {
	mu sync.Mutex
	// details are of the one alert of each incident.
	details map[string]string
	notes   map[string][]string
	faults  []string
	asked   int
	// down has it answer 503; hold has it store a note and answer nothing; lose does so once, and cuts the connection.
	down, hold, lose bool
	closing          chan struct{}
}

// newPagerDuty begins one; it ends with the test, and fails it where it was asked in a way that PagerDuty refuses.
func newPagerDuty(t testing.TB) (p *pagerDuty, url string) {
	t.Helper()
	p = &pagerDuty{details: map[string]string{}, notes: map[string][]string{}, closing: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /incidents/{id}/alerts", p.handle(p.alerts))
	mux.HandleFunc("GET /incidents/{id}/notes", p.handle(p.listNotes))
	mux.HandleFunc("POST /incidents/{id}/notes", p.handle(p.addNote))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.refuse(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(func() {
		close(p.closing)
		srv.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, f := range p.faults {
			t.Errorf("PagerDuty refused a call: %s", f)
		}
	})
	return p, srv.URL
}

func (p *pagerDuty) refuse(w http.ResponseWriter, status int, why string) {
	p.mu.Lock()
	p.faults = append(p.faults, why)
	p.mu.Unlock()
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error": {"message": %q, "code": 2001}}`, why)
}

// handle checks what all calls need.
func (p *pagerDuty) handle(next func(w http.ResponseWriter, r *http.Request, incident string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked++
		down := p.down
		_, known := p.details[r.PathValue("id")]
		p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		switch {
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Header.Get("Authorization") != "Token token="+pagerToken:
			p.refuse(w, http.StatusUnauthorized, "no valid Authorization")
		case !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.pagerduty+json;version=2"):
			p.refuse(w, http.StatusNotAcceptable, "Accept is "+r.Header.Get("Accept"))
		case !known:
			p.refuse(w, http.StatusNotFound, "there is no incident "+r.PathValue("id"))
		default:
			next(w, r, r.PathValue("id"))
		}
	}
}

func (p *pagerDuty) alerts(w http.ResponseWriter, _ *http.Request, incident string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(w, `{"alerts": [{"id": "Q1ALERT", "type": "alert", "status": "triggered", "alert_key": "k", "summary": "a container was killed",
		"body": {"type": "alert_body", "details": %s}}], "limit": 100, "offset": 0, "more": false, "total": null}`, p.details[incident])
}

func (p *pagerDuty) listNotes(w http.ResponseWriter, _ *http.Request, incident string) {
	type note struct {
		ID      string `json:"id"`
		Content string `json:"content"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := []note{}
	for i, n := range p.notes[incident] {
		all = append(all, note{fmt.Sprintf("PNOTE%d", i), n})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"notes": all}) // who went away needs no answer
}

func (p *pagerDuty) addNote(w http.ResponseWriter, r *http.Request, incident string) {
	var body struct {
		Note struct {
			Content string `json:"content"`
		} `json:"note"`
	}
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case r.Header.Get("From") != pagerFrom:
		p.refuse(w, http.StatusBadRequest, "From is "+r.Header.Get("From"))
		return
	case r.Header.Get("Content-Type") != "application/json":
		p.refuse(w, http.StatusBadRequest, "Content-Type is "+r.Header.Get("Content-Type"))
		return
	case err != nil || body.Note.Content == "":
		p.refuse(w, http.StatusBadRequest, "it is no note")
		return
	}
	p.mu.Lock()
	p.notes[incident] = append(p.notes[incident], body.Note.Content)
	hold, lose := p.hold, p.lose
	p.lose = false
	p.mu.Unlock()
	switch {
	case hold:
		select {
		case <-r.Context().Done():
		case <-p.closing:
		}
		return
	case lose:
		panic(http.ErrAbortHandler) // which net/http documents to cut the connection
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"note": map[string]string{"id": "PNEW", "content": body.Note.Content}}) // the same
}

// set changes how it behaves.
func (p *pagerDuty) set(f func(*pagerDuty)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// notesOf are the notes of an incident.
func (p *pagerDuty) notesOf(incident string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.notes[incident]...)
}

// knows has it know an incident whose alert names a container, as Alertmanager writes it.
func (p *pagerDuty) knows(incident, target string) {
	ns, pod, _ := strings.Cut(target, "/")
	p.set(func(p *pagerDuty) {
		p.details[incident] = fmt.Sprintf(`{"firing": "Labels:\n - alertname = ContainerOOMKilled\n - namespace = %s\n - pod = %s\nSource: http://prometheus.example/graph\n", "num_firing": "1"}`, ns, pod)
	})
}

// pagerConfig is the configuration of a bot with PagerDuty at a URL.
func pagerConfig(t testing.TB, url string) string {
	t.Helper()
	dir := t.TempDir()
	return fmt.Sprintf(`
slack: {channels: {C0INCIDENTS: {auto: true}}}
pagerduty: {channel: C0INCIDENTS, api_url: %q, from: %s, webhook_secret_file: %s, api_token_file: %s}
`, url, pagerFrom, write(t, dir, "secret", pagerSecret+"\n"), write(t, dir, "api", pagerToken+"\n"))
}

// page sends a signed webhook that has to be taken.
func (r *serve) page(t testing.TB, event, incident, title string) {
	t.Helper()
	body := pagerBody(event, incident, title)
	if got := r.post(t, "/webhooks/pagerduty", body, signatureHeader, "v1=0123, "+sign(pagerSecret, body)); got != http.StatusAccepted {
		t.Fatalf("the webhook %s of %s was answered %d", event, incident, got)
	}
}

// TestPagerDuty has an incident begin, be replayed, and end. What was killed is told by PagerDuty's API only.
func TestPagerDuty(t *testing.T) {
	t.Parallel()
	pd, url := newPagerDuty(t)
	pd.knows("Q0LEAK", leak)
	s := newSlack(t, slackfake.Options{})
	dir, config := t.TempDir(), pagerConfig(t, url)
	r := startServe(t, s, dir, config, "--bundles", examples)
	r.page(t, "incident.triggered", "Q0LEAK", "A container ran out of memory")
	waitVerdict(t, s, podOf(leak))
	oombot.Until(t, "a note in PagerDuty", func() bool { return len(pd.notesOf("Q0LEAK")) > 0 })
	note := pd.notesOf("Q0LEAK")[0]
	for _, want := range []string{"leak", podOf(leak), "(oombot "} {
		if !strings.Contains(note, want) {
			t.Errorf("the note does not hold %q:\n%s", want, note)
		}
	}
	r.page(t, "incident.triggered", "Q0LEAK", "A container ran out of memory")
	r.page(t, "incident.annotated", "Q0LEAK", note) // its own note comes back
	r.page(t, "incident.acknowledged", "Q0LEAK", "A container ran out of memory")
	once(t, s, leak)
	r.Stop(t)
	r = startServe(t, s, dir, config, "--bundles", examples)
	r.page(t, "incident.resolved", "Q0LEAK", "A container ran out of memory")
	oombot.Wait(t, s, "the card says that it is resolved", func(s *slackfake.Server) bool {
		return strings.Contains(string(verdictOf(s, channel, podOf(leak)).Blocks), "Resolved at")
	})
	once(t, s, leak)
	if n := len(pd.notesOf("Q0LEAK")); n != 1 {
		t.Errorf("there are %d notes", n)
	}
}

// TestPagerDutyDown has PagerDuty's API be away: the words of the webhook have to do, and the note is written later.
func TestPagerDutyDown(t *testing.T) {
	t.Parallel()
	pd, url := newPagerDuty(t)
	pd.knows("Q0DOWN", leak)
	pd.set(func(p *pagerDuty) { p.down = true })
	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), pagerConfig(t, url), "--bundles", examples)
	r.page(t, "incident.triggered", "Q0DOWN", "[FIRING:1] ContainerOOMKilled "+strings.ReplaceAll(leak, "/", " "))
	waitVerdict(t, s, podOf(leak))
	time.Sleep(2 * time.Second)
	if n := len(pd.notesOf("Q0DOWN")); n != 0 {
		t.Errorf("there are %d notes though PagerDuty is down", n)
	}
	pd.set(func(p *pagerDuty) { p.down, p.lose = false, true })
	oombot.Until(t, "a note in PagerDuty", func() bool { return len(pd.notesOf("Q0DOWN")) > 0 })
	time.Sleep(12 * time.Second) // its answer was lost, so it is looked up
	if n := len(pd.notesOf("Q0DOWN")); n != 1 {
		t.Errorf("there are %d notes after the answer to the first was lost", n)
	}
	once(t, s, leak)
}

// TestNoteOverCrash has the bot be killed between a note and PagerDuty's answer to it.
func TestNoteOverCrash(t *testing.T) {
	t.Parallel()
	pd, url := newPagerDuty(t)
	pd.knows("Q0CRASH", leak)
	pd.set(func(p *pagerDuty) { p.hold = true })
	s := newSlack(t, slackfake.Options{})
	dir, config := t.TempDir(), pagerConfig(t, url)
	r := startServe(t, s, dir, config, "--bundles", examples)
	r.page(t, "incident.triggered", "Q0CRASH", "A container ran out of memory")
	waitVerdict(t, s, podOf(leak))
	oombot.Until(t, "a note in PagerDuty", func() bool { return len(pd.notesOf("Q0CRASH")) > 0 })
	r.Kill()
	before := 0
	pd.set(func(p *pagerDuty) { p.hold, before = false, p.asked })
	startServe(t, s, dir, config, "--bundles", examples)
	oombot.Until(t, "the bot asks for the notes", func() bool {
		asked := 0
		pd.set(func(p *pagerDuty) { asked = p.asked })
		return asked > before
	})
	once(t, s, leak)
	if n := len(pd.notesOf("Q0CRASH")); n != 1 {
		t.Errorf("there are %d notes after a crash", n)
	}
}
