package bot

import (
	"context"
	"errors"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/investigations"
)

// ErrNoTarget says that the cluster knows nothing of the name that was asked for, or several things: the error's text
// says it to a person and lists what there is.
var ErrNoTarget = errors.New("no such target")

// Investigator finds what is asked for, and investigates it. It is safe for concurrent use.
type Investigator interface {
	// Find looks for the first of the ask's targets that there is; it is cheap. The error is one of ErrNoTarget where
	// there is none.
	Find(ctx context.Context, ask Ask) (Case, error)
}

// Case is something that was found. Its methods may be called from one goroutine at a time.
type Case interface {
	// Target is what was found: with its pod, container, workload and node as far as they are known.
	Target() investigations.Target
	// Investigate reads the sources, judges, and stores the result in memory under the name of who asked.
	Investigate(ctx context.Context, w Watch) (*investigations.Result, *investigations.Evidence, error)
}

// Watch is told how an investigation goes; its functions are called from one goroutine at a time and return at once.
// They may be nil.
type Watch struct {
	AskedBy  string
	Progress func(investigations.Progress)
	// Published is given the verdict of the rules before a model is asked.
	Published func(*investigations.Result)
	// Model is told what is done with the model.
	Model func(says string)
}

// Answerer answers a question to a stored investigation, with citations. It is safe for concurrent use.
type Answerer interface {
	Answer(ctx context.Context, trace investigations.Trace, question string) (string, error)
}

// Pager is PagerDuty's API. It is safe for concurrent use.
type Pager interface {
	// Alerts returns what an incident's alerts say.
	Alerts(ctx context.Context, incident string) ([]Alert, error)
	// Note adds a note to an incident. Where one of the same mark is there already, it does nothing.
	Note(ctx context.Context, incident, mark, text string) error
}

// Message is what is posted.
type Message struct {
	// Text is what notifications and screen readers show.
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"-"`
}

// Post is a message on its way.
type Post struct {
	// Key is its natural key: Slack keeps it beside the message, so that it can be looked up.
	Key     string
	Channel string
	// Thread is the ts of the thread's first message; empty for a message of the channel itself.
	Thread string
	Message
}

// File is a file on its way into a thread.
type File struct {
	Key             string
	Channel, Thread string
	Name, Title     string
	// Alt describes a picture to who can't see it; empty for a text.
	Alt  string
	Data []byte
}

// Slack is what the bot does in a workspace. It is safe for concurrent use. It neither waits nor tries again: errors
// are *SlackErrors, or ctx's own.
type Slack interface {
	Post(ctx context.Context, p Post) (ts string, err error)
	Update(ctx context.Context, channel, ts string, m Message) error
	// Ephemeral shows a message to one person only.
	Ephemeral(ctx context.Context, channel, thread, user string, m Message) error
	// Upload returns the id of the file.
	Upload(ctx context.Context, f File) (id string, err error)
	// Sent looks whether a post of that key is in a channel or thread, among those not older than since; "" where not.
	Sent(ctx context.Context, key, channel, thread string, since time.Time) (ts string, err error)
	// Read returns a message that stands in a channel, as an EventMessage.
	Read(ctx context.Context, channel, ts string) (Event, error)
	React(ctx context.Context, channel, ts, name string) error
	// Status shows what the bot is doing below a thread; an empty text takes it away.
	Status(ctx context.Context, channel, thread, text string) error
	Permalink(ctx context.Context, channel, ts string) (string, error)
	// Open shows a dialog; trigger is valid for three seconds.
	Open(ctx context.Context, trigger string, v slack.ModalViewRequest) error
	PublishHome(ctx context.Context, user string, blocks []slack.Block) error
	Person(ctx context.Context, user string) (Person, error)
	// Members are the user ids of a user group.
	Members(ctx context.Context, group string) ([]string, error)
}

// Person is who asks.
type Person struct {
	ID, Name string
	// Guest is a restricted member, Stranger one of another workspace, Bot an app's user.
	Guest, Stranger, Bot bool
}

// SlackFault says what kind of error Slack answered.
type SlackFault string

// The kinds of errors.
const (
	// FaultBusy is a rate limit: nothing was done; try after After.
	FaultBusy SlackFault = "busy"
	// FaultDown is one that will pass: nothing is known to be done; it may have been.
	FaultDown SlackFault = "down"
	// FaultToken is a token that is revoked, expired or wrong.
	FaultToken SlackFault = "token"
	// FaultScope is a permission that the app was not given: Needed names it.
	FaultScope SlackFault = "scope"
	// FaultChannel is a channel that is archived or gone, or that the bot is not in.
	FaultChannel SlackFault = "channel"
	// FaultMessage is a message that is gone, or can't be changed any more.
	FaultMessage SlackFault = "message"
	// FaultRefused is anything else: trying again changes nothing.
	FaultRefused SlackFault = "refused"
)

// SlackError is an error of Slack's. Its text holds no token.
type SlackError struct {
	Fault  SlackFault
	Method string
	// Reason is Slack's own word, as not_in_channel.
	Reason string
	// After is when to try again; 0 not told.
	After  time.Duration
	Needed string
	Err    error
}

// Error implements error.
func (e *SlackError) Error() string {
	s := e.Method + ": " + e.Reason
	if e.Needed != "" {
		s += " (needs the scope " + e.Needed + ")"
	}
	return s
}

// Unwrap returns what it was made of.
func (e *SlackError) Unwrap() error { return e.Err }
