// Package judgetest has tests judge recorded incidents as the program does without a model: all sources read the bundle, and
// the rules say what it was. It knows nothing of who asks, nor of what comes of a verdict.
package judgetest

import (
	"io/fs"
	"testing"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/rules"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/logs"
	"github.com/oombot/oombot/tools/metrics"
	"github.com/oombot/oombot/tools/pods"
	"github.com/oombot/oombot/tools/profiles"
	"github.com/oombot/oombot/tools/rollouts"
)

// Judged is an incident and what was made of it.
type Judged struct {
	Request  investigations.Request
	Result   *investigations.Result
	Evidence *investigations.Evidence
}

// Sources are those of the program for a bundle, in the order in which their facts are numbered.
func Sources(fsys fs.FS) []investigations.Tool {
	return []investigations.Tool{kernlog.New(fsys), pods.New(fsys), rollouts.New(fsys), metrics.New(fsys), logs.New(fsys), profiles.New(fsys)}
}

// Example judges the shipped incident of that name.
func Example(t testing.TB, name string, o investigations.Options) Judged {
	t.Helper()
	fsys, err := fs.Sub(examples.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	return Bundle(t, fsys, o)
}

// Bundle judges the incident that a file system holds.
func Bundle(t testing.TB, fsys fs.FS, o investigations.Options) Judged {
	t.Helper()
	req, err := bundle.ReadIncident(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, req, Sources(fsys), o)
}

// Folder judges the incident in a folder. What its collector could not see is a blind spot.
func Folder(t testing.TB, dir string, o investigations.Options) Judged {
	t.Helper()
	b, err := bundle.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	tools := Sources(b.FS())
	for i := range tools {
		tools[i] = investigations.WithBlindSpots(tools[i], b.BlindSpots)
	}
	return run(t, b.Request(), tools, o)
}

func run(t testing.TB, req investigations.Request, tools []investigations.Tool, o investigations.Options) Judged {
	t.Helper()
	res, ev, err := investigations.Run(t.Context(), req, tools, rules.New(), o)
	if err != nil {
		t.Fatal(err)
	}
	return Judged{req, res, ev}
}
