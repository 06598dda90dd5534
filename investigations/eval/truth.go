package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/oombot/oombot/investigations"
)

// TruthFile is the name of the file in a bundle that holds the truth.
const TruthFile = "truth.yaml"

// Truth is what is right about one incident, as truth.yaml says it. A field that is left out, or null, is not
// graded. Where a field is OneOf, a list in the file means that any of them is right; a single value stands
// for a list of one.
type Truth struct {
	Mechanism      OneOf[investigations.Mechanism] `json:"mechanism"`
	Boundary       OneOf[investigations.Boundary]  `json:"boundary"`
	Cause          OneOf[investigations.Cause]     `json:"cause"`
	Trigger        OneOf[investigations.Trigger]   `json:"trigger"`
	ChangeRevision OneOf[int64]                    `json:"change_revision"`
	// Victim and Culprit name as much of the party as has to be right.
	Victim  OneOf[Party] `json:"victim"`
	Culprit OneOf[Party] `json:"culprit"`
	// Actions are all recommended, of ActionsAny at least one is, and of NotActions none is.
	Actions    OneOf[investigations.Action] `json:"actions"`
	ActionsAny OneOf[investigations.Action] `json:"actions_any"`
	NotActions OneOf[investigations.Action] `json:"not_actions"`
	// LimitBetween are the smallest and the largest limit that a set_limit may recommend.
	LimitBetween []string `json:"limit_between"`
	// Mentions each stand, letter by letter, somewhere in the verdict or in a fact.
	Mentions OneOf[literal] `json:"mentions"`
	// BlindSpots are the tools that each have declared a blind spot.
	BlindSpots OneOf[string] `json:"blind_spots"`
	// MaxConfidence is the most that the evidence can carry.
	MaxConfidence *float64 `json:"max_confidence"`
}

// OneOf is a list that is written as a single value where it has one element only.
type OneOf[T any] []T

// UnmarshalJSON takes a value or a list of values; null is an empty list.
func (o *OneOf[T]) UnmarshalJSON(data []byte) error {
	*o = nil
	data = bytes.TrimSpace(data)
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	if len(data) > 0 && data[0] == '[' {
		return strict(data, (*[]T)(o))
	}
	var one T
	if err := strict(data, &one); err != nil {
		return err
	}
	*o = OneOf[T]{one}
	return nil
}

// literal is text that YAML may take for a number or a boolean, as 137; it means its letters all the same.
type literal string

// UnmarshalJSON takes any single value.
func (l *literal) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, (*string)(l))
	}
	if data[0] == '{' || data[0] == '[' {
		return errors.New("a list or a map stands where a text belongs")
	}
	*l = literal(data)
	return nil
}

// strict decodes data and refuses keys that into does not have.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Party is as much of a victim or culprit as has to be right: empty fields are not compared.
type Party = investigations.Party

// ParseTruth reads the text of a truth.yaml. Its errors name the field, and every word that is no value of its
// enumeration, so that a slip of the pen can't pass as a truth that nothing meets.
func ParseTruth(data []byte) (*Truth, error) {
	var t Truth
	if err := yaml.UnmarshalStrict(data, &t); err != nil {
		return nil, fmt.Errorf("read %s: %w", TruthFile, err)
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("read %s: %w", TruthFile, err)
	}
	return &t, nil
}

func (t *Truth) check() error {
	tools := []string{
		investigations.ToolKernlog, investigations.ToolPods, investigations.ToolRollouts, investigations.ToolMetrics,
		investigations.ToolLogs, investigations.ToolProfiles, investigations.ToolMemory,
	}
	errs := []error{
		known(FieldMechanism, t.Mechanism, investigations.Mechanisms),
		known(FieldBoundary, t.Boundary, investigations.Boundaries),
		known(FieldCause, t.Cause, investigations.Causes),
		known(FieldTrigger, t.Trigger, investigations.Triggers),
		known(FieldActions, t.Actions, investigations.Actions),
		known(FieldActionsAny, t.ActionsAny, investigations.Actions),
		known(FieldNotActions, t.NotActions, investigations.Actions),
		known(FieldBlindSpots, t.BlindSpots, tools),
	}
	if t.LimitBetween != nil {
		_, _, err := t.limits()
		errs = append(errs, err)
	}
	if c := t.MaxConfidence; c != nil && (*c < 0 || *c > 1) {
		errs = append(errs, fmt.Errorf("%s is %v, and a confidence is between 0 and 1", FieldMaxConfidence, *c))
	}
	return errors.Join(errs...)
}

// limits returns LimitBetween in bytes.
func (t *Truth) limits() (low, high resource.Quantity, err error) {
	if len(t.LimitBetween) != 2 {
		return low, high, fmt.Errorf("%s has %d values, and takes two: the smallest and the largest limit",
			FieldLimitBetween, len(t.LimitBetween))
	}
	if low, err = resource.ParseQuantity(t.LimitBetween[0]); err != nil {
		return low, high, fmt.Errorf("%s: %q is no quantity: %w", FieldLimitBetween, t.LimitBetween[0], err)
	}
	if high, err = resource.ParseQuantity(t.LimitBetween[1]); err != nil {
		return low, high, fmt.Errorf("%s: %q is no quantity: %w", FieldLimitBetween, t.LimitBetween[1], err)
	}
	if low.Cmp(high) > 0 {
		return low, high, fmt.Errorf("%s: %s is more than %s", FieldLimitBetween, t.LimitBetween[0], t.LimitBetween[1])
	}
	return low, high, nil
}

func known[T ~string](field string, given OneOf[T], all []T) error {
	for _, g := range given {
		if !slices.Contains(all, g) {
			return fmt.Errorf("%s: %q is none of %s", field, g, words(all))
		}
	}
	return nil
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
