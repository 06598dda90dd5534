package modeltest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// hello is the smallest request; its model is the stand-in's.
const hello = `{"model":"stand-in-1","messages":[{"role":"user","content":"hello"}]}`

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   string
	err    error
}

// ask sends a body as a client with the right key.
func ask(t testing.TB, s *modeltest.Server, body string, change ...func(*http.Request)) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.Key())
	for _, c := range change {
		c(req)
	}
	return do(s, req)
}

func do(s *modeltest.Server, req *http.Request) answered {
	resp, err := s.Client().Do(req)
	if err != nil {
		return answered{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answered{resp.StatusCode, resp.Header, string(body), err}
}

// refusal is an error as the API writes it.
type refusal struct {
	Message, Type string
	Param, Code   *string
}

func (a answered) refusal(t testing.TB) refusal {
	t.Helper()
	var e struct{ Error *refusal }
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || e.Error == nil {
		t.Fatalf("no error of the API: %q (%v)", a.body, err)
	}
	return *e.Error
}

func newServer(t testing.TB, o modeltest.Options) *modeltest.Server {
	t.Helper()
	s := modeltest.NewServer(o)
	t.Cleanup(s.Close)
	return s
}

// messages makes a request of these messages, and further fields.
func messages(list string, fields ...string) string {
	return `{"model":"stand-in-1","messages":[` + list + `]` + strings.Join(append([]string{""}, fields...), ",") + `}`
}

const (
	user  = `{"role":"user","content":"hello"}`
	asks  = `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"logs","arguments":"{}"}}]}`
	asks2 = `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"logs","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"pods","arguments":"{}"}}]}`
	tool1 = `{"role":"tool","tool_call_id":"c1","content":"a line"}`
	tool2 = `{"role":"tool","tool_call_id":"c2","content":"a pod"}`
	tools = `"tools":[{"type":"function","function":{"name":"logs","description":"d","parameters":{"type":"object","properties":{}}}}]`
)

// tool offers one function with a schema.
func tool(schema string) string {
	return `"tools":[{"type":"function","function":{"name":"f","parameters":` + schema + `}}]`
}

func TestAccepted(t *testing.T) {
	tests := map[string]string{
		"the smallest":      hello,
		"parts":             messages(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`),
		"all roles":         messages(`{"role":"system","content":"s"},{"role":"developer","content":"d"},` + user + `,{"role":"assistant","content":"a"},` + user),
		"a call answered":   messages(user+","+asks+","+tool1, tools, `"tool_choice":"auto"`, `"parallel_tool_calls":false`),
		"in another order":  messages(user + "," + asks2 + "," + tool2 + "," + tool1 + "," + user),
		"twice the same id": messages(user + "," + asks + "," + tool1 + "," + asks + "," + tool1),
		"a named function":  messages(user, tools, `"tool_choice":{"type":"function","function":{"name":"logs"}}`),
		"a stream":          messages(user, `"stream":true`, `"stream_options":{"include_usage":true}`),
		"nulls":             messages(user, `"temperature":null`, `"stop":null`, `"max_tokens":null`, `"stream":null`),
		"JSON":              messages(`{"role":"user","content":"Answer in Json."}`, `"response_format":{"type":"json_object"}`),
		"a schema of JSON":  messages(user, `"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{}},"strict":true}}`),
		"options": messages(user, `"temperature":0`, `"top_p":1`, `"seed":7`, `"n":1`, `"max_completion_tokens":100`, `"user":"u"`, `"stop":["a"]`,
			`"metadata":{"a":"b"}`, `"reasoning_effort":"low"`, `"logprobs":true`, `"top_logprobs":2`, `"store":false`, `"logit_bias":{"50256":-100}`),
		"a strict function": messages(user, `"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}},"required":["a"],"additionalProperties":false}}}]`),
		"no arguments":      messages(user, `"tools":[{"type":"function","function":{"name":"f"}}]`),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, modeltest.Options{Script: modeltest.Says("hi")})
			if got := ask(t, s, body); got.status != http.StatusOK {
				t.Errorf("status %d: %s", got.status, got.body)
			}
			if faults := s.Faults(); len(faults) != 0 {
				t.Errorf("faults: %q", faults)
			}
		})
	}
}

