package memory

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// maxNesting bounds how deep a document may be nested.
const maxNesting = 100

// ReadDocument reads a trace from its JSON document, or from that of a result alone, as an investigation prints it. Secrets in it are
// masked, and keys that nobody knows are left out. The error says what of the document can't be taken: its version, a
// value that is none of its enumeration, or that it names no incident.
func ReadDocument(data []byte) (investigations.Trace, error) {
	if nesting(data) > maxNesting {
		return investigations.Trace{}, fmt.Errorf("it is nested deeper than %d: %w", maxNesting, investigations.ErrTooLarge)
	}
	var keys struct {
		Result  json.RawMessage `json:"result"`
		Verdict json.RawMessage `json:"verdict"`
	}
	if err := parse(data, &keys); err != nil {
		return investigations.Trace{}, err
	}
	data, err := redact.JSON(data)
	if err != nil {
		return investigations.Trace{}, err
	}
	var t investigations.Trace
	switch {
	case keys.Result != nil:
		err = parse(data, &t)
	case keys.Verdict != nil:
		t.Version = investigations.TraceVersion
		err = parse(data, &t.Result)
	default:
		err = errors.New("it is neither a past incident nor a result: it has no result and no verdict")
	}
	if err == nil {
		err = checkTrace(t)
	}
	if err != nil {
		return investigations.Trace{}, err
	}
	return Normalized(t), nil
}

// parse is json.Unmarshal with errors that speak of the document and not of Go.
func parse(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("it is no JSON: %s at byte %d", strings.TrimPrefix(syntax.Error(), "json: "), syntax.Offset)
	case errors.As(err, &typ) && typ.Field == "":
		return fmt.Errorf("it is a JSON %s, and no object", typ.Value)
	case errors.As(err, &typ):
		return fmt.Errorf("%s can't be a JSON %s", typ.Field, typ.Value)
	case err != nil:
		return fmt.Errorf("it can't be read: %w", err)
	}
	return nil
}

// nesting returns how deep the arrays and objects of a JSON text are nested.
func nesting(data []byte) int {
	depth, deepest := 0, 0
	inString, escaped := false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case inString && b == '\\':
			escaped = true
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			depth++
			deepest = max(deepest, depth)
		case b == '}' || b == ']':
			depth--
		}
	}
	return deepest
}

// checkTrace finds what a store can't take.
func checkTrace(t investigations.Trace) error {
	r := t.Result
	switch {
	case t.Version != investigations.TraceVersion:
		return versionError("version", t.Version, investigations.TraceVersion)
	case r.Version != investigations.ResultVersion:
		return versionError("version of the result", r.Version, investigations.ResultVersion)
	case r.ID == "":
		return errors.New("it has no id")
	case r.At.IsZero():
		return errors.New("it has no time: at is missing")
	}
	if id, err := ulid.ParseStrict(r.ID); err != nil || id.String() != r.ID {
		return fmt.Errorf("id %s is no ULID", investigations.Quote(r.ID, 40))
	}
	if err := checkVerdict(r); err != nil {
		return err
	}
	if err := oneOf("outcome.state", t.Outcome.State, investigations.OutcomeStates); err != nil {
		return err
	}
	for _, fix := range t.Outcome.Fix {
		if err := oneOf("outcome.fix", fix, investigations.Actions); err != nil {
			return err
		}
	}
	for i, f := range t.Feedback {
		if err := checkFeedback(f); err != nil {
			return fmt.Errorf("feedback %d: %w", i+1, err)
		}
	}
	for _, l := range t.Links {
		if err := oneOf("links.type", l.Type, linkTypes); err != nil {
			return err
		}
	}
	return checkTimes(t)
}

func versionError(what string, got, known int) error {
	if got == 0 {
		return fmt.Errorf("it has no %s", what)
	}
	return fmt.Errorf("%s %d is not known: this program reads %d", what, got, known)
}

func checkVerdict(r investigations.Result) error {
	v := r.Verdict
	errs := []error{
		oneOf("mechanism", v.Mechanism, investigations.Mechanisms),
		oneOf("boundary", v.Boundary, investigations.Boundaries),
		oneOf("cause", v.Cause, investigations.Causes),
		oneOf("trigger", v.Trigger, investigations.Triggers),
	}
	for _, rec := range v.Recommendations {
		errs = append(errs, oneOf("recommendations.action", rec.Action, investigations.Actions))
	}
	for _, h := range r.Hypotheses {
		errs = append(errs, oneOf("hypotheses.cause", h.Cause, investigations.Causes))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// linkTypes are those of edges between incidents.
var linkTypes = []investigations.EdgeType{investigations.EdgeSameRootAs, investigations.EdgeRecurredAs, investigations.EdgeInheritedFrom}

var votes = []investigations.Vote{investigations.VoteUp, investigations.VoteDown, investigations.VoteRetracted}

func checkFeedback(f investigations.Feedback) error {
	switch {
	case f.By == "":
		return errors.New("it does not say by whom")
	case f.At.IsZero():
		return errors.New("it does not say when")
	case f.Vote == "":
		return errors.New("it has no vote")
	}
	if err := oneOf("vote", f.Vote, votes); err != nil {
		return err
	}
	if err := oneOf("judged", f.Judged, investigations.Causes); err != nil {
		return err
	}
	return oneOf("cause", f.Cause, investigations.Causes)
}

// checkTimes refuses what no calendar can print once it is in UTC, as the end of the year 9999 west of Greenwich.
func checkTimes(t investigations.Trace) error {
	times := []time.Time{t.Result.At, t.StoredAt, t.Outcome.At}
	for _, f := range t.Feedback {
		times = append(times, f.At)
	}
	for _, at := range times {
		if y := at.UTC().Year(); y < 0 || y > 9999 {
			return errors.New("a time is out of range")
		}
	}
	return nil
}

// oneOf refuses a value that is not among those that are allowed; an empty one is not known, and allowed.
func oneOf[T ~string](field string, v T, allowed []T) error {
	if v == "" || slices.Contains(allowed, v) {
		return nil
	}
	var names []string
	for _, a := range allowed {
		names = append(names, string(a))
	}
	return fmt.Errorf("%s %s is none of %s", field, investigations.Quote(string(v), 40), strings.Join(names, ", "))
}
