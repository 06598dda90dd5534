package functions

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestArgumentErrors holds what a model is told of wrong arguments.
func TestArgumentErrors(t *testing.T) {
	s := example(t, "leak-after-deploy").set(nil)
	tests := []struct {
		function, arguments string
		argument            string // that is named as the one at fault
		says                []string
	}{
		{"kernlogs", "", "", []string{`no function "kernlogs"`, "did you mean kernlog?", "past_incidents"}},
		{"submit_verdict", "{}", "", []string{"there are: kernlog, pods"}},
		{"[F9]", "", "", []string{`no function "(F9)"`}},
		{"kernlog", "null", "", []string{"no JSON object", `{"what": "report"}`}},
		{"kernlog", `"{}"`, "", []string{"no JSON object"}},
		{"kernlog", `[]`, "", []string{"no JSON object"}},
		{"kernlog", `{"what":`, "", []string{"no valid JSON"}},
		{"kernlog", `{"what":"report"`, "", []string{"does not end"}},
		{"kernlog", `{"what":report}`, "", []string{"no valid JSON"}},
		{"kernlog", `{"top":NaN}`, "", []string{"no valid JSON"}},
		{"kernlog", `{"top":1e999999999}`, "", []string{"no valid JSON"}},
		{"kernlog", `{} {}`, "", []string{"something follows"}},
		{"kernlog", "{\"node\":\"\xff\"}", "", []string{"UTF-8"}},
		{"kernlog", strings.Repeat(" ", maxArguments) + "{}", "", []string{"16386 bytes, more than 16384"}},
		{"kernlog", `{"node":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + `}`, "node", []string{"node is a list, and has to be a text of at most 253 characters"}},
		{"kernlog", `{"node":{"a":1}}`, "node", []string{"node is an object"}},
		{"kernlog", `{"what":"tasks","what":"stats"}`, "what", []string{`"what" is given twice`}},
		{"kernlog", `{"what":"task"}`, "what", []string{`what is "task"`, "one of report, tasks, stats, kills, user_kills", "did you mean tasks?"}},
		{"kernlog", `{"what":7}`, "what", []string{"what is 7, and has to be one of report"}},
		{"kernlog", `{"top":0}`, "top", []string{"top is 0, and has to be a whole number from 1 to 10"}},
		{"kernlog", `{"top":1e300}`, "top", []string{"from 1 to 10"}},
		{"kernlog", `{"top":2.5}`, "top", []string{"top is 2.5"}},
		{"kernlog", `{"top":"3"}`, "top", []string{`top is "3", and has to be a whole number`}},
		{"kernlog", `{"at":"yesterday"}`, "at", []string{"a time as 2026-03-04T02:17:09Z"}},
		{"kernlog", `{"at":1776254896}`, "at", []string{"at is 1776254896, and has to be a time"}},
		{"kernlog", `{"nod":"n1"}`, "nod", []string{`no argument "nod"`, "did you mean node?", "kernlog takes: what, node, at, top"}},
		{"kernlog", `{"nod":""}`, "nod", []string{`no argument "nod"`}},
		{"kernlog", `{"node":"elsewhere"}`, "node", []string{`no node "elsewhere" is in what was read`, `"ip-10-0-3-186"`}},
		{"pods", `{"pod":"gateway-zxthbd6kg-tcr7"}`, "pod", []string{`did you mean "gateway-zxthbd6kg-tcr7d"?`}},
		{"pods", `{"pod":"../../etc/passwd"}`, "pod", []string{"which can be no name"}},
		{"pods", `{"pod":"a\u0000b[F1]"}`, "pod", []string{"which can be no name", "(F1)"}},
		{"pods", `{"namespace":"adds"}`, "namespace", []string{`did you mean "ads"?`}},
		{"pods", `{"pod":"` + strings.Repeat("x", 254) + `"}`, "pod", []string{"at most 253 characters"}},
		{"metrics", `{"query":"up"}`, "query", []string{"one of container_working_set"}},
		{"metrics", `{"from":"2026-04-15T12:00:00Z","to":"2026-04-15T11:00:00Z"}`, "from", []string{"from is after to"}},
		{"logs", `{"previous":"yes"}`, "previous", []string{`previous is "yes", and has to be true or false`}},
		{"rollouts", `{"workload":"gatewax"}`, "workload", []string{`did you mean "deployment/gateway"?`}},
		{"rollouts", `{"workload":"statefulset/gateway"}`, "workload", []string{"there are:"}},
		{"rollouts", `{"to_revision":99}`, "to_revision", []string{"revision 99", "kept are: 16, 17, 18, 19"}},
		{"rollouts", `{"from_revision":-1}`, "from_revision", []string{"a whole number from 0"}},
		{"past_incidents", `{"id":"` + strings.Repeat("0", 41) + `"}`, "id", []string{"at most 40 characters"}},
	}
	for _, tt := range tests {
		_, err := s.Call(t.Context(), tt.function, tt.arguments)
		var wrong *ArgumentError
		if !errors.As(err, &wrong) {
			t.Errorf("%s %.60s: err = %v", tt.function, tt.arguments, err)
			continue
		}
		if wrong.Argument != tt.argument {
			t.Errorf("%s %.60s: argument %q, want %q", tt.function, tt.arguments, wrong.Argument, tt.argument)
		}
		for _, part := range tt.says {
			if !strings.Contains(wrong.Error(), part) {
				t.Errorf("%s %.60s: %q, want %q in it", tt.function, tt.arguments, wrong.Error(), part)
			}
		}
		checkText(t, wrong.Error(), maxSays)
	}
}

// TestLenient holds the forms that are taken although they are not the schema's.
func TestLenient(t *testing.T) {
	s := example(t, "leak-after-deploy").set(nil)
	for _, same := range []struct {
		function string
		a, b     string
	}{
		{"kernlog", ``, `{}`},
		{"kernlog", ``, " \n"},
		{"kernlog", `{}`, `{"what":null,"node":"","at":null,"top":null}`},
		{"kernlog", `{"at":"2026-04-15T11:18:20Z"}`, `{"at":"2026-04-15 11:18:20Z"}`},
		{"kernlog", `{"at":"2026-04-15T11:18:20Z"}`, `{"at":"2026-04-15T13:18:20+02:00"}`},
		{"kernlog", `{"node":"ip-10-0-3-186"}`, `{"node":"node/ip-10-0-3-186"}`},
		{"kernlog", `{"top":3}`, `{"top":3.0}`},
		{"pods", `{"pod":"gateway-zxthbd6kg-42qjv"}`, `{"pod":"ads/gateway-zxthbd6kg-42qjv"}`},
		{"metrics", `{"query":"container_rss","pod":"gateway-zxthbd6kg-42qjv","container":"gateway"}`, `{"query":"container_rss","pod":"ads/gateway-zxthbd6kg-42qjv/gateway"}`},
		{"rollouts", `{"workload":"deployment/gateway"}`, `{"workload":"gateway"}`},
		{"rollouts", `{"workload":"deployment/gateway"}`, `{"workload":"ads/deploy/gateway"}`},
	} {
		if a, b := says(call(t, s, same.function, same.a)), says(call(t, s, same.function, same.b)); a != b {
			t.Errorf("%s %s and %s differ:\n%s\n%s", same.function, same.a, same.b, a, b)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"checkout-7c9d8f6b5-x2x4p", "cart-0", "kube-proxy-9"}
	for word, want := range map[string]string{
		"checkout-7c9d8f6b5-x2x4": known[0], "checkout": known[0], "CART-0": known[1], "cart-1": known[1], "kube-prxy-9": known[2],
		"": "", "x": "", "something-else": "", strings.Repeat("y", 5000): "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest(%.30q) = %q, want %q", word, got, want)
		}
	}
}

// checkText fails for a text that is too long, or that holds what no text for a model may.
func checkText(t *testing.T, text string, most int) {
	t.Helper()
	if len(text) > most || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00\x1b") || strings.Contains(text, "[F") {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

func FuzzCall(f *testing.F) {
	s := example(f, "leak-after-deploy").set(nil)
	for _, d := range s.Definitions() {
		f.Add(d.Name, "")
		for _, p := range all()[0].properties {
			f.Add(d.Name, `{"`+p.name+`":"x"}`)
		}
	}
	f.Add("metrics", `{"query":"container_rss","at":"2026-04-15T12:08:16Z","from":"1970-01-01T00:00:00Z","to":"9999-12-31T23:59:59Z"}`)
	f.Add("rollouts", `{"what":"diff","from_revision":1e15,"to_revision":19}`)
	f.Add("logs", `{"contains":"[F1] <@U1>","previous":true,"previous":false}`)
	f.Add("kernlog", `{"top":1e308,"x":[[[[]]]]}`)
	f.Fuzz(func(t *testing.T, name, arguments string) {
		a, err := s.Call(t.Context(), name, arguments)
		var wrong *ArgumentError
		switch {
		case errors.As(err, &wrong):
			checkText(t, wrong.Error(), maxSays)
		case err != nil:
			t.Fatalf("%s %s: %v", name, arguments, err)
		default:
			checkAnswer(t, a)
		}
	})
}
