package slackfake

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// pageFiles are the page's own: no build step made them, and they load nothing from elsewhere.
//
//go:embed page
var pageFiles embed.FS

// pagePause is the least time between two notices to a page that something changed.
const pagePause = 100 * time.Millisecond

// The page shows what strangers wrote, so that it may run its own script only, and load nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// routePage adds the page's routes.
func (s *Server) routePage() {
	s.mux.Handle("GET /{$}", guard(s.servePageFile("index.html")))
	for _, name := range []string{"app.css", "app.js", "blocks.js", "emoji.js", "mrkdwn.js", "views.js"} {
		s.mux.Handle("GET /page/"+name, guard(s.servePageFile(name)))
	}
	s.mux.Handle("GET /page/state", guard(s.servePageState))
	s.mux.Handle("GET /page/events", guard(s.servePageEvents))
	s.mux.Handle("GET /page/file/{id}", guard(s.servePicture))
	s.mux.Handle("POST /page/do", guard(s.servePageDo))
	s.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.mux.Handle("GET /archives/{channel}/{ts}", guard(servePermalink))
}

// guard lets requests through that come from the page itself, or from an address bar: the Host is a loopback one, so
// that no name of a stranger's leads here, and no other site asks.
func guard(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if why := foreign(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		next(w, r)
	})
}

// foreign says why a request is not the page's own; it is empty where it is.
func foreign(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	if !loopback(host) {
		return "the page is served to 127.0.0.1, [::1] and localhost only"
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return "the request comes from another site"
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	case "same-site", "cross-site":
		// A link from elsewhere may open the page, and nothing else.
		if r.Method != http.MethodGet || r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			return "the request comes from another site"
		}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && (err != nil || kind != "application/json") {
		return "what the page sends is JSON"
	}
	return ""
}

func (s *Server) servePageFile(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b, err := fs.ReadFile(pageFiles, "page/"+name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", map[string]string{
			".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		}[path.Ext(name)])
		_, _ = w.Write(b) // the browser went away
	}
}

// servePermalink leads from a permalink to the page.
func servePermalink(w http.ResponseWriter, r *http.Request) {
	ts := strings.TrimPrefix(r.PathValue("ts"), "p")
	if len(ts) > 6 {
		ts = ts[:len(ts)-6] + "." + ts[len(ts)-6:]
	}
	if !validTS(ts) {
		http.NotFound(w, r)
		return
	}
	if thread := r.URL.Query().Get("thread_ts"); validTS(thread) {
		ts = thread
	}
	http.Redirect(w, r, "/#"+r.PathValue("channel")+"/"+ts, http.StatusFound)
}

// servePageEvents tells a page of each change, as server-sent events.
func (s *Server) servePageEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	for {
		s.mu.Lock()
		changed, revision := s.changed, s.revision
		s.mu.Unlock()
		if _, err := fmt.Fprintf(w, "data: %d\n\n", revision); err != nil {
			return
		}
		if err := rc.Flush(); err != nil {
			return
		}
		if !sleep(r, s.ctx.Done(), pagePause) {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func sleep(r *http.Request, closed <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-closed:
	}
	return false
}

// shown are the types of files that a browser may show here; all others are saved.
var shown = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// servePicture is a file for the page.
func (s *Server) servePicture(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	if f == nil || !f.Complete {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	data, kind, name := f.Data, f.Mimetype, f.Name
	s.mu.Unlock()
	if !slices.Contains(shown, kind) {
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(data) // the browser went away
}

// deed is what a person does on the page.
type deed struct {
	Do, User, Channel, TS, Thread, Text, Action, Value, View, Callback string
	Values                                                             map[string]string
}

func (s *Server) servePageDo(w http.ResponseWriter, r *http.Request) {
	var d deed
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&d); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.do(d); err != nil {
		writeJSON(w, http.StatusConflict, object{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, object{"ok": true})
}

// do does what a person asked for.
func (s *Server) do(d deed) (err error) {
	switch d.Do {
	case "post":
		return s.say(d)
	case "react":
		if err := s.React(d.User, d.Channel, d.TS, d.Value); err != nil {
			return s.Unreact(d.User, d.Channel, d.TS, d.Value)
		}
	case "click":
		_, err = s.Click(d.Channel, d.TS, d.Action, d.User, d.Value)
	case "click-view":
		_, err = s.ClickView(d.View, d.Action, d.Value)
	case "submit":
		_, err = s.SubmitModal(d.View, d.Values)
	case "close":
		_, err = s.CloseModal(d.View)
	case "home":
		err = s.OpenHome(d.User)
	case "shortcut":
		_, err = s.MessageShortcut(d.User, d.Channel, d.TS, d.Callback)
	case "invite":
		err = s.Invite(d.Channel)
	default:
		err = errors.New("the page asks for what the stand-in doesn't know")
	}
	return err
}

// say posts what a person typed, or runs it where it is a slash command.
func (s *Server) say(d deed) error {
	text := strings.TrimSpace(d.Text)
	if text == "" {
		return errors.New("there is nothing to say")
	}
	if command, rest, _ := strings.Cut(text, " "); strings.HasPrefix(command, "/") && !strings.Contains(command[1:], "/") {
		if d.Thread != "" {
			return fmt.Errorf("%s can't be used in a thread: Slack takes slash commands in channels only; mention the bot here", command)
		}
		_, err := s.Slash(d.User, d.Channel, command, strings.TrimSpace(rest))
		return err
	}
	var thread []string
	if d.Thread != "" {
		thread = append(thread, d.Thread)
	}
	_, err := s.Post(d.User, d.Channel, s.typed(text), thread...)
	return err
}
