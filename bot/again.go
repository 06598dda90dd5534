package bot

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// Again is a further kill of an incident, as its thread tells of it in one line.
type Again struct {
	// At is when it was; Since how long after the kill before, 0 not known. With it there are Kills within Span.
	At    time.Time     `json:"at"`
	Since time.Duration `json:"since,omitempty"`
	Kills int           `json:"kills"`
	Span  time.Duration `json:"span,omitempty"`
	// Workload is namespace/workload, where that is not the thread's own.
	Workload string `json:"workload,omitempty"`
	// Boundary and Container are the kill's own where they are other ones than before; SameBoundary and SameContainer say
	// that they are known to be the same. Pod is the kill's own where no other one of it was seen before.
	Boundary      investigations.Boundary `json:"boundary,omitempty"`
	Container     string                  `json:"container,omitempty"`
	Pod           string                  `json:"pod,omitempty"`
	SameBoundary  bool                    `json:"same_boundary,omitempty"`
	SameContainer bool                    `json:"same_container,omitempty"`
	// Why is what beside these makes it worth a look of its own, Look what came of that.
	Why  AgainWhy `json:"why,omitempty"`
	Look Look     `json:"look,omitempty"`
}

// AgainWhy is why a kill that is like the one before is looked at all the same; empty where nothing is.
type AgainWhy string

// What makes a kill worth a look of its own.
const (
	// AgainFixed is one after somebody marked the incident as fixed, AgainOver one after it was over, AgainWrong one of
	// which people hold the verdict for wrong.
	AgainFixed AgainWhy = "fixed"
	AgainOver  AgainWhy = "over"
	AgainWrong AgainWhy = "wrong"
	// AgainReport brings a report of the kernel to a verdict that was unsure without one, AgainRecording a recording.
	AgainReport    AgainWhy = "report"
	AgainRecording AgainWhy = "recording"
)

// Look is what came of a look at a further kill; empty where none was taken.
type Look string

// What comes of a look at a further kill.
const (
	LookedSame    Look = "same"
	LookedRevised Look = "revised"
	LookedApart   Look = "apart"
	LookedFailed  Look = "failed"
)
