package slackfake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/oombot/oombot/bot/slackfake/blocks"
)

// maxStack is how many modals may lie on one another.
const maxStack = 3

// View is a modal or a Home tab.
type View struct {
	ID, User, Hash, ExternalID string
	// Root and Previous are the modals below it; Root is its own ID for the first.
	Root, Previous string
	// JSON is the view as the app sent it, its blocks completed.
	JSON json.RawMessage
	// Errors are what the app found wrong with the last submission, by block id.
	Errors map[string]string

	fields viewFields
}

// viewFields are those parts of a view that the stand-in acts on.
type viewFields struct {
	Type          string            `json:"type"`
	CallbackID    string            `json:"callback_id"`
	ExternalID    string            `json:"external_id"`
	Blocks        []json.RawMessage `json:"blocks"`
	NotifyOnClose bool              `json:"notify_on_close"`
	ClearOnClose  bool              `json:"clear_on_close"`
}

// trigger lets the app open one modal.
type trigger struct {
	user string
	at   time.Time
	used bool
}

// trigger returns a new trigger id of what a user did.
func (s *Server) trigger(user string) string {
	id := s.id("1700000000.") + ".fake"
	s.triggers[id] = &trigger{user: user, at: s.o.Now()}
	return id
}

// pull uses a trigger and returns whose it was.
func (s *Server) pull(c *call) (string, error) {
	t := s.triggers[c.str("trigger_id")]
	switch {
	case t == nil:
		return "", fail("invalid_trigger_id")
	case t.used:
		return "", fail("exchanged_trigger_id")
	case s.o.Now().Sub(t.at) > s.o.TriggerLife:
		return "", fail("expired_trigger_id")
	}
	return t.user, nil
}

// newView checks a view and completes it; kind is the type it must have.
func (s *Server) newView(raw json.RawMessage, kind string) (*View, error) {
	if raw == nil {
		return nil, failArgs("missing required field: view")
	}
	faults, err := blocks.CheckView(raw)
	if err != nil {
		return nil, failArgs(err.Error())
	}
	if len(faults) > 0 {
		return nil, failFaults("invalid_arguments", faults)
	}
	v := &View{JSON: raw}
	if err := json.Unmarshal(raw, &v.fields); err != nil {
		return nil, failArgs(err.Error())
	}
	if v.fields.Type != kind {
		return nil, failArgs("must be of type " + kind + " [json-pointer:/view/type]")
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, failArgs(err.Error())
	}
	filled, err := blocks.Fill(o["blocks"], s.blockID)
	if err != nil {
		return nil, failArgs(err.Error())
	}
	o["blocks"] = filled
	v.JSON = marshal(o)
	if err := json.Unmarshal(v.JSON, &v.fields); err != nil {
		return nil, failArgs(err.Error())
	}
	v.ExternalID = v.fields.ExternalID
	for _, other := range s.views {
		if v.ExternalID != "" && other.ExternalID == v.ExternalID {
			return nil, fail("duplicate_external_id")
		}
	}
	return v, nil
}

// keep gives a view an id and a hash, and keeps it.
func (s *Server) keep(v *View, user string) {
	if v.ID == "" {
		v.ID = s.id("V")
	}
	v.User = user
	v.Root = or(v.Root, v.ID)
	sum := sha256.Sum256(append([]byte(s.ts()), v.JSON...))
	v.Hash = hex.EncodeToString(sum[:8])
	s.views[v.ID] = v
}

// wireView is a view as answers and interactions have it, with the state of its inputs if there is one.
func (s *Server) wireView(v *View, state object) object {
	o := object{
		"private_metadata": "", "callback_id": "", "submit": nil, "close": nil, "clear_on_close": false, "notify_on_close": false, "external_id": "",
	}
	var sent map[string]json.RawMessage
	if json.Unmarshal(v.JSON, &sent) == nil {
		for k, raw := range sent {
			o[k] = raw
		}
	}
	if state == nil {
		state = object{}
	}
	o["id"], o["team_id"], o["app_id"], o["bot_id"], o["hash"] = v.ID, s.o.TeamID, s.o.AppID, s.o.BotID, v.Hash
	o["root_view_id"], o["app_installed_team_id"], o["state"] = v.Root, s.o.TeamID, object{"values": state}
	o["previous_view_id"] = nil
	if v.Previous != "" {
		o["previous_view_id"] = v.Previous
	}
	return o
}

// modal is the view of a call, and the user whose trigger it uses.
func (s *Server) modal(c *call) (*View, string, error) {
	v, err := s.newView(c.raw("view"), "modal")
	if err != nil {
		return nil, "", err
	}
	user, err := s.pull(c)
	return v, user, err
}