var refused = []struct {
	name, body  string
	param, code string
	says        string
}{
	{"no JSON", `{"model":`, "", "", "could not parse the JSON body"},
	{"two documents", hello + hello, "", "", "could not parse the JSON body"},
	{"no UTF-8", "{\"model\":\"\xff\"}", "", "", "UTF-8"},
	{"an array", `[]`, "", "invalid_type", "expected an object, but got an array"},
	{"an unknown field", messages(user, `"max_token":5`), "", "", "Unrecognized request argument supplied: max_token"},
	{"two unknown fields", messages(user, `"b":5`, `"a":5`), "", "", "Unrecognized request arguments supplied: a, b"},
	{"functions of old", messages(user, `"functions":[{"name":"f"}]`), "", "", "Unrecognized request argument supplied: functions"},
	{"a function call of old", messages(user, `"function_call":"auto"`), "", "", "function_call"},
	{"no model", `{"messages":[` + user + `]}`, "model", "missing_required_parameter", "Missing required parameter: 'model'."},
	{"no messages", `{"model":"stand-in-1"}`, "messages", "missing_required_parameter", "'messages'"},
	{"empty messages", messages(""), "messages", "empty_array", "empty array"},
	{"messages of another type", `{"model":"stand-in-1","messages":"hello"}`, "messages", "invalid_type", "expected an array, but got a string"},
	{"a role that is none", messages(`{"role":"robot","content":"a"}`), "messages[0].role", "invalid_value", "Supported values are: 'system'"},
	{"the role of old", messages(`{"role":"function","name":"f","content":"a"}`), "messages[0].role", "invalid_value", "'function'"},
	{"no role", messages(`{"content":"a"}`), "messages[0].role", "missing_required_parameter", "messages[0].role"},
	{"no content", messages(user + `,{"role":"user"}`), "messages[1].content", "missing_required_parameter", "messages[1].content"},
	{"null content", messages(`{"role":"user","content":null}`), "messages[0].content", "invalid_type", "expected a string or an array, but got null"},
	{"content of numbers", messages(`{"role":"user","content":5}`), "messages[0].content", "invalid_type", "got a number"},
	{"a part of no text", messages(`{"role":"user","content":[{"type":"text"}]}`), "messages[0].content[0].text", "missing_required_parameter", ""},
	{"an image", messages(`{"role":"user","content":[{"type":"image_url","text":"x"}]}`), "messages[0].content[0].type", "invalid_value", "image_url"},
	{"a message's unknown field", messages(`{"role":"user","content":"a","calls":[]}`), "messages[0].calls", "unknown_parameter", "Unknown parameter: 'messages[0].calls'."},
	{"a user's calls", messages(`{"role":"user","content":"a","tool_calls":[]}`), "messages[0].tool_calls", "unknown_parameter", ""},
	{"a name with a space", messages(`{"role":"user","content":"a","name":"a b"}`), "messages[0].name", "invalid_value", "pattern"},
	{"a silent assistant", messages(user + `,{"role":"assistant"}`), "messages.[1].content", "", "expected a string, got null"},
	{"no calls in the list", messages(user + `,{"role":"assistant","content":"a","tool_calls":[]}`), "messages[1].tool_calls", "empty_array", ""},
	{"a call without id", messages(user + `,{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}`), "messages[1].tool_calls[0].id", "missing_required_parameter", ""},
	{"a call's arguments as an object", messages(user + `,{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{}}}]}`), "messages[1].tool_calls[0].function.arguments", "invalid_type", "expected a string, but got an object"},
	{"a call's name", messages(user + `,{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"rm -rf","arguments":""}}]}`), "messages[1].tool_calls[0].function.name", "invalid_value", "pattern"},
	{"a call's long id", messages(user + `,{"role":"assistant","tool_calls":[{"id":"` + strings.Repeat("c", 41) + `","type":"function","function":{"name":"f","arguments":""}}]}`), "messages[1].tool_calls[0].id", "string_above_max_length", "maximum length 40"},
	{"a call without type", messages(user + `,{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":""}}]}`), "messages[1].tool_calls[0].type", "missing_required_parameter", ""},
	{"a call unanswered", messages(user + "," + asks), "messages.[1].role", "", "did not have response messages: c1"},
	{"a call unanswered before the next", messages(asks + "," + user), "messages.[1].role", "", "must be followed by tool messages responding to each 'tool_call_id'"},
	{"one of two unanswered", messages(asks2 + "," + tool1 + "," + user), "messages.[2].role", "", "did not have response messages: c2"},
	{"an answer too late", messages(asks + "," + user + "," + tool1), "messages.[1].role", "", "did not have response messages: c1"},
	{"an answer to nothing", messages(user + "," + tool1), "messages.[1].role", "", "must be a response to a preceding message with 'tool_calls'"},
	{"an answer to another call", messages(asks + "," + tool1 + "," + tool2), "messages.[2].tool_call_id", "", "'c2' not found"},
	{"two answers", messages(asks2 + "," + tool1 + "," + tool1 + "," + tool2), "messages.[2].tool_call_id", "", "Duplicate value"},
	{"two calls of one id", messages(`{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":""}},{"id":"c1","type":"function","function":{"name":"f","arguments":""}}]},` + tool1), "messages.[0].tool_calls", "", "Duplicate value"},
	{"an answer without id", messages(asks + `,{"role":"tool","content":"a"}`), "messages[1].tool_call_id", "missing_required_parameter", ""},
	{"no functions in the list", messages(user, `"tools":[]`), "tools", "empty_array", ""},
	{"a function's name", messages(user, `"tools":[{"type":"function","function":{"name":"a.b"}}]`), "tools[0].function.name", "invalid_value", "'^[a-zA-Z0-9_-]+$'"},
	{"a function's long name", messages(user, `"tools":[{"type":"function","function":{"name":"`+strings.Repeat("a", 65)+`"}}]`), "tools[0].function.name", "string_above_max_length", "length 65"},
	{"a function's long description", messages(user, `"tools":[{"type":"function","function":{"name":"f","description":"`+strings.Repeat("a", 1025)+`"}}]`), "tools[0].function.description", "string_above_max_length", "1024"},
	{"129 functions", messages(user, `"tools":[`+strings.TrimSuffix(strings.Repeat(`{"type":"function","function":{"name":"f"}},`, 129), ",")+`]`), "tools", "array_above_max_length", "maximum length 128"},
	{"a function twice", messages(user, `"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]`), "tools[1].function.name", "invalid_value", "more than once"},
	{"a function of no type", messages(user, `"tools":[{"function":{"name":"f"}}]`), "tools[0].type", "missing_required_parameter", ""},
	{"a schema of a string", messages(user, tool(`{"type":"string"}`)), "tools[0].function.parameters", "invalid_function_parameters", `got 'type: "string"'`},
	{"a schema of nothing", messages(user, tool(`{}`)), "tools[0].function.parameters", "invalid_function_parameters", `got 'type: "None"'`},
	{"a schema without properties", messages(user, tool(`{"type":"object"}`)), "tools[0].function.parameters", "invalid_function_parameters", "object schema missing properties"},
	{"a schema's array of anything", messages(user, tool(`{"type":"object","properties":{"a":{"type":"array"}}}`)), "tools[0].function.parameters", "invalid_function_parameters", "array schema missing items"},
	{"a schema that is none", messages(user, tool(`{"type":"object","properties":{"a":{"type":"text"}}}`)), "tools[0].function.parameters", "invalid_function_parameters", "Invalid schema for function 'f'"},
	{"a schema of another place", messages(user, tool(`{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}`)), "tools[0].function.parameters", "invalid_function_parameters", "another document"},
	{"a strict schema that is open", messages(user, `"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{}}}}]`), "tools[0].function.parameters", "invalid_function_parameters", "'additionalProperties' is required"},
	{"a strict schema with a choice", messages(user, `"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}}}]`), "tools[0].function.parameters", "invalid_function_parameters", "Missing 'a'"},
	{"a choice of nothing", messages(user, `"tool_choice":"auto"`), "tool_choice", "", "only allowed when 'tools' are specified"},
	{"a choice that is none", messages(user, tools, `"tool_choice":"any"`), "tool_choice", "invalid_value", "'any'"},
	{"a choice of another function", messages(user, tools, `"tool_choice":{"type":"function","function":{"name":"pods"}}`), "tool_choice", "", "'pods' not found in 'tools'"},
	{"a choice without type", messages(user, tools, `"tool_choice":{"function":{"name":"logs"}}`), "tool_choice.type", "missing_required_parameter", ""},
	{"parallel calls of nothing", messages(user, `"parallel_tool_calls":true`), "parallel_tool_calls", "", "only allowed when 'tools' are specified"},
	{"JSON unsaid", messages(user, `"response_format":{"type":"json_object"}`), "messages", "", "must contain the word 'json'"},
	{"a format that is none", messages(user, `"response_format":{"type":"yaml"}`), "response_format.type", "invalid_value", "'yaml'"},
	{"a format as a text", messages(user, `"response_format":"json_object"`), "response_format", "invalid_type", "expected an object"},
	{"a schema of JSON unsaid", messages(user, `"response_format":{"type":"json_schema"}`), "response_format.json_schema", "missing_required_parameter", ""},
	{"stream options alone", messages(user, `"stream_options":{"include_usage":true}`), "stream_options", "", "only allowed when 'stream' is enabled"},
	{"a stream as a text", messages(user, `"stream":"yes"`), "stream", "invalid_type", "expected a boolean or null, but got a string"},
	{"two limits", messages(user, `"max_tokens":5`, `"max_completion_tokens":5`), "max_tokens", "invalid_parameter_combination", "at the same time"},
	{"a limit of none", messages(user, `"max_completion_tokens":0`), "max_completion_tokens", "integer_below_min_value", "Expected a value >= 1, but got 0"},
	{"half a token", messages(user, `"max_tokens":1.5`), "max_tokens", "invalid_type", "expected an integer or null, but got a number"},
	{"too hot", messages(user, `"temperature":2.5`), "temperature", "decimal_above_max_value", "<= 2, but got 2.5"},
	{"no choices", messages(user, `"n":0`), "n", "integer_below_min_value", ""},
	{"129 choices", messages(user, `"n":129`), "n", "integer_above_max_value", ""},
	{"five stops", messages(user, `"stop":["a","b","c","d","e"]`), "stop", "array_above_max_length", ""},
	{"an effort that is none", messages(user, `"reasoning_effort":"extreme"`), "reasoning_effort", "invalid_value", ""},
	{"logprobs alone", messages(user, `"top_logprobs":2`), "top_logprobs", "", "'logprobs'"},
	{"metadata of 17", messages(user, `"metadata":{"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":"","j":"","k":"","l":"","m":"","n":"","o":"","p":"","q":""}`), "metadata", "object_above_max_properties", "at most 16"},
	{"metadata of numbers", messages(user, `"metadata":{"a":1}`), "metadata.a", "invalid_type", ""},
	{"another model", `{"model":"gpt","messages":[` + user + `]}`, "", "model_not_found", "`gpt` does not exist"},
}

