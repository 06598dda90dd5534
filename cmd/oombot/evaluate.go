package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/eval"
	"github.com/oombot/oombot/tools/bundle"
)

// truthLimit is far above any truth.yaml, in bytes.
const truthLimit = 1 << 20

// examiner investigates bundles and grades the verdicts.
type examiner struct {
	model *llm
	log   *slog.Logger
	// atOnce is how many bundles are put to the model at a time.
	atOnce int
	// told hears of each bundle, from one goroutine at a time; it may be nil.
	told func(evaluated)
}

// all investigates the bundles, as many at a time as there are processors but at most four, since each may need some
// hundred megabytes. Where a model is asked, they are as many as its endpoint should bear: most have a limit for their
// rate, a local one does one thing at a time, and the times that are reported should be those of an endpoint at rest. The
// error is ctx's own only.
func (x *examiner) all(ctx context.Context, dirs []string) (*evaluation, error) {
	e := &evaluation{Version: 1, Bundles: make([]evaluated, len(dirs))}
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), 4))
	if x.model.agent != nil {
		group.SetLimit(x.atOnce)
	}
	var telling sync.Mutex
	for i, dir := range dirs {
		group.Go(func() error {
			e.Bundles[i] = x.examine(ctx, dir)
			if x.told != nil && ctx.Err() == nil {
				telling.Lock()
				defer telling.Unlock()
				x.told(e.Bundles[i])
			}
			return nil
		})
	}
	_ = group.Wait() // what goes wrong stands in each bundle's Error
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var grades [][]eval.Grade
	for _, b := range e.Bundles {
		grades = append(grades, b.Grades)
		switch b.Status {
		case eval.Pass:
			e.Passed++
		case eval.Fail:
			e.Failed++
		case eval.Errored:
			e.Errors++
		}
	}
	e.Fields = eval.Tally(grades)
	if x.model.agent != nil {
		e.LLM = scoreModel(x.model.name, e.Bundles)
	}
	return e, nil
}

// examine grades one bundle: the verdict of the rules, and the one that stands once a model has looked at it.
func (x *examiner) examine(ctx context.Context, dir string) (out evaluated) {
	start := time.Now()
	broken := func(err error) evaluated {
		return evaluated{
			Bundle: dir, Status: eval.Errored, Error: oneLine(err.Error()), TookMS: time.Since(start).Milliseconds(),
			Grades: []eval.Grade{}, MisledBy: []investigations.Fact{},
		}
	}
	defer func() { // one bundle that breaks the program must not cost the others their scores
		if p := recover(); p != nil {
			x.log.Error("evaluation panicked", "bundle", dir, "err", p, "stack", string(debug.Stack()))
			out = broken(fmt.Errorf("the program broke: %v", p))
		}
	}()
	b, err := bundle.Open(dir)
	if err != nil {
		return broken(err)
	}
	defer b.Close()
	truth, err := readTruth(b.FS())
	if err != nil {
		return broken(err)
	}
	rules, asked := (*investigations.Result)(nil), start
	last, _, err := diagnose(ctx, b.Request(), bundleTools(b.FS(), b.BlindSpots, nil), investigations.Options{
		Log: x.log, Analyst: x.model.analyst(),
		Published: func(r *investigations.Result) { rules, asked = r, time.Now() },
	})
	if err != nil {
		return broken(err)
	}
	if rules == nil { // no model was asked
		return graded(dir, truth, last, time.Since(start))
	}
	out = graded(dir, truth, rules, asked.Sub(start))
	out.LLM = gradeModel(truth, last, time.Since(asked))
	return out
}

// graded compares the verdict of the rules with the truth.
func graded(dir string, truth *eval.Truth, r *investigations.Result, took time.Duration) evaluated {
	out := evaluated{Bundle: dir, Grades: eval.GradeResult(truth, r), MisledBy: []investigations.Fact{}, TookMS: took.Milliseconds()}
	if out.Status = eval.StatusOf(out.Grades); out.Status == eval.Fail {
		out.MisledBy = append(out.MisledBy, eval.Misled(r)...)
	}
	return out
}

func readTruth(fsys fs.FS) (*eval.Truth, error) {
	f, err := fsys.Open(eval.TruthFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s; write what is right about the incident into one", eval.TruthFile)
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, truthLimit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > truthLimit {
		return nil, fmt.Errorf("%s has more than %d bytes", eval.TruthFile, truthLimit)
	}
	return eval.ParseTruth(data)
}
