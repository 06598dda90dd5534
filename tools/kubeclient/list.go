package kubeclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/oombot/oombot/investigations"
)

// ItemLimit is the size in bytes up to which an item of a list is read. etcd holds no object above 1.5 MiB, and
// an API server takes none above 3 MiB.
const ItemLimit = 8 << 20

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

// items splits the list in r. each gets an item's bytes, which hold until it returns, or why there are none;
// its error ends the list.
func items(ctx context.Context, r io.Reader, kind string, each func(raw []byte, at Lines, err error) error) error {
	s := newScanner(ctx, r)
	if err := openObject(s); err != nil {
		return err
	}
	// The object's own fields, in case that it is no list; its items are not among them.
	bare := []byte{'{'}
	listed := false
	for {
		c, err := s.peek()
		if err != nil {
			return s.cut()
		}
		if c == '}' {
			s.pos++
			break
		}
		isItems, err := field(s, &bare)
		if err != nil {
			return err
		}
		if isItems {
			listed = true
			if err := list(s, each); err != nil {
				return err
			}
		}
	}
	if !listed {
		if err := single(append(bare, '}'), kind, Lines{1, s.line}, each); err != nil {
			return err
		}
	}
	if c, err := s.peek(); err == nil {
		return fmt.Errorf("it goes on after its end, with %q", c)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

var byteOrderMark = []byte("\ufeff")

func openObject(s *scanner) error {
	for ok := true; ok && s.end < len(byteOrderMark); {
		_, ok = s.fill(0)
	}
	if bytes.HasPrefix(s.buf[:s.end], byteOrderMark) {
		s.pos = len(byteOrderMark)
	}
	switch c, err := s.peek(); {
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case err != nil:
		return err
	case c != '{':
		return fmt.Errorf("it is no JSON object: it begins with %q", c)
	}
	s.pos++
	return nil
}

// field takes the next field of an object. It stops before the value where that is the list's items, and else
// adds the field to bare, up to what an item may hold.
func field(s *scanner, bare *[]byte) (isItems bool, err error) {
	if c, err := s.peek(); err != nil || c != '"' {
		if err != nil {
			return false, s.cut()
		}
		return false, fmt.Errorf("it is no JSON: %q stands where a key belongs", c)
	}
	key, err := s.value(scanChunk)
	if err != nil && !errors.Is(err, errLong) {
		return false, err
	}
	var name string
	isItems = err == nil && json.Unmarshal(key, &name) == nil && name == "items"
	key = append([]byte{}, key...)
	if err := s.expect(':'); err != nil || isItems {
		return isItems, err
	}
	value, err := s.value(ItemLimit)
	if errors.Is(err, errLong) || len(key) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if len(*bare)+len(key)+len(value) > ItemLimit {
		return false, nil
	}
	if len(*bare) > 1 {
		*bare = append(*bare, ',')
	}
	*bare = append(append(append(*bare, key...), ':'), value...)
	return false, nil
}

// list takes the array of items.
func list(s *scanner, each func(raw []byte, at Lines, err error) error) error {
	c, err := s.peek()
	if err != nil {
		return s.cut()
	}
	if c == 'n' { // null: no items
		_, err := s.value(ItemLimit)
		return err
	}
	if c != '[' {
		return fmt.Errorf("it is no list: items begins with %q", c)
	}
	s.pos++
	for {
		c, err := s.peek()
		if err != nil {
			return s.cut()
		}
		if c == ']' {
			s.pos++
			return nil
		}
		first := s.line
		raw, err := s.value(ItemLimit)
		if err != nil && !errors.Is(err, errLong) {
			return err
		}
		if err != nil {
			err = fmt.Errorf("it is over %d bytes", ItemLimit)
		}
		if err := each(raw, Lines{first, s.line}, err); err != nil {
			return err
		}
	}
}

// single treats an object that is no list as the one item of a list.
func single(raw []byte, kind string, at Lines, each func(raw []byte, at Lines, err error) error) error {
	var head struct {
		Kind     string          `json:"kind"`
		Message  string          `json:"message"`
		Metadata json.RawMessage `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return cleanError(err)
	}
	switch {
	case head.Kind == "Status":
		return fmt.Errorf("it holds the API server's answer %q", investigations.CleanText(head.Message, 200))
	case head.Kind == kind, head.Kind == "" && head.Metadata != nil:
		return each(raw, at, nil)
	case head.Kind == "" || strings.HasSuffix(head.Kind, "List"):
		return errors.New("it holds no items")
	}
	return fmt.Errorf("it holds a %s and no %s", investigations.CleanText(head.Kind, 60), kind)
}

// cleanError is err as text that can be printed: the decoders of JSON and of quantities quote what they read.
func cleanError(err error) error { return errors.New(investigations.CleanText(err.Error(), 200)) }
