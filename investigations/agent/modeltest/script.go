package modeltest

import "fmt"

// Script says what the model does. The server asks it for one request at a time, in the order in which they come.
type Script interface {
	Next(req Request) Reply
}

// Func is a Script of one function.
type Func func(Request) Reply

// Next implements Script.
func (f Func) Next(req Request) Reply { return f(req) }

// Always answers every request with the same reply.
func Always(rep Reply) Script { return Func(func(Request) Reply { return rep }) }

// Sequence gives the first request to the first script, the second to the second, and all further ones to the last. It
// needs at least one.
func Sequence(scripts ...Script) Script {
	next := 0
	return Func(func(req Request) Reply {
		if len(scripts) == 0 {
			return lost("a sequence of no scripts")
		}
		s := scripts[min(next, len(scripts)-1)]
		next++
		return s.Next(req)
	})
}

// Changed lets change work on what then replies.
func Changed(then Script, change func(Request, *Reply)) Script {
	return Func(func(req Request) Reply {
		rep := then.Next(req)
		change(req, &rep)
		return rep
	})
}

// Says answers in text, with no call.
func Says(text string) Script { return Always(Reply{Text: text}) }

// CallsFunction calls one function, whoever offers it.
func CallsFunction(name, arguments string) Script {
	return Always(Reply{Calls: []Call{{Name: name, Arguments: arguments}}})
}

// lost is the reply of a script that does not know what to reply.
func lost(format string, args ...any) Reply {
	why := fmt.Sprintf(format, args...)
	return Reply{
		Status: 500, Error: &Error{Message: "The script has no reply: " + why + ".", Type: "server_error"},
		Faults: []string{why},
	}
}
