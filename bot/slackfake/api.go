package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/bot/slackfake/blocks"
)

// Call is one call of the Web API, as Calls reports it.
type Call struct {
	Method string
	At     time.Time
	// Args are the arguments as they came, the token left out.
	Args map[string]string
	// Error is Slack's error string, empty for ok:true; Status the HTTP status, 0 for a connection that was closed.
	Error  string
	Status int
}

// apiError is an answer with ok:false.
type apiError struct {
	code  string
	extra object
}

func (e *apiError) Error() string { return e.code }

func fail(code string) error { return &apiError{code: code} }

// failArgs is invalid_arguments with Slack's words for what is wrong.
func failArgs(problems ...string) error { return failWith("invalid_arguments", problems) }

func failWith(code string, problems []string) error {
	messages := []string{}
	for _, p := range problems {
		messages = append(messages, "[ERROR] "+p)
	}
	return &apiError{code: code, extra: object{"errors": problems, "response_metadata": object{"messages": messages}}}
}

// failFaults is an error that lists faults of blocks.
func failFaults(code string, faults []blocks.Fault) error {
	problems := []string{}
	for _, f := range faults {
		problems = append(problems, f.String())
	}
	return failWith(code, problems)
}

// method answers a call, under the server's lock.
type method func(s *Server, c *call) (object, error)

// methods are those of the Web API that the stand-in has.
var methods = map[string]method{
	"api.test":                     (*Server).apiTest,
	"auth.test":                    (*Server).authTest,
	"apps.connections.open":        (*Server).connectionsOpen,
	"assistant.threads.setStatus":  (*Server).setStatus,
	"bots.info":                    (*Server).botsInfo,
	"chat.appendStream":            (*Server).appendStream,
	"chat.delete":                  (*Server).chatDelete,
	"chat.getPermalink":            (*Server).getPermalink,
	"chat.postEphemeral":           (*Server).postEphemeral,
	"chat.postMessage":             (*Server).postMessage,
	"chat.startStream":             (*Server).startStream,
	"chat.stopStream":              (*Server).stopStream,
	"chat.update":                  (*Server).chatUpdate,
	"conversations.history":        (*Server).history,
	"conversations.info":           (*Server).conversationsInfo,
	"conversations.list":           (*Server).conversationsList,
	"conversations.members":        (*Server).conversationsMembers,
	"conversations.open":           (*Server).conversationsOpen,
	"conversations.replies":        (*Server).repliesOf,
	"files.completeUploadExternal": (*Server).completeUpload,
	"files.getUploadURLExternal":   (*Server).getUploadURL,
	"files.info":                   (*Server).filesInfo,
	"reactions.add":                (*Server).reactionsAdd,
	"reactions.get":                (*Server).reactionsGet,
	"reactions.remove":             (*Server).reactionsRemove,
	"usergroups.users.list":        (*Server).groupUsers,
	"users.info":                   (*Server).usersInfo,
	"views.open":                   (*Server).viewsOpen,
	"views.publish":                (*Server).viewsPublish,
	"views.push":                   (*Server).viewsPush,
	"views.update":                 (*Server).viewsUpdate,
}

// serveAPI answers one call of the Web API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	c, err := newCall(r)
	if err != nil {
		writeJSON(w, http.StatusOK, object{"ok": false, "error": "invalid_form_data", "detail": err.Error()})
		return
	}
	s.mu.Lock()
	entry := Call{Method: c.method, At: s.o.Now(), Args: maps.Clone(c.args), Status: http.StatusOK}
	f, hit := s.faultOf(c)
	s.mu.Unlock()
	if hit && !pause(r, s.ctx.Done(), f.Delay, f.Hang) {
		entry.Status = 0
		s.log(entry)
		hangUp(w)
		return
	}
	if hit && !f.Lost && (f.Status != 0 || f.Error != "") {
		s.answerFault(w, f, entry)
		return
	}
	status, reply := s.run(c)
	if hit {
		pause(r, s.ctx.Done(), f.Late, false)
	}
	entry.Error, _ = reply["error"].(string)
	entry.Status = status
	if hit && f.Lost {
		entry.Status = f.Status
		s.log(entry)
		if f.Status != 0 {
			http.Error(w, "the stand-in lost its answer", f.Status)
			return
		}
		hangUp(w)
		return
	}
	s.log(entry)
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, status, reply)
}

