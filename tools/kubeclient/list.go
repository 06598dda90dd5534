package kubeclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// ItemLimit is the size in bytes up to which an item of a list is read. etcd holds no object above 1.5 MiB, and
// an API server takes none above 3 MiB.
const ItemLimit = 8 << 20

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
