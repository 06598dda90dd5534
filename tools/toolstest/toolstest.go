// Package toolstest is the conformance suite of investigations.Tool: what every source promises, whatever it
// reads. A source's own test calls TestTool with a small tree of files that it reads well, and the suite takes
// that tree apart: it is missing, forbidden, cut off, garbage, of the wrong type, hostile.
//
// The suite knows the shapes of a tool's answer and nothing of any source. Its checks return the faults that
// they find instead of failing a test, so that its own tests can prove that they find them.
package toolstest

import (
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Options say what the suite works with.
type Options struct {
	// Tree is a small bundle's files, by their path, of which the tool finds evidence and at least one fact.
	// Files named *.log are text, in which nothing is malformed; all others have a format that can be broken.
	Tree fstest.MapFS
	// Request asks about something that Tree holds.
	Request investigations.Request
	// Dir is the folder of the tool's source; empty means the working directory, which is right in a test.
	Dir string
	// MaxFacts is how many facts the tool may state; zero means 10.
	MaxFacts int
}

// limits of a check, far above what a healthy tool needs on a busy machine under the race detector.
const (
	promptly = 5 * time.Second
	// maxSays is how much of a fact's sentence a Ledger keeps.
	maxSays = 600
)

// suite is one tool under test.
type suite struct {
	newTool func(fs.FS) investigations.Tool
	opts    Options
}

// TestTool runs the suite on the tool that newTool makes of a file system. newTool is called for each check.
func TestTool(t *testing.T, newTool func(fs.FS) investigations.Tool, opts Options) {
	t.Helper()
	if opts.MaxFacts == 0 {
		opts.MaxFacts = 10
	}
	if opts.Dir == "" {
		opts.Dir = "."
	}
	s := suite{newTool: newTool, opts: opts}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			for _, fault := range c.run(s) {
				t.Error(fault)
			}
		})
	}
}

// check is one promise; run returns the faults in its keeping.
type check struct {
	name string
	run  func(suite) []string
}

// checks are all promises, the simplest first.
var checks = []check{
	{"package comment", suite.packageComment},
	{"description", suite.description},
	{"sample is read", suite.sampleIsRead},
	{"files are closed", suite.filesAreClosed},
	{"same answer twice", suite.sameAnswerTwice},
	{"same answer concurrently", suite.sameAnswerConcurrently},
	{"any target", suite.anyTarget},
	{"nothing there", suite.nothingThere},
	{"nothing opens", suite.nothingOpens},
	{"file is missing", suite.fileIsMissing},
	{"file breaks off while read", suite.fileBreaksOff},
	{"file is cut off", suite.fileIsCutOff},
	{"file is garbage", suite.fileIsGarbage},
	{"file is a folder", suite.fileIsFolder},
	{"text is hostile", suite.textIsHostile},
	{"cancelled before", suite.cancelledBefore},
	{"cancelled meanwhile", suite.cancelledMeanwhile},
}
