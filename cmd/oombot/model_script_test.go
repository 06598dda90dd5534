package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// standIn is the endpoint of a script; there is none until the script starts one.
type standIn struct {
	server *modeltest.Server
	// faulty says that the program is to send what the endpoint refuses.
	faulty bool
}

// check returns what the endpoint found wrong, where nothing was to be.
func (s *standIn) check() string {
	if s.server == nil || s.faulty {
		return ""
	}
	return strings.Join(s.server.Faults(), "; ")
}

// setupModel gives a script a place for its endpoint, which ends with it. What the endpoint found wrong fails the script.
func setupModel(env *testscript.Env) {
	s := &standIn{}
	env.Values[standIn{}] = s
	env.Defer(func() {
		if s.server == nil {
			return
		}
		s.server.Close()
		if faults := s.check(); faults != "" {
			env.T().Fatal("the endpoint has faults: " + faults)
		}
	})
}

func modelOf(ts *testscript.TestScript) *standIn { return ts.Value(standIn{}).(*standIn) }

// cmdModel starts an endpoint and configures it in the environment: model [-faulty] BEHAVIOUR|TRANSCRIPT. What was started
// before is closed.
func cmdModel(ts *testscript.TestScript, neg bool, args []string) {
	faulty := len(args) > 0 && args[0] == "-faulty"
	if faulty {
		args = args[1:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: model [-faulty] BEHAVIOUR|TRANSCRIPT")
	}
	script := modeltest.Behaviour(args[0])
	if !slices.Contains(modeltest.Behaviours(), args[0]) {
		t, err := modeltest.ParseTranscript([]byte(ts.ReadFile(args[0])))
		ts.Check(err)
		script = t.Script()
	}
	s := modelOf(ts)
	if s.server != nil {
		cmdAsked(ts, false, nil)
		s.server.Close()
	}
	s.faulty = faulty
	s.server = modeltest.NewServer(modeltest.Options{Script: script})
	ts.Setenv("OPENAI_BASE_URL", s.server.URL())
	ts.Setenv("OPENAI_MODEL", s.server.Model())
	ts.Setenv("OPENAI_API_KEY", s.server.Key())
}

// cmdAsked checks how many requests for a completion came to the endpoint, none of them against the protocol: asked [N].
func cmdAsked(ts *testscript.TestScript, neg bool, args []string) {
	s := modelOf(ts)
	if neg || len(args) > 1 || s.server == nil {
		ts.Fatalf("usage: asked [N], once there is an endpoint")
	}
	if faults := s.check(); faults != "" {
		ts.Fatalf("the endpoint has faults: %s", faults)
	}
	if got := strconv.Itoa(len(s.server.Requests())); len(args) > 0 && got != args[0] {
		ts.Fatalf("the endpoint was asked %s times, want %s", got, args[0])
	}
}

// cmdSent looks in all that was sent to the endpoint, the key aside: [!] sent REGEXP.
func cmdSent(ts *testscript.TestScript, neg bool, args []string) {
	s := modelOf(ts)
	if len(args) != 1 || s.server == nil {
		ts.Fatalf("usage: sent REGEXP, once there is an endpoint")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	if found := re.FindString(s.server.Text()); (found != "") == neg {
		ts.Fatalf("found %q in what was sent", found)
	}
}
