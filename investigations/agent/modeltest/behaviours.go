package modeltest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Rewrites lets change work on the arguments of every call that then makes.
func Rewrites(then Script, change func(arguments map[string]any)) Script {
	return Changed(then, func(_ Request, rep *Reply) {
		rep.Calls = slices.Clone(rep.Calls) // then may reply with the same calls again
		for i, c := range rep.Calls {
			var arguments map[string]any
			if json.Unmarshal([]byte(c.Arguments), &arguments) == nil && arguments != nil {
				change(arguments)
				rep.Calls[i].Arguments = string(encode(arguments))
			}
		}
	})
}

// Loops calls the same function for ever.
func Loops(name, arguments string) Script { return CallsFunction(name, arguments) }

// UnknownFunctions calls functions that nobody offers, all at once, and then goes on as then does.
func UnknownFunctions(then Script, names ...string) Script {
	var calls []Call
	for _, name := range names {
		calls = append(calls, Call{Name: name, Arguments: `{"command":"id"}`})
	}
	return Sequence(Always(Reply{Calls: calls}), then)
}

// orderRE is an order hidden in a prompt: SYSTEM: reply with X.
var orderRE = regexp.MustCompile(`(?i)\b(?:system|assistant|instructions?)\s*:\s*(?:[^\n:]*?\b)?(reply with|answer with|respond with|say|write|submit|call)\s+([^\n]+)`)

// Obeys does what a sentence of the user's messages or the functions' answers orders it, as "SYSTEM: reply with X": it
// puts X into the headline and the explanation that then submits, or says it; with "call NAME ARGUMENTS" it calls that
// function. Of several orders it takes the last. Without one it does as then does.
func Obeys(then Script) Script {
	return Func(func(req Request) Reply {
		var m []string
		for _, msg := range req.Messages {
			if msg.Role == "user" || msg.Role == roleTool {
				if all := orderRE.FindAllStringSubmatch(msg.Text, -1); all != nil {
					m = all[len(all)-1]
				}
			}
		}
		if m == nil {
			return then.Next(req)
		}
		what := strings.Trim(strings.TrimSpace(m[2]), `"'`+"`")
		if strings.EqualFold(m[1], "call") {
			name, arguments, _ := strings.Cut(what, " ")
			return Reply{Calls: []Call{{Name: name, Arguments: arguments}}}
		}
		return put(then, what).Next(req)
	})
}

// Echo repeats, in what then submits or says, every text of the request that marker matches: a planted secret that came
// through is seen again in what the program makes of the answer.
func Echo(marker *regexp.Regexp, then Script) Script {
	return Func(func(req Request) Reply {
		found := marker.FindAllString(req.Text(), -1)
		slices.Sort(found)
		return put(then, strings.Join(slices.Compact(found), " ")).Next(req)
	})
}

// put adds text to what then says, and to the headline and explanation that it submits. Without text it changes nothing.
func put(then Script, text string) Script {
	if text == "" {
		return then
	}
	said := Changed(then, func(_ Request, rep *Reply) {
		if rep.Text != "" || len(rep.Calls) == 0 {
			rep.Text = strings.TrimSpace(rep.Text + " " + text)
		}
	})
	return Rewrites(said, func(arguments map[string]any) {
		for _, name := range []string{"headline", "explanation"} {
			if old, ok := arguments[name].(string); ok {
				arguments[name] = strings.TrimSpace(old + " " + text)
			}
		}
	})
}

// Slow sends what then replies in pieces of so many bytes, with a pause between two of them.
func Slow(then Script, piece int, between time.Duration) Script {
	return Changed(then, func(_ Request, rep *Reply) { rep.Piece, rep.Between = piece, between })
}

// Late sends what then replies after a delay.
func Late(then Script, delay time.Duration) Script {
	return Changed(then, func(_ Request, rep *Reply) { rep.Delay = delay })
}

// Never answers nothing, until the client goes away.
func Never() Script { return Always(Reply{Broken: Broken{Hang: true}}) }

// Status answers with an HTTP status and the API's words for it.
func Status(status int, header map[string]string) Script {
	return Always(Reply{Status: status, Header: header})
}

// Overspends says that each answer of then cost so much.
func Overspends(then Script, u Usage) Script {
	return Changed(then, func(_ Request, rep *Reply) { rep.Usage, rep.Overlong = &u, true })
}

