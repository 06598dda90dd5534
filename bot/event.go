package bot

import "time"

// Event is one thing that happened outside: the payload of an inbox item, as JSON. Its texts have passed redaction.
// It holds no token and no URL that lets somebody act (a response_url, a trigger_id): those are not stored.
type Event struct {
	Kind EventKind `json:"kind"`
	// At is when it happened, by the clock of who sent it.
	At time.Time `json:"at"`
	// Team is the workspace that it came from; Channel, User, TS and ThreadTS are Slack's ids. ThreadTS is empty for
	// what stands in a channel itself.
	Team     string `json:"team,omitempty"`
	Channel  string `json:"channel,omitempty"`
	User     string `json:"user,omitempty"`
	TS       string `json:"ts,omitempty"`
	ThreadTS string `json:"thread_ts,omitempty"`
	// Direct says that it is a direct message with the bot; Addressed that the bot was mentioned, or else spoken to.
	Direct    bool `json:"direct,omitempty"`
	Addressed bool `json:"addressed,omitempty"`
	// Shared says that the channel is shared with another workspace (Slack Connect).
	Shared bool `json:"shared,omitempty"`
	// Author is the app that posted it; nil for a person.
	Author *Author `json:"author,omitempty"`
	// Text is what a reader sees: text, blocks and attachments in one, without the bot's own mention at its start.
	Text string `json:"text,omitempty"`
	// Links are the http(s) URLs anywhere in it, in order, each once.
	Links []string `json:"links,omitempty"`

	Press    *Press    `json:"press,omitempty"`
	Form     *Form     `json:"form,omitempty"`
	Reaction *Reaction `json:"reaction,omitempty"`
	// Alerts are those of a webhook.
	Alerts []Alert `json:"alerts,omitempty"`
}

// EventKind says what happened.
type EventKind string

// The kinds of events. Each names the fields beside At and Team that are set.
const (
	// EventMessage is a message: Channel, User or Author, TS, Text, Links.
	EventMessage EventKind = "message"
	// EventEdited is a message that somebody else than the bot changed: as EventMessage, with the TS of the message.
	EventEdited EventKind = "edited"
	// EventDeleted is a message that is gone: Channel, TS.
	EventDeleted EventKind = "deleted"
	// EventCommand is a slash command: Channel, User, Text.
	EventCommand EventKind = "command"
	// EventShortcut is a message shortcut: as EventMessage, User being who used it, TS that of the message.
	EventShortcut EventKind = "shortcut"
	// EventPress is a press of a button or a choice in a menu: Channel, User, TS of its message, Press.
	EventPress EventKind = "press"
	// EventForm is a dialog that was sent: User, Form.
	EventForm EventKind = "form"
	// EventReaction is an emoji put or taken back: Channel, User, TS of the message, Reaction.
	EventReaction EventKind = "reaction"
	// EventHome is the bot's home opened: User.
	EventHome EventKind = "home"
	// EventJoined and EventLeft say that the bot came into a channel, or that it was removed, or the channel archived.
	EventJoined EventKind = "joined"
	EventLeft   EventKind = "left"
	// EventAlerts is a webhook of an alert source: Alerts, and Channel where the configuration names one.
	EventAlerts EventKind = "alerts"
)

// Author is an app that posts.
type Author struct {
	BotID string `json:"bot_id,omitempty"`
	AppID string `json:"app_id,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Press is what was pressed.
type Press struct {
	Action string `json:"action"`
	Value  string `json:"value"`
}

// Form is a dialog that was sent.
type Form struct {
	// Callback says which, Context is what it was opened with.
	Callback string `json:"callback"`
	Context  string `json:"context"`
	// Values are by the action ids of its inputs.
	Values map[string]string `json:"values"`
}

// Reaction is an emoji on a message.
type Reaction struct {
	// Name is without colons and skin tone; "+1" is thumbsup and "-1" thumbsdown.
	Name    string `json:"name"`
	Removed bool   `json:"removed,omitempty"`
}
