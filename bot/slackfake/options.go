package slackfake

import (
	"log/slog"
	"net/http"
	"time"
)

// Options say what the workspace is and how it behaves. The zero value is a workspace with one app, whose tokens
// are those that Server.Tokens returns.
type Options struct {
	// BotToken (xoxb-…) opens the Web API, AppToken (xapp-…) opens Socket Mode.
	BotToken, AppToken string
	// SigningSecret signs what is sent to the request URLs.
	SigningSecret string
	// TeamID and TeamName name the workspace.
	TeamID, TeamName string
	// AppID, BotID, BotUserID and BotName name the app and its bot user.
	AppID, BotID, BotUserID, BotName string

	// EventsURL, InteractionsURL and CommandsURL, where EventsURL is set, take what would go through Socket
	// Mode, as signed HTTP. An empty InteractionsURL or CommandsURL is the EventsURL.
	EventsURL, InteractionsURL, CommandsURL string
	// Events are the types that the app is subscribed to; nil stands for DefaultEvents.
	Events []string

	// PingInterval is the time between pings of a websocket (5 s); AckTimeout how long an acknowledgement may
	// take (3 s); TriggerLife how long a trigger may be used (3 s); MaxRetries how often an event comes again
	// (3). RetryDelay is the time between a failed attempt and the next (none).
	PingInterval, AckTimeout, TriggerLife, RetryDelay time.Duration
	MaxRetries                                        int
	// MaxConnections is how many sockets may be open at once (10).
	MaxConnections int
	// DuplicateDeliveries sends each envelope on two connections, where there are two.
	DuplicateDeliveries bool
	// EnforceRate answers 429 to a chat.postMessage within a second of the channel's last.
	EnforceRate bool

	// Shortcuts and Commands are what the page offers: the app's message shortcuts and its slash commands, with their slash.
	Shortcuts []Shortcut
	Commands  []string
	// Guide is what the page says can be tried, as mrkdwn; empty for nothing.
	Guide string

	// Now is the clock of timestamps; nil is time.Now.
	Now func() time.Time
	// Client sends signed HTTP; nil is one of its own.
	Client *http.Client
	// Logger hears what a person may want to see; nil is silence.
	Logger *slog.Logger
}

// Shortcut is a message shortcut as the app's manifest has it.
type Shortcut struct {
	Name     string `json:"name"`
	Callback string `json:"callback"`
}

// DefaultEvents are the event types that an app is subscribed to if Options doesn't say otherwise.
func DefaultEvents() []string {
	return []string{
		"app_mention", "message.channels", "message.groups", "message.im", "app_home_opened",
		"reaction_added", "reaction_removed", "member_joined_channel",
	}
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// withDefaults returns o with everything set that was not.
func (o Options) withDefaults() Options {
	o.BotToken = or(o.BotToken, "xoxb-fake-bot-token")
	o.AppToken = or(o.AppToken, "xapp-fake-app-token")
	o.SigningSecret = or(o.SigningSecret, "fake-signing-secret")
	o.TeamID = or(o.TeamID, "T0FAKE001")
	o.TeamName = or(o.TeamName, "fake")
	o.AppID = or(o.AppID, "A0FAKE001")
	o.BotID = or(o.BotID, "B0FAKE001")
	o.BotUserID = or(o.BotUserID, "U0FAKEBOT")
	o.BotName = or(o.BotName, "bot")
	o.PingInterval = or(o.PingInterval, 5*time.Second)
	o.AckTimeout = or(o.AckTimeout, 3*time.Second)
	o.TriggerLife = or(o.TriggerLife, 3*time.Second)
	o.MaxRetries = or(o.MaxRetries, 3)
	o.MaxConnections = or(o.MaxConnections, 10)
	o.InteractionsURL = or(o.InteractionsURL, o.EventsURL)
	o.CommandsURL = or(o.CommandsURL, o.EventsURL)
	if o.Events == nil {
		o.Events = DefaultEvents()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
