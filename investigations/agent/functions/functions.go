package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Set is the functions of one investigation. It reads what it was given and changes none of it, so that it is safe for
// concurrent use.
type Set struct {
	req    investigations.Request
	res    *investigations.Result
	ev     *investigations.Evidence
	recall investigations.Recaller
	names  func() *names
}

// Answer is what a function found.
type Answer struct {
	// Facts have no ID; Key is unique for what a fact says, so that what is said twice is one fact.
	Facts []investigations.Fact
	// Note is what else the model is to know: what was left out, what was looked at in vain, what can't be seen. It may be
	// empty.
	Note string
}

// New returns the functions for one investigation. ev and recall may be nil: then what they hold can't be looked at.
func New(req investigations.Request, res *investigations.Result, ev *investigations.Evidence, recall investigations.Recaller) *Set {
	if res == nil {
		res = &investigations.Result{At: req.At, Target: req.Target}
	}
	if ev == nil {
		ev = &investigations.Evidence{}
	}
	s := &Set{req: req, res: res, ev: ev, recall: recall}
	s.names = sync.OnceValue(s.collectNames)
	return s
}

// Definitions returns what a model is told of the functions, always in the same order.
func (s *Set) Definitions() []investigations.Function {
	var out []investigations.Function
	for _, f := range all() {
		out = append(out, investigations.Function{Name: f.name, Summary: f.summary, Schema: json.RawMessage(f.schema)})
	}
	return out
}

// BrokenError says that a function panicked. Its text holds nothing of what it was about.
type BrokenError struct {
	// Function is its name, Cause what it panicked with and Stack where, for a log.
	Function string
	Cause    any
	Stack    []byte
}

// Error implements error.
func (e *BrokenError) Error() string { return "the function " + e.Function + " broke on this evidence" }

// Call answers one call. Its error is an *ArgumentError that tells the model what would be right, a *BrokenError, or
// ctx's own. It does bounded work whatever the arguments are.
func (s *Set) Call(ctx context.Context, name, arguments string) (got Answer, err error) {
	functions := all()
	i := slices.IndexFunc(functions, func(f function) bool { return f.name == name })
	if i < 0 {
		return Answer{}, unknownFunction(name, functions)
	}
	f := functions[i]
	args, err := f.arguments(arguments)
	if err != nil {
		return Answer{}, err
	}
	if err := context.Cause(ctx); err != nil {
		return Answer{}, fmt.Errorf("call %s: %w", name, err)
	}
	defer func() {
		if p := recover(); p != nil {
			got, err = Answer{}, &BrokenError{Function: name, Cause: p, Stack: debug.Stack()}
		}
	}()
	a := newAnswer(f.tool, f.most)
	if err := f.answer(s, ctx, args, a); err != nil {
		return Answer{}, err
	}
	if err := context.Cause(ctx); err != nil {
		return Answer{}, fmt.Errorf("call %s: %w", name, err)
	}
	if a.empty() {
		s.unseen(a, f.tool)
	}
	return a.done(), nil
}

// at is the moment that the investigation is about.
func (s *Set) at() time.Time {
	if s.res.At.IsZero() {
		return s.req.At
	}
	return s.res.At
}

// target is what the investigation is about, as far as it is known.
func (s *Set) target() investigations.Target {
	if s.res.Target == (investigations.Target{}) {
		return s.req.Target
	}
	return s.res.Target
}