func (s *Server) viewsOpen(c *call) (object, error) {
	v, user, err := s.modal(c)
	if err != nil {
		return nil, err
	}
	s.triggers[c.str("trigger_id")].used = true
	s.keep(v, user)
	s.stacks[user] = []string{v.ID}
	return object{"view": s.wireView(v, nil)}, nil
}

func (s *Server) viewsPush(c *call) (object, error) {
	v, user, err := s.modal(c)
	if err != nil {
		return nil, err
	}
	if err := s.push(v, user); err != nil {
		return nil, err
	}
	s.triggers[c.str("trigger_id")].used = true
	return object{"view": s.wireView(v, nil)}, nil
}

// push lays a modal on those that a user has open.
func (s *Server) push(v *View, user string) error {
	stack := s.stacks[user]
	if len(stack) == 0 {
		return fail("not_found")
	}
	if len(stack) >= maxStack {
		return fail("push_limit_reached")
	}
	top := s.views[stack[len(stack)-1]]
	v.Root, v.Previous = top.Root, top.ID
	s.keep(v, user)
	s.stacks[user] = append(slices.Clone(stack), v.ID)
	return nil
}

func (s *Server) viewsUpdate(c *call) (object, error) {
	old := s.views[c.str("view_id")]
	if id := c.str("external_id"); id != "" {
		for _, v := range s.views {
			if v.ExternalID == id {
				old = v
			}
		}
	}
	if old == nil {
		return nil, fail("not_found")
	}
	if h := c.str("hash"); h != "" && h != old.Hash {
		return nil, fail("hash_conflict")
	}
	external := old.ExternalID
	old.ExternalID = "" // the new version may have the same
	v, err := s.newView(c.raw("view"), old.fields.Type)
	if err != nil {
		old.ExternalID = external
		return nil, err
	}
	s.replace(old, v)
	return object{"view": s.wireView(v, nil)}, nil
}

// replace puts v in the place of old.
func (s *Server) replace(old, v *View) {
	v.ID, v.Root, v.Previous = old.ID, old.Root, old.Previous
	s.keep(v, old.User)
}

func (s *Server) viewsPublish(c *call) (object, error) {
	user := c.str("user_id")
	if s.users[user] == nil {
		return nil, fail("user_not_found")
	}
	old := s.views[s.homes[user]]
	if h := c.str("hash"); h != "" && (old == nil || old.Hash != h) {
		return nil, fail("hash_conflict")
	}
	v, err := s.newView(c.raw("view"), "home")
	if err != nil {
		return nil, err
	}
	if old != nil {
		v.ID = old.ID
	}
	s.keep(v, user)
	s.homes[user] = v.ID
	return object{"view": s.wireView(v, nil)}, nil
}

// Modals returns the modals that a user has open, the one on top last.
func (s *Server) Modals(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modals(user)
}

func (s *Server) modals(user string) []View {
	u, err := s.user(user)
	if err != nil {
		return nil
	}
	var all []View
	for _, id := range s.stacks[u.ID] {
		all = append(all, *s.views[id])
	}
	return all
}

// Home returns the Home tab that the app published for a user.
func (s *Server) Home(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.user(user)
	if err != nil || s.homes[u.ID] == "" {
		return View{}, false
	}
	return *s.views[s.homes[u.ID]], true
}

// onSubmitted does what the acknowledgement of a submission asks for.
func (s *Server) onSubmitted(v *View) func(json.RawMessage) {
	return func(ack json.RawMessage) {
		var a struct {
			Action string            `json:"response_action"`
			Errors map[string]string `json:"errors"`
			View   json.RawMessage   `json:"view"`
		}
		if len(ack) > 0 && json.Unmarshal(ack, &a) != nil {
			s.o.Logger.Warn("the acknowledgement of a submission is not in the form of one", "view", v.ID)
		}
		switch a.Action {
		case "errors":
			v.Errors = a.Errors
		case "clear":
			s.closeAll(v.User)
		case "update", "push":
			n, err := s.newView(a.View, "modal")
			if err == nil && a.Action == "push" {
				err = s.push(n, v.User)
			} else if err == nil {
				s.replace(v, n)
			}
			if err != nil {
				v.Errors = map[string]string{"": "the app answered with a view that can't be shown: " + err.Error()}
			}
		default:
			s.closeTop(v)
		}
	}
}

// closeTop takes a modal from its user's stack.
func (s *Server) closeTop(v *View) {
	s.stacks[v.User] = slices.DeleteFunc(slices.Clone(s.stacks[v.User]), func(id string) bool { return id == v.ID })
	delete(s.views, v.ID)
}

func (s *Server) closeAll(user string) {
	for _, id := range s.stacks[user] {
		delete(s.views, id)
	}
	delete(s.stacks, user)
}
