package slackfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// interaction is what all interactions say.
func (s *Server) interaction(kind string, u *User) object {
	return object{
		"type": kind, "token": "fake", "api_app_id": s.o.AppID, "enterprise": nil, "is_enterprise_install": false,
		"team":       object{"id": s.o.TeamID, "domain": s.o.TeamName},
		"user":       object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"trigger_id": s.trigger(u.ID),
	}
}

// Click presses the element with an action id of a message of the app; value says which, where the element has several
// (the two of feedback buttons, the options of a menu).
func (s *Server) Click(channel, ts, action, user string, value ...string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m, u, err := s.place(channel, ts, user)
	if err != nil {
		return nil, err
	}
	if m.EphemeralTo != "" && m.EphemeralTo != u.ID {
		return nil, fmt.Errorf("click in %s: %w", ts, errNotFound)
	}
	if m.BotID != s.o.BotID {
		return nil, fmt.Errorf("click in %s: it is of another app, which is told instead", ts)
	}
	raw := slices.Concat(elements(m.Blocks), attachmentElements(m.Attachments))
	act, err := s.pressed(raw, action, value)
	if err != nil {
		return nil, err
	}
	p := s.interaction("block_actions", u)
	p["container"] = object{
		"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": m.EphemeralTo != "", "thread_ts": or(m.ThreadTS, m.TS),
	}
	p["channel"] = object{"id": c.ID, "name": or(c.Name, "directmessage")}
	if m.EphemeralTo == "" {
		p["message"] = s.wire(m)
	}
	p["state"] = object{"values": object{}}
	p["response_url"] = s.responseURL(c.ID, m.TS, u.ID)
	p["actions"] = []object{act}
	return s.deliver(Interactive, p, nil), nil
}

