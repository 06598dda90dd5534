package modeltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Transcript is a scripted conversation, written in YAML or JSON. The package's documentation has an example.
type Transcript struct {
	// About says in a sentence what the model does.
	About string `yaml:"about"`
	Turns []Turn `yaml:"turns"`
}

// Turn answers one request.
type Turn struct {
	// Times is for how many requests in a row the turn holds; 0 stands for 1, -1 for all further ones.
	Times  int    `yaml:"times"`
	Expect Expect `yaml:"expect"`
	// Use names a behaviour that answers in place of the turn: see Behaviours.
	Use   string     `yaml:"use"`
	Calls []TurnCall `yaml:"calls"`
	Reply Reply      `yaml:",inline"`
}

// TurnCall is a call of a turn. Arguments are an object, whose texts are templates, or one text with templates in it,
// which need not be JSON.
type TurnCall struct {
	ID        string `yaml:"id"`
	Name      string `yaml:"name"`
	Arguments any    `yaml:"arguments"`
}

// Expect is what a turn holds against its request. Whatever does not hold is one of the server's faults.
type Expect struct {
	// Has and Lacks are texts that must, and must not, be among the texts of the request; Matches and Never the same with
	// regular expressions.
	Has     []string `yaml:"has"`
	Lacks   []string `yaml:"lacks"`
	Matches []string `yaml:"matches"`
	Never   []string `yaml:"never"`
	// Offers are functions that must be offered, Must is the one that must be asked for.
	Offers []string `yaml:"offers"`
	Must   string   `yaml:"must"`
	// Last is the role of the last message.
	Last string `yaml:"last"`
}

// LoadTranscript reads a transcript from a file.
func LoadTranscript(name string) (*Transcript, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the transcript: %w", err)
	}
	t, err := ParseTranscript(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// ParseTranscript reads a transcript. A key that is not known is an error, as is a regular expression or a behaviour
// that is none.
func ParseTranscript(text []byte) (*Transcript, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var t Transcript
	if err := dec.Decode(&t); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("parse the transcript: %w", err)
	}
	var faults []error
	if len(t.Turns) == 0 {
		faults = append(faults, errors.New("the transcript has no turns"))
	}
	for i, turn := range t.Turns {
		for _, expr := range slices.Concat(turn.Expect.Matches, turn.Expect.Never) {
			if _, err := regexp.Compile(expr); err != nil {
				faults = append(faults, fmt.Errorf("turn %d: %w", i+1, err))
			}
		}
		if turn.Use != "" && Behaviour(turn.Use) == nil {
			faults = append(faults, fmt.Errorf("turn %d: no behaviour is called %q; there are %s", i+1, turn.Use, strings.Join(Behaviours(), ", ")))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &t, nil
}

// Script returns a script that begins with the first turn. A request after the last one is answered with status 500,
// and is a fault.
func (t *Transcript) Script() Script {
	turn, used := 0, 0
	behaviours := map[int]Script{}
	return Func(func(req Request) Reply {
		for turn < len(t.Turns) && t.Turns[turn].Times >= 0 && used >= max(t.Turns[turn].Times, 1) {
			turn, used = turn+1, 0
		}
		if turn >= len(t.Turns) {
			return lost("the transcript's %d turns are over", len(t.Turns))
		}
		used++
		now := t.Turns[turn]
		var rep Reply
		if now.Use != "" {
			if behaviours[turn] == nil {
				behaviours[turn] = Behaviour(now.Use)
			}
			rep = behaviours[turn].Next(req)
		} else {
			rep = now.reply(req)
		}
		for _, fault := range now.Expect.faults(req) {
			rep.Faults = append(rep.Faults, fmt.Sprintf("turn %d: %s", turn+1, fault))
		}
		return rep
	})
}

// reply fills the turn's templates.
func (t Turn) reply(req Request) Reply {
	rep := t.Reply
	rep.Calls = nil
	var err error
	if rep.Text, err = render(rep.Text, req); err != nil {
		return lost("%v", err)
	}
	if rep.Body != nil {
		body, err := render(*rep.Body, req)
		if err != nil {
			return lost("%v", err)
		}
		rep.Body = &body
	}
	for _, c := range t.Calls {
		name, err := render(c.Name, req)
		if err != nil {
			return lost("%v", err)
		}
		arguments, err := fill(c.Arguments, req)
		if err != nil {
			return lost("%v", err)
		}
		call := Call{ID: c.ID, Name: name}
		if raw, ok := arguments.(string); ok {
			call.Arguments = raw
		} else {
			call.Arguments = string(encode(arguments))
		}
		rep.Calls = append(rep.Calls, call)
	}
	return rep
}

// fill fills the templates in the texts of v.
func fill(v any, req Request) (any, error) {
	switch v := v.(type) {
	case nil:
		return map[string]any{}, nil
	case string:
		return render(v, req)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			filled, err := fillItem(item, req)
			if err != nil {
				return nil, err
			}
			out[i] = filled
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for name, item := range v {
			filled, err := fillItem(item, req)
			if err != nil {
				return nil, err
			}
			out[name] = filled
		}
		return out, nil
	}
	return v, nil
}

// fillItem is fill for what stands within arguments, where nothing is nothing.
func fillItem(v any, req Request) (any, error) {
	if v == nil {
		return nil, nil
	}
	return fill(v, req)
}

// faults says what of e does not hold for req.
func (e Expect) faults(req Request) []string {
	var faults []string
	text := req.Text()
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	for _, s := range e.Has {
		add(!strings.Contains(text, s), "the request lacks %q", s)
	}
	for _, s := range e.Lacks {
		add(strings.Contains(text, s), "the request has %q", s)
	}
	matches := func(expr string) bool {
		re, err := regexp.Compile(expr)
		return err == nil && re.MatchString(text)
	}
	for _, s := range e.Matches {
		add(!matches(s), "nothing in the request matches %q", s)
	}
	for _, s := range e.Never {
		add(matches(s), "the request matches %q", s)
	}
	for _, name := range e.Offers {
		_, offered := req.Tool(name)
		add(!offered, "the request does not offer %q", name)
	}
	add(e.Must != "" && e.Must != req.Must, "the request asks for %q, not for %q", req.Must, e.Must)
	add(e.Last != "" && e.Last != req.Last().Role, "the last message is of role %q, not %q", req.Last().Role, e.Last)
	return faults
}
