package openai

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// maxCalls bounds the calls of one answer.
const maxCalls = 128

// calls puts function calls together from their pieces. A piece says which call it belongs to by its index; where it has
// none, or one that can't be meant, by its id, or by following another piece.
type calls struct {
	all []*call
	// begins is told when the name of a call is known; it may be nil.
	begins func(name string)
	size   int
}

type call struct {
	index     index
	id        string
	name      string
	arguments strings.Builder
	extra     json.RawMessage
	told      bool
}

// piece is what one delta says of a call.
type piece struct {
	index               index
	id, name, arguments string
}

// add takes one piece; beside says that another one came before it in the same chunk.
func (c *calls) add(w *wireCall, beside bool) error {
	p := piece{w.Index, textOf(w.ID), textOf(w.Function.Name), argumentsOf(w.Function.Arguments)}
	if p.id == "" && p.name == "" && p.arguments == "" {
		return nil
	}
	k := c.find(p)
	if beside && !p.index.known && p.id == "" && p.name != "" {
		k = nil
	}
	if k == nil {
		if len(c.all) == maxCalls {
			return fmt.Errorf("%w: it calls more than %d functions", errGarbled, maxCalls)
		}
		k = &call{index: p.index}
		c.all = append(c.all, k)
	}
	if k.id == "" {
		k.id = p.id
	}
	k.rename(p.name)
	if p.arguments != "" {
		c.tell(k) // no piece of the name comes after arguments
		k.arguments.WriteString(p.arguments)
	}
	if len(w.Extra) > 2 && w.Extra[0] == '{' {
		k.extra = w.Extra
	}
	if c.size += len(p.id) + len(p.name) + len(p.arguments) + len(w.Extra); c.size > maxAnswer {
		return errTooLong
	}
	return nil
}

// find returns the call that a piece belongs to; nil for a new one.
func (c *calls) find(p piece) *call {
	if len(c.all) == 0 {
		return nil
	}
	last := c.all[len(c.all)-1]
	if p.index.known {
		for _, k := range slices.Backward(c.all) {
			if k.index == p.index {
				if k.endsBefore(p) {
					return nil // Ollama gave all calls the index 0
				}
				return k
			}
		}
		if !last.index.known && p.id == "" && p.name == "" {
			return last
		}
		return nil
	}
	if p.id != "" {
		for _, k := range c.all {
			if k.id == p.id {
				return k
			}
		}
		if p.name == "" && last.id == "" {
			return last
		}
		return nil
	}
	if last.endsBefore(p) {
		return nil
	}
	return last
}

// endsBefore says whether a piece begins a new call, although it would belong to k: it has a name, and another id, or
// arguments where k has all of its own.
func (k *call) endsBefore(p piece) bool {
	switch {
	case p.name == "":
		return false
	case p.id != "" && k.id != "":
		return p.id != k.id
	}
	return p.id == "" && (p.arguments != "" || p.name != k.name) && isObject(k.arguments.String())
}

// isObject says whether s is a JSON object.
func isObject(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "{") && json.Valid([]byte(s))
}

// rename takes a piece of a name, the whole name once more, or the name as far as it goes.
func (k *call) rename(piece string) {
	switch {
	case piece == "" || strings.HasPrefix(k.name, piece) && k.arguments.Len() > 0:
	case strings.HasPrefix(piece, k.name):
		k.name = piece
	case k.arguments.Len() == 0 && len(k.name) < 256:
		k.name += piece
	}
}

func (c *calls) tell(k *call) {
	if !k.told && k.name != "" {
		k.told = true
		if c.begins != nil {
			c.begins(k.name)
		}
	}
}

// result returns the calls, each with an id that no other one has, those of chat among them, and what the endpoint wants
// back with them by those ids. An id that is missing, or used before, is replaced by one of nine letters and digits, since
// some want just these.
func (c *calls) result(chat []investigations.Message) ([]investigations.FunctionCall, map[string]json.RawMessage, error) {
	var out []investigations.FunctionCall
	extras := map[string]json.RawMessage{}
	used := map[string]bool{"": true}
	for _, m := range chat {
		for _, call := range m.Calls {
			used[call.ID] = true
		}
	}
	for i, k := range c.all {
		c.tell(k)
		if k.name == "" {
			return nil, nil, fmt.Errorf("%w: it calls a function without a name", errGarbled)
		}
		id := k.id
		for n := len(chat); used[id]; n++ {
			id = fmt.Sprintf("c%04d%04d", n, i)
		}
		used[id] = true
		out = append(out, investigations.FunctionCall{ID: id, Name: k.name, Arguments: k.arguments.String()})
		if k.extra != nil {
			extras[id] = k.extra
		}
	}
	return out, extras, nil
}
