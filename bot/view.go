package bot

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// View is all that an incident's card shows. It is a copy: whoever draws it changes nothing.
type View struct {
	Incident Incident
	// Result is its verdict's; nil where there is none yet.
	Result *investigations.Result
	// Steps are what is read, in the order of the sources; empty where nothing runs.
	Steps []Step
	// Model is what is done with the model at this moment; empty where nothing is.
	Model string
	// Ahead is how many incidents wait before it.
	Ahead int
	// Similar are its precedents with where they were told.
	Similar []Similar
	// Ups and Downs are how many people hold the verdict for right and for wrong.
	Ups, Downs int
	Links      []Link
	Now        time.Time
}

// Step is a source that is asked.
type Step struct {
	Tool  string
	Done  bool
	Facts int
	// Blind counts what it could not see; Failed says that it failed as a whole.
	Blind  int
	Failed bool
	Took   time.Duration
}

// Similar is an earlier incident.
type Similar struct {
	investigations.Precedent
	At       time.Time
	Target   investigations.Target
	Headline string
	Cause    investigations.Cause
	// Link is the permalink of its thread; empty where it was not shown in Slack.
	Link string
}

// Link leads to a dashboard.
type Link struct{ Title, URL string }