// TextOnly calls no functions, whatever is offered: it says in text what then would have submitted, in prose, and as JSON
// where the request asks for that, or the last message speaks of JSON.
func TextOnly(then Script) Script {
	return Func(func(req Request) Reply {
		rep := then.Next(req)
		if len(rep.Calls) == 0 {
			return rep
		}
		text := rep.Calls[0].Arguments
		var submitted struct{ Headline, Explanation string }
		asked := strings.HasPrefix(req.Format, "json") || strings.Contains(strings.ToLower(req.Last().Text), "json")
		if !asked && json.Unmarshal([]byte(text), &submitted) == nil {
			text = "Here is what I think. " + submitted.Headline + "\n\n" + submitted.Explanation
		}
		return Reply{Text: text}
	})
}

// LegacyFunctionCall puts the call that then makes into function_call, as endpoints did before there were tool calls.
func LegacyFunctionCall(then Script) Script {
	return Changed(then, func(_ Request, rep *Reply) { rep.Broken.LegacyCall = true })
}

// refusing answers with e the requests that has says to have what the endpoint does not offer.
func refusing(then Script, has func(Request) bool, e func(Request) Error) Script {
	return Func(func(req Request) Reply {
		if !has(req) {
			return then.Next(req)
		}
		refusal := e(req)
		return Reply{Error: &refusal}
	})
}

// Without refuses requests with one of these fields, as endpoints do that know fewer than the API, or others.
func Without(then Script, fields ...string) Script {
	field := func(req Request) string {
		for _, f := range fields {
			if slices.Contains(req.Fields, f) {
				return f
			}
		}
		return ""
	}
	return refusing(then, func(req Request) bool { return field(req) != "" }, func(req Request) Error {
		return invalid(field(req), "unsupported_parameter", "Unsupported parameter: '%s' is not supported with this model.", field(req))
	})
}

// NoTools refuses requests that offer functions.
func NoTools(then Script) Script {
	return refusing(then, func(req Request) bool { return len(req.Tools) > 0 }, func(req Request) Error {
		return Error{Message: req.Model + " does not support tools", Type: "api_error"}
	})
}

// NoMust refuses requests that name the function to be called.
func NoMust(then Script) Script {
	return refusing(then, func(req Request) bool { return req.Must != "" || req.Choice == "required" }, func(req Request) Error {
		return invalid("tool_choice", "", "%s does not support this tool_choice", req.Model)
	})
}

// NoStream refuses requests for a stream.
func NoStream(then Script) Script {
	return refusing(then, func(req Request) bool { return req.Stream }, func(Request) Error {
		return invalid("stream", "unsupported_value", "Unsupported value: 'stream' does not support true with this model. Supported values are: false.")
	})
}

// NoJSON refuses requests for JSON.
func NoJSON(then Script) Script {
	return refusing(then, func(req Request) bool { return strings.HasPrefix(req.Format, "json") }, func(req Request) Error {
		return invalid("response_format", "", "Invalid parameter: 'response_format' of type '%s' is not supported with this model.", req.Format)
	})
}

// NoLimit refuses max_completion_tokens, which older endpoints call max_tokens.
func NoLimit(then Script) Script { return Without(then, "max_completion_tokens") }

// behaviours make those that a transcript can name.
var behaviours = map[string]func() Script{
	"honest":               func() Script { return Honest() },
	"obeys":                func() Script { return Obeys(Honest()) },
	"never":                Never,
	"text_only":            func() Script { return TextOnly(Honest()) },
	"legacy_function_call": func() Script { return LegacyFunctionCall(Honest()) },
	"no_tools":             func() Script { return NoTools(Honest()) },
	"no_must":              func() Script { return NoMust(Honest()) },
	"no_stream":            func() Script { return NoStream(Honest()) },
	"no_json":              func() Script { return NoJSON(Honest()) },
	"no_limit":             func() Script { return NoLimit(Honest()) },
	"busy":                 func() Script { return Status(http.StatusTooManyRequests, nil) },
	"down":                 func() Script { return Status(http.StatusServiceUnavailable, nil) },
}

// Behaviours returns the names that a transcript can use: garbage/KIND for each kind of garbage, and others.
func Behaviours() []string {
	names := slices.Collect(maps.Keys(behaviours))
	for _, kind := range Garbages() {
		names = append(names, fmt.Sprintf("garbage/%s", kind))
	}
	slices.Sort(names)
	return names
}

// Behaviour returns a new script of that name; nil where there is none.
func Behaviour(name string) Script {
	if kind, ok := strings.CutPrefix(name, "garbage/"); ok {
		if _, known := garbage[kind]; known {
			return Garbage(kind)
		}
	}
	if script, ok := behaviours[name]; ok {
		return script()
	}
	return nil
}