// attachmentElements are those of the blocks in attachments.
func attachmentElements(raw json.RawMessage) []element {
	var all []struct {
		Blocks json.RawMessage `json:"blocks"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &all) != nil {
		return nil
	}
	var out []element
	for _, a := range all {
		out = append(out, elements(a.Blocks)...)
	}
	return out
}

func (s *Server) pressed(all []element, action string, value []string) (object, error) {
	e, err := find(all, action)
	if err != nil {
		return nil, err
	}
	return e.action(slices.Concat(value, []string{""})[0], s.ts())
}

// SelectOption chooses an option of a menu of a message by its value.
func (s *Server) SelectOption(channel, ts, action, user, value string) (*Delivery, error) {
	return s.Click(channel, ts, action, user, value)
}

// ClickView presses an element of a modal or of the Home tab that its user sees.
func (s *Server) ClickView(view, action string, value ...string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[view]
	if v == nil {
		return nil, fmt.Errorf("click in view %s: there is no such view", view)
	}
	all := v.elements()
	act, err := s.pressed(all, action, value)
	if err != nil {
		return nil, err
	}
	p := s.interaction("block_actions", s.users[v.User])
	p["container"] = object{"type": "view", "view_id": v.ID}
	p["view"] = s.wireView(v, nil)
	p["actions"] = []object{act}
	return s.deliver(Interactive, p, nil), nil
}

// elements are what can be pressed or filled in in a view.
func (v *View) elements() []element { return elements(marshal(v.fields.Blocks)) }

// SubmitModal fills in a modal and sends it. values are by action id: text, the value of an option, or several of
// them with commas between. What they don't name keeps what the app put there. It fails where a person couldn't
// send: something that is needed is empty, or there is nothing of that name to fill in.
func (s *Server) SubmitModal(view string, values map[string]string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[view]
	if v == nil || v.fields.Type != "modal" {
		return nil, fmt.Errorf("submit view %s: there is no such modal", view)
	}
	left := maps.Clone(values)
	state := object{}
	for _, e := range v.elements() {
		value, given := values[e.ActionID]
		if !given {
			value = e.initial()
		}
		delete(left, e.ActionID)
		if !e.Input {
			continue
		}
		if value == "" && !e.Optional {
			return nil, fmt.Errorf("submit view %s: %q must be filled in", view, e.ActionID)
		}
		st, err := e.state(value)
		if err != nil {
			return nil, fmt.Errorf("submit view %s: %w", view, err)
		}
		state[e.BlockID] = object{e.ActionID: st}
	}
	for name := range left {
		return nil, fmt.Errorf("submit view %s: it has no %q to fill in", view, name)
	}
	v.Errors = nil
	p := s.interaction("view_submission", s.users[v.User])
	p["view"], p["response_urls"] = s.wireView(v, state), []object{}
	return s.deliver(Interactive, p, s.onSubmitted(v)), nil
}

// CloseModal closes a modal; the app is told if it asked for that, else the Delivery is nil.
func (s *Server) CloseModal(view string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[view]
	if v == nil || v.fields.Type != "modal" {
		return nil, fmt.Errorf("close view %s: there is no such modal", view)
	}
	var d *Delivery
	if v.fields.NotifyOnClose {
		p := s.interaction("view_closed", s.users[v.User])
		delete(p, "trigger_id")
		p["view"], p["is_cleared"] = s.wireView(v, nil), v.fields.ClearOnClose
		d = s.deliver(Interactive, p, nil)
	}
	if v.fields.ClearOnClose {
		s.closeAll(v.User)
	} else {
		s.closeTop(v)
	}
	s.changedLocked()
	return d, nil
}

// OpenHome opens the app's Home tab.
func (s *Server) OpenHome(user string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.user(user)
	if err != nil {
		return err
	}
	e := object{"type": "app_home_opened", "user": u.ID, "channel": s.im(u.ID).ID, "tab": "home", "event_ts": s.ts()}
	if v := s.views[s.homes[u.ID]]; v != nil {
		e["view"] = s.wireView(v, nil)
	}
	s.emit("app_home_opened", nil, e)
	return nil
}

// Slash sends a slash command. What the app acknowledges it with is shown to the user or, where it says
// in_channel, to all.
func (s *Server) Slash(user, channel, command, text string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.user(user)
	if err != nil {
		return nil, err
	}
	c, err := s.channel(channel)
	if err != nil {
		return nil, err
	}
	form := map[string]string{
		"token": "fake", "team_id": s.o.TeamID, "team_domain": s.o.TeamName, "channel_id": c.ID, "channel_name": or(c.Name, "directmessage"),
		"user_id": u.ID, "user_name": u.Name, "command": command, "text": text, "api_app_id": s.o.AppID, "is_enterprise_install": "false",
		"response_url": s.responseURL(c.ID, "", u.ID), "trigger_id": s.trigger(u.ID),
	}
	d := &Delivery{
		s: s, EnvelopeID: s.envelopeID(), Type: SlashCommands, payload: marshal(form), form: form, done: make(chan struct{}),
		onAck: func(ack json.RawMessage) {
			if len(ack) > 0 {
				if code := s.answer(&answerTo{channel: c.ID, user: u.ID}, ack); code != "" {
					s.o.Logger.Warn("the answer to a slash command can't be shown", "err", code)
				}
			}
		},
	}
	s.enqueue(d)
	return d, nil
}

// MessageShortcut runs a shortcut of the app on a message.
func (s *Server) MessageShortcut(user, channel, ts, callback string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m, u, err := s.place(channel, ts, user)
	if err != nil {
		return nil, err
	}
	p := s.interaction("message_action", u)
	p["callback_id"], p["message_ts"], p["action_ts"] = callback, m.TS, s.ts()
	p["channel"] = object{"id": c.ID, "name": or(c.Name, "directmessage")}
	p["message"], p["response_url"] = s.wire(m), s.responseURL(c.ID, "", u.ID)
	return s.deliver(Interactive, p, nil), nil
}

// Shortcut runs a shortcut of the app that is on no message.
func (s *Server) Shortcut(user, callback string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.user(user)
	if err != nil {
		return nil, err
	}
	p := s.interaction("shortcut", u)
	p["callback_id"], p["action_ts"] = callback, s.ts()
	return s.deliver(Interactive, p, nil), nil
}

// place finds the message and the person of an action.
func (s *Server) place(name, ts, user string) (*channel, *Message, *User, error) {
	c, err := s.channel(name)
	if err != nil {
		return nil, nil, nil, err
	}
	u, err := s.user(user)
	if err != nil {
		return nil, nil, nil, err
	}
	m := c.find(ts)
	if m == nil {
		return nil, nil, nil, fmt.Errorf("find message %s in %s: %w", ts, name, errNotFound)
	}
	return c, m, u, nil
}
