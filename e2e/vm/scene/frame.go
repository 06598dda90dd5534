package scene

import "time"

// The kinds of frames.
const (
	// KindPost is a request of the agent, which the host answers by an Answer of the same ID.
	KindPost = "post"
	// KindReading is what files of a cgroup held while the agent's recorder ran.
	KindReading = "reading"
	// KindAct says that an act is over, KindAgent how the agent is in the end, KindLog what it logged.
	KindAct   = "act"
	KindAgent = "agent"
	KindLog   = "log"
	// KindEnd is the last frame. Its Text is empty, or says what went wrong.
	KindEnd = "end"
)

// Frame is what the guest tells: one line of JSON on its second serial port.
type Frame struct {
	Kind string
	// At is by the guest's clock.
	At   time.Time
	Text string `json:",omitempty"`

	// Of a post.
	ID           int64             `json:",omitempty"`
	Method, Path string            `json:",omitempty"`
	Header       map[string]string `json:",omitempty"`
	Body         []byte            `json:",omitempty"`

	// Files of cgroups: what they hold, by path. Of a reading, and of an act.
	Files map[string]string `json:",omitempty"`
	// Ended are the processes that ended in an act.
	Ended []Ended `json:",omitempty"`
	// Health and Metrics are what the agent answered, Running says that it still did.
	Health, Metrics string `json:",omitempty"`
	Running         bool   `json:",omitempty"`
}

// Ended is a process that ended.
type Ended struct {
	Comm, Cgroup string
	PID          int64
	At           time.Time
	// Signal is what it died of.
	Signal int
}

// Answer is what the host answers a post, one line of JSON.
type Answer struct {
	ID     int64
	Status int
	Header map[string]string `json:",omitempty"`
	Body   []byte            `json:",omitempty"`
}