// pause waits as a fault asks for, without an end where it hangs; it is false where no answer may follow.
func pause(r *http.Request, closed <-chan struct{}, wait time.Duration, hang bool) bool {
	if wait <= 0 && !hang {
		return true
	}
	var after <-chan time.Time
	if !hang {
		t := time.NewTimer(wait)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-after:
		return true
	case <-r.Context().Done():
	case <-closed:
	}
	return false
}

func (s *Server) answerFault(w http.ResponseWriter, f Fault, entry Call) {
	if f.Status != 0 {
		entry.Status, entry.Error = f.Status, http.StatusText(f.Status)
		s.log(entry)
		if f.Status == http.StatusTooManyRequests {
			seconds := max(1, int((f.RetryAfter+time.Second-1)/time.Second))
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
			writeJSON(w, f.Status, object{"ok": false, "error": "ratelimited"})
			return
		}
		http.Error(w, http.StatusText(f.Status), f.Status)
		return
	}
	entry.Error = f.Error
	s.log(entry)
	reply := object{"ok": false, "error": f.Error}
	if f.Needed != "" {
		reply["needed"], reply["provided"] = f.Needed, f.Provided
	}
	writeJSON(w, http.StatusOK, reply)
}

// run finds the method, checks the token and answers.
func (s *Server) run(c *call) (status int, reply object) {
	m, ok := methods[c.method]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url != "" {
		c.base = s.url
	}
	var err error
	switch {
	case !ok:
		err = &apiError{code: "unknown_method", extra: object{"req_method": c.method}}
	case c.method == "api.test":
	default:
		err = s.authorize(c)
	}
	if err == nil {
		reply, err = m(s, c)
	}
	var e *apiError
	switch {
	case errors.As(err, &e) && e.code == "ratelimited":
		return http.StatusTooManyRequests, object{"ok": false, "error": e.code}
	case errors.As(err, &e):
		reply = object{"ok": false, "error": e.code}
		maps.Copy(reply, e.extra)
	case err != nil:
		reply = object{"ok": false, "error": "internal_error", "detail": err.Error()}
	default:
		reply["ok"] = true
		s.changedLocked()
	}
	return http.StatusOK, reply
}

// authorize compares the token with the one that the method takes.
func (s *Server) authorize(c *call) error {
	want, other := s.o.BotToken, s.o.AppToken
	if c.method == "apps.connections.open" {
		want, other = other, want
	}
	switch {
	case c.token == "":
		return fail("not_authed")
	case c.token == other:
		return fail("not_allowed_token_type")
	case c.token != want:
		return fail("invalid_auth")
	case s.revoked != "":
		return fail(s.revoked)
	}
	return nil
}

func (s *Server) log(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	s.changedLocked()
}

// Calls returns all calls of the Web API, oldest first, those of the given methods only if any are given.
func (s *Server) Calls(methods ...string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Call
	for _, c := range s.calls {
		if len(methods) == 0 || strings.Contains(" "+strings.Join(methods, " ")+" ", " "+c.Method+" ") {
			all = append(all, c)
		}
	}
	return all
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, fmt.Appendf(nil, `{"ok":false,"error":"internal_error","detail":%q}`, err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the caller went away
}

func (s *Server) apiTest(c *call) (object, error) {
	if e := c.str("error"); e != "" {
		return nil, &apiError{code: e, extra: object{"args": c.args}}
	}
	return object{"args": c.args}, nil
}

func (s *Server) authTest(c *call) (object, error) {
	return object{
		"url": c.base + "/", "team": s.o.TeamName, "user": s.o.BotName, "team_id": s.o.TeamID, "user_id": s.o.BotUserID,
		"bot_id": s.o.BotID, "app_id": s.o.AppID, "is_enterprise_install": false,
	}, nil
}
