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
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/eval"
	"github.com/oombot/oombot/tools/bundle"
)

// truthLimit is far above any truth.yaml, in bytes.
const truthLimit = 1 << 20

// evaluateAll investigates the bundles, as many at a time as there are processors but at most four, since each
// may need some hundred megabytes. The error is ctx's own only.
func evaluateAll(ctx context.Context, dirs []string, log *slog.Logger) (*evaluation, error) {
	e := &evaluation{Version: 1, Bundles: make([]evaluated, len(dirs))}
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), 4))
	for i, dir := range dirs {
		group.Go(func() error {
			e.Bundles[i] = evaluate(ctx, dir, log)
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
	return e, nil
}

func evaluate(ctx context.Context, dir string, log *slog.Logger) (out evaluated) {
	start := time.Now()
	broken := func(err error) evaluated {
		return evaluated{
			Bundle: dir, Status: eval.Errored, Error: oneLine(err.Error()), TookMS: time.Since(start).Milliseconds(),
			Grades: []eval.Grade{}, MisledBy: []investigations.Fact{},
		}
	}
	defer func() { // one bundle that breaks the program must not cost the others their scores
		if p := recover(); p != nil {
			log.Error("evaluation panicked", "bundle", dir, "err", p, "stack", string(debug.Stack()))
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
	result, _, err := diagnose(ctx, b.Request(), bundleTools(b.FS(), b.BlindSpots, nil), nil, log, nil)
	if err != nil {
		return broken(err)
	}
	out = evaluated{
		Bundle: dir, Grades: eval.GradeResult(truth, result), MisledBy: []investigations.Fact{},
		TookMS: time.Since(start).Milliseconds(),
	}
	if out.Status = eval.StatusOf(out.Grades); out.Status == eval.Fail {
		out.MisledBy = append(out.MisledBy, eval.Misled(result)...)
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