func TestRefused(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, modeltest.Options{Script: modeltest.Says("hi")})
			got := ask(t, s, tt.body)
			want := http.StatusBadRequest
			if tt.code == "model_not_found" {
				want = http.StatusNotFound
			}
			if got.status != want {
				t.Fatalf("status %d, want %d: %s", got.status, want, got.body)
			}
			e := got.refusal(t)
			if diff := cmp.Diff([]string{"invalid_request_error", tt.param, tt.code}, []string{e.Type, value(e.Param), value(e.Code)}); diff != "" {
				t.Errorf("type, param, code (-want +got):\n%s%s", diff, e.Message)
			}
			if !strings.Contains(e.Message, tt.says) {
				t.Errorf("message %q lacks %q", e.Message, tt.says)
			}
			if faults := s.Faults(); len(faults) == 0 || !strings.Contains(faults[0], "request 1: ") || !strings.Contains(faults[0], e.Message) {
				t.Errorf("faults %q lack %q", faults, e.Message)
			}
			if n := s.Tokens(); n != (modeltest.Usage{}) {
				t.Errorf("a refused request cost %v", n)
			}
		})
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestEveryFault holds that a request with several faults is refused for the first and keeps all.
func TestEveryFault(t *testing.T) {
	s := newServer(t, modeltest.Options{})
	got := ask(t, s, messages(`{"role":"robot"},{"role":"user"}`, `"n":0`, `"foo":1`))
	if e := got.refusal(t); e.Message != "Unrecognized request argument supplied: foo" {
		t.Errorf("refused for %q", e.Message)
	}
	want := []string{
		"request 1: Unrecognized request argument supplied: foo",
		"request 1: messages[0].role: Invalid value: 'robot'. Supported values are: 'system', 'developer', 'user', 'assistant', 'tool'.",
		"request 1: messages[1].content: Missing required parameter: 'messages[1].content'.",
		"request 1: n: Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
	}
	if diff := cmp.Diff(want, s.Faults()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// FuzzCheck holds that no body makes the check panic, that it says the same twice, and that what passes is a request.
func FuzzCheck(f *testing.F) {
	for _, tt := range refused {
		f.Add([]byte(tt.body))
	}
	f.Add([]byte(hello))
	f.Add([]byte(messages(user+","+asks2+","+tool2+","+tool1, tools, `"tool_choice":{"type":"function","function":{"name":"logs"}}`)))
	header := http.Header{"Content-Type": {"application/json"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, faults := modeltest.Check(header, body)
		again, same := modeltest.Check(header, bytes.Clone(body))
		if diff := cmp.Diff(faults, same); diff != "" {
			t.Fatalf("it says something else the second time:\n%s", diff)
		}
		if diff := cmp.Diff(req, again); diff != "" {
			t.Fatalf("it reads something else the second time:\n%s", diff)
		}
		if len(faults) > 0 {
			return
		}
		if !json.Valid(body) || req.Model == "" || len(req.Messages) == 0 {
			t.Fatalf("taken for a request: %q", body)
		}
		asked := map[string]bool{}
		for _, m := range req.Messages {
			if m.Role == "tool" && !asked[m.Answers] {
				t.Fatalf("%q answers no call", m.Answers)
			}
			for _, c := range m.Calls {
				asked[c.ID] = true
			}
		}
	})
}
