package kubeclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/oombot/oombot/investigations"
)

// The most items of a list that are handed out, and the most broken ones that are gone through.
const (
	MaxItems  = 50_000
	maxBroken = 10_000
)

// Options say how to go through a list.
type Options struct {
	// Kind is what the items are. An item that says to be another is broken; one that says nothing is taken.
	Kind string
	// Managed keeps the items' managedFields; passing over them saves half the time.
	Managed bool
	// Want, where set, is asked whether an item is to be decoded at all, which takes most of the time. The bytes
	// are the item's JSON and hold until it returns.
	Want func(raw []byte) bool
}

// ErrStop is what the receiver of items returns to end the list: it takes that item, and no more.
var ErrStop = errors.New("enough")

// Outcome is how going through a list ended.
type Outcome struct {
	// Items were taken. Broken were not, or only in part.
	Items, Broken int
	// FirstBroken says what is wrong with the first of the broken items; nil where there is none.
	FirstBroken error
	// Err is what ended the list before its end; nil where it was gone through whole. It is the context's error
	// where that was done, and wraps investigations.ErrTooLarge beyond MaxItems.
	Err error
}

// Lines are the first and the last line of an item in its file, from 1.
type Lines [2]int

// Decode goes through the list in r and hands each item to each, decoded; an error of each marks the item as
// broken. It reads a v1 List, a PodList and its like, and a single object. An item with a field of a wrong
// type is handed out with what else it holds, and counts as broken too.
func Decode[T any](ctx context.Context, r io.Reader, opt Options, each func(at Lines, item *T) error) Outcome {
	var out Outcome
	seen := 0
	out.Err = items(ctx, r, opt.Kind, func(raw []byte, at Lines, err error) error {
		seen++
		if err == nil {
			if opt.Want != nil && !opt.Want(raw) {
				return nil
			}
			err = decodeInto(raw, opt, func(item *T) error { return each(at, item) })
		}
		if errors.Is(err, ErrStop) {
			out.Items++
			return err
		}
		if err != nil {
			out.Broken++
			if out.FirstBroken == nil {
				out.FirstBroken = fmt.Errorf("object %d: %w", seen, err)
			}
		} else {
			out.Items++
		}
		if out.Items >= MaxItems || out.Broken >= maxBroken {
			return fmt.Errorf("%w: the objects behind the %dth are not read", investigations.ErrTooLarge, seen)
		}
		return nil
	})
	if errors.Is(out.Err, ErrStop) {
		out.Err = nil
	}
	return out
}

var errNoObject = errors.New("it is no JSON object")

func decodeInto[T any](raw []byte, opt Options, each func(item *T) error) error {
	if raw[0] != '{' {
		return errNoObject
	}
	if !opt.Managed {
		raw = withoutManagedFields(raw)
	}
	if err := checkQuantities(raw); err != nil {
		return err
	}
	item := new(T)
	err := json.Unmarshal(raw, item)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !ok {
		return cleanError(err)
	}
	if k, ok := any(item).(typed); ok {
		if got := k.GetObjectKind().GroupVersionKind().Kind; got != "" && got != opt.Kind {
			return fmt.Errorf("it is a %s and no %s", investigations.CleanText(got, 60), opt.Kind)
		}
	}
	if useErr := each(item); useErr != nil {
		return useErr
	}
	if err != nil {
		return cleanError(err)
	}
	return nil
}

// typed is an item that may say of what kind it is.
type typed interface{ GetObjectKind() schema.ObjectKind }

// cleanError is err as text that can be printed: the decoders of JSON and of quantities quote what they read.
func cleanError(err error) error { return errors.New(investigations.CleanText(err.Error(), 200)) }
