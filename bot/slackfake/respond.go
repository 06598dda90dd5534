package slackfake

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

const (
	// A response_url takes five answers within half an hour.
	answersMost = 5
	answersLife = 30 * time.Minute
)

// answerTo is where an answer through a response_url goes.
type answerTo struct {
	channel, ts, user string
	at                time.Time
	uses              int
}

// responseURL returns a new response_url.
func (s *Server) responseURL(channel, ts, user string) string {
	token := s.id("R")
	s.answers[token] = &answerTo{channel: channel, ts: ts, user: user, at: s.o.Now()}
	return s.url + "/response/" + token
}

func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answers[r.PathValue("token")]
	switch {
	case a == nil:
		writeJSON(w, http.StatusNotFound, object{"ok": false, "error": "not_found"})
		return
	case s.o.Now().Sub(a.at) > answersLife:
		writeJSON(w, http.StatusNotFound, object{"ok": false, "error": "expired_url"})
		return
	case a.uses >= answersMost:
		writeJSON(w, http.StatusNotFound, object{"ok": false, "error": "used_url"})
		return
	}
	a.uses++
	if code := s.answer(a, body); code != "" {
		writeJSON(w, http.StatusBadRequest, object{"ok": false, "error": code})
		return
	}
	writeJSON(w, http.StatusOK, object{"ok": true})
}

// answer posts what the app answers to an interaction or a command; it returns Slack's error string, if there is one.
func (s *Server) answer(to *answerTo, body json.RawMessage) (code string) {
	var a struct {
		ResponseType string `json:"response_type"`
		Replace      bool   `json:"replace_original"`
		Delete       bool   `json:"delete_original"`
		ThreadTS     string `json:"thread_ts"`
	}
	c := &call{args: map[string]string{}}
	var raw map[string]json.RawMessage
	if json.Unmarshal(body, &a) != nil || json.Unmarshal(body, &raw) != nil {
		return "invalid_payload"
	}
	for k, v := range raw {
		var str string
		if json.Unmarshal(v, &str) == nil {
			c.args[k] = str
		} else {
			c.args[k] = string(v)
		}
	}
	ch := s.channels[to.channel]
	m := ch.find(to.ts)
	if a.Delete {
		if m == nil {
			return "message_not_found"
		}
		s.remove(ch, m)
		return ""
	}
	n, err := s.contentOf(c, true)
	if err != nil {
		return err.Error()
	}
	if a.Replace {
		if m == nil {
			return "message_not_found"
		}
		s.change(ch, m, s.o.BotUserID, Version{Text: n.text, Blocks: n.blocks, Attachments: n.attachments})
		return ""
	}
	msg := s.byBot(n, c)
	msg.ThreadTS = a.ThreadTS
	if a.ResponseType == "in_channel" {
		s.publish(ch, msg)
		return ""
	}
	msg.EphemeralTo = to.user
	s.insert(ch, msg)
	s.changedLocked()
	return ""
}
