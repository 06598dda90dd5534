package openai

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
)

// delta is a chunk whose delta is d.
func delta(d string) string {
	return `data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":` + d + `,"finish_reason":null}]}` + "\n\n"
}

func end(reason string) string {
	return `data: {"choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n\n"
}

const (
	done  = "data: [DONE]\n\n"
	usage = `data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2}}` + "\n\n"
)

type (
	reply = investigations.ChatReply
	fcall = investigations.FunctionCall
)

func says(s string) reply { return reply{Text: s, Finish: investigations.FinishStop} }

func called(calls ...fcall) reply { return reply{Calls: calls, Finish: investigations.FinishCalls} }

var known = investigations.TokenUse{Prompt: 10, Completion: 2, Known: true}

// TestStreams has how endpoints cut answers into pieces, one server's way a line.
func TestStreams(t *testing.T) {
	logs := fcall{ID: "call_1", Name: "logs", Arguments: `{"tail":5}`}
	pods := fcall{ID: "call_2", Name: "pods", Arguments: `{}`}
	tests := map[string]struct {
		body string
		want reply
	}{
		"OpenAI": {
			delta(`{"role":"assistant","content":"","refusal":null}`) + delta(`{"content":"Hel"}`) + delta(`{"content":"lo"}`) + end("stop") + usage + done,
			reply{Text: "Hello", Finish: investigations.FinishStop, Usage: known},
		},
		"OpenAI, calls": {
			delta(`{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"logs","arguments":""}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"tail\":"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"arguments":"5}"}}]}`) +
				delta(`{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"pods","arguments":""}}]}`) +
				delta(`{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}`) + end("tool_calls") + usage + done,
			reply{Calls: []fcall{logs, pods}, Finish: investigations.FinishCalls, Usage: known},
		},
		"calls whose pieces alternate": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs"}},{"index":1,"id":"call_2","function":{"name":"pods"}}]}`) +
				delta(`{"tool_calls":[{"index":1,"function":{"arguments":"{"}},{"index":0,"function":{"arguments":"{\"tail\":"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"arguments":"5}"}},{"index":1,"function":{"arguments":"}"}}]}`) + end("tool_calls") + done,
			called(logs, pods),
		},
		"Azure: a filter's verdict first, without a choice": {
			`data: {"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]}` + "\n\n" +
				delta(`{"content":"Hello"}`) + end("stop") + done,
			says("Hello"),
		},
		"Ollama: whole calls without an index": {
			delta(`{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"logs","arguments":"{\"tail\":5}"}}]}`) +
				delta(`{"role":"assistant","content":"","tool_calls":[{"id":"call_2","type":"function","function":{"name":"pods","arguments":"{}"}}]}`) + end("stop") + done,
			called(logs, pods),
		},
		"Ollama: all calls have the index 0": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":"{\"tail\":5}"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"id":"call_2","function":{"name":"pods","arguments":"{}"}}]}`) + end("stop") + done,
			called(logs, pods),
		},
		"Gemini: no index, no id, all in one chunk, ended in it": {
			`data: {"choices":[{"delta":{"role":"assistant","tool_calls":[` +
				`{"function":{"arguments":"{\"tail\":5}","name":"logs"},"id":"","type":"function"},` +
				`{"function":{"arguments":"{}","name":"pods"},"id":"","type":"function"}]},"finish_reason":"stop","index":0}]}` + "\n\n" + done,
			called(fcall{ID: "c00020000", Name: "logs", Arguments: `{"tail":5}`}, fcall{ID: "c00020001", Name: "pods", Arguments: "{}"}),
		},
		"no index, no id, a chunk for each": {
			delta(`{"tool_calls":[{"function":{"name":"logs","arguments":"{\"tail\":5}"}}]}`) +
				delta(`{"tool_calls":[{"function":{"name":"logs","arguments":"{\"tail\":6}"}}]}`) + end("tool_calls") + done,
			called(fcall{ID: "c00020000", Name: "logs", Arguments: `{"tail":5}`}, fcall{ID: "c00020001", Name: "logs", Arguments: `{"tail":6}`}),
		},
		"an index that is null, and pieces that follow": {
			delta(`{"tool_calls":[{"index":null,"id":"call_1","function":{"name":"logs","arguments":null}}]}`) +
				delta(`{"tool_calls":[{"index":null,"id":null,"function":{"name":null,"arguments":"{\"tail\":"}}]}`) +
				delta(`{"tool_calls":[{"id":"","function":{"name":"","arguments":"5}"}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"an index as text": {
			delta(`{"tool_calls":[{"index":"0","id":"call_1","function":{"name":"logs","arguments":"{\"tail\":"}}]}`) +
				delta(`{"tool_calls":[{"index":"0","function":{"arguments":"5}"}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"vLLM: an id of its own for each piece": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"id":"chatcmpl-tool-b","function":{"arguments":"{\"tail\":"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"id":"chatcmpl-tool-c","function":{"arguments":"5}"}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"id and name in each piece": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":""}}]}`) +
				delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":"{\"tail\":"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":"5}"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":""}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"the name in each piece, without ids": {
			delta(`{"tool_calls":[{"index":0,"function":{"name":"logs","arguments":"{\"tail\":"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"name":"logs","arguments":"5}"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"name":"logs","arguments":""}}]}`) + end("tool_calls") + done,
			called(fcall{ID: "c00020000", Name: "logs", Arguments: `{"tail":5}`}),
		},
		"a name in pieces": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"lo"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"name":"gs"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"tail\":5}"}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"a name that grows": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"lo"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"name":"logs"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"tail\":5}"}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"an id that comes late": {
			delta(`{"tool_calls":[{"function":{"name":"logs"}}]}`) +
				delta(`{"tool_calls":[{"id":"call_1","function":{"arguments":"{\"tail\":5}"}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"an index that comes late": {
			delta(`{"tool_calls":[{"id":"call_1","function":{"name":"logs"}}]}`) +
				delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"tail\":5}"}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"one id twice": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":"{\"tail\":5}"}},{"index":1,"id":"call_1","function":{"name":"pods","arguments":"{}"}}]}`) +
				end("tool_calls") + done,
			called(logs, fcall{ID: "c00020001", Name: "pods", Arguments: "{}"}),
		},
		"arguments that are no text": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":{"tail":5}}}]}`) + end("tool_calls") + done,
			called(logs),
		},
		"no arguments": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"pods"}}]}`) + end("tool_calls") + done,
			called(fcall{ID: "call_1", Name: "pods"}),
		},
		"arguments stay as they are": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"pods","arguments":" {oh\u0000"}}]}`) + end("tool_calls") + done,
			called(fcall{ID: "call_1", Name: "pods", Arguments: " {oh\x00"}),
		},
		"a call that holds nothing": {
			delta(`{"content":"Hello","tool_calls":[{"index":0,"type":"function","function":{}}]}`) + end("stop") + done,
			says("Hello"),
		},
		"text and a call": {
			delta(`{"content":"I look."}`) + delta(`{"tool_calls":[{"index":0,"id":"call_2","function":{"name":"pods","arguments":"{}"}}]}`) + end("tool_calls") + done,
			reply{Text: "I look.", Calls: []fcall{pods}, Finish: investigations.FinishCalls},
		},
		"a call as there was before there were several": {
			delta(`{"function_call":{"name":"logs","arguments":""}}`) + delta(`{"function_call":{"arguments":"{\"tail\":5}"}}`) + end("function_call") + done,
			called(fcall{ID: "c00020000", Name: "logs", Arguments: `{"tail":5}`}),
		},
		"an empty old call beside": {
			delta(`{"function_call":{"name":"","arguments":""},"tool_calls":[{"index":0,"id":"call_2","function":{"name":"pods","arguments":"{}"}}]}`) + end("tool_calls") + done,
			called(pods),
		},
		"no [DONE]":            {delta(`{"content":"Hello"}`) + end("stop"), says("Hello")},
		"no newline after it":  {delta(`{"content":"Hello"}`) + strings.TrimSpace(end("stop")), says("Hello")},
		"the end with text":    {`data: {"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":"stop"}]}` + "\n\n" + done, says("Hello")},
		"text after the end":   {delta(`{"content":"Hel"}`) + end("stop") + delta(`{"content":"lo"}`) + done, says("Hello")},
		"CRLF":                 {strings.ReplaceAll(delta(`{"content":"Hello"}`)+end("stop")+done, "\n", "\r\n"), says("Hello")},
		"a BOM":                {"\ufeff" + delta(`{"content":"Hello"}`) + end("stop") + done, says("Hello")},
		"no space after data:": {strings.ReplaceAll(delta(`{"content":"Hello"}`)+end("stop")+done, "data: ", "data:"), says("Hello")},
		"comments, events, ids": {
			": OPENROUTER PROCESSING\n\n: ping\n\nretry: 3000\nevent: message\nid: 1\n" + delta(`{"content":"Hello"}`) + "data:\n\ndata: \n\n" + end("stop") + done,
			says("Hello"),
		},
		"more comments than the library bears": {strings.Repeat(": ping\n\n", 2000) + delta(`{"content":"Hello"}`) + end("stop") + done, says("Hello")},
		"lines of JSON":                        {strings.ReplaceAll(delta(`{"content":"Hello"}`)+end("stop"), "data: ", ""), says("Hello")},
		"thoughts beside the answer": {
			delta(`{"reasoning_content":"Hm."}`) + delta(`{"reasoning":"Hm.","content":""}`) + delta(`{"content":"Hello"}`) + end("stop") + done,
			reply{Text: "Hello", Finish: investigations.FinishStop, Opaque: `{"reasoning":"Hm."}`},
		},
		"thoughts before the answer": {
			delta(`{"content":"\n<th"}`) + delta(`{"content":"ink>Hm. <b"}`) + delta(`{"content":"</thi"}`) + delta(`{"content":"nk>\n\nHel"}`) + delta(`{"content":"lo"}`) + end("stop") + done,
			says("Hello"),
		},
		"thoughts that begin in the prompt": {delta(`{"content":"Hm.\n</think>\n\nHello"}`) + end("stop") + done, says("Hello")},
		"no thoughts, though it looks so":   {delta(`{"content":"<th"}`) + end("stop") + done, says("<th")},
		"only thoughts, up to the limit": {
			delta(`{"content":"<think>Hm."}`) + end("length") + done, reply{Finish: investigations.FinishLength},
		},
		"Mistral: parts": {
			delta(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]}]}`) + delta(`{"content":[{"type":"text","text":"Hello"}]}`) + end("stop") + done,
			says("Hello"),
		},
		"a refusal": {
			delta(`{"refusal":"I can't"}`) + delta(`{"refusal":" help."}`) + end("stop") + done, reply{Finish: investigations.FinishFilter},
		},
		"a filter": {delta(`{"content":"Hel"}`) + end("content_filter") + done, reply{Text: "Hel", Finish: investigations.FinishFilter}},
		"a limit":  {delta(`{"content":"Hel"}`) + end("length") + done, reply{Text: "Hel", Finish: investigations.FinishLength}},
		"a limit in a call": {
			delta(`{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"logs","arguments":"{\"ta"}}]}`) + end("length") + done,
			reply{Calls: []fcall{{ID: "call_1", Name: "logs", Arguments: `{"ta`}}, Finish: investigations.FinishLength},
		},
		"an end by another name":  {delta(`{"content":"Hello"}`) + end("end_turn") + done, says("Hello")},
		"an end by no known name": {delta(`{"content":"Hello"}`) + end("because") + done, says("Hello")},
		"calls, as it says, and there are none": {
			delta(`{"content":"Hello"}`) + end("tool_calls") + done, says("Hello"),
		},
		"several choices": {
			`data: {"choices":[{"index":0,"delta":{"content":"Hello"}},{"index":1,"delta":{"content":"Bye"}}]}` + "\n\n" +
				`data: {"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}` + "\n\n" + end("stop") + done,
			says("Hello"),
		},
		"usage in each chunk: the last counts": {
			`data: {"choices":[{"index":0,"delta":{"content":"Hello"}}],"usage":{"prompt_tokens":10,"completion_tokens":1}}` + "\n\n" + end("stop") + usage + done,
			reply{Text: "Hello", Finish: investigations.FinishStop, Usage: known},
		},
		"usage that is null at the end": {
			delta(`{"content":"Hello"}`) + `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2}}` +
				"\n\n" + `data: {"choices":[],"usage":null}` + "\n\n" + done,
			reply{Text: "Hello", Finish: investigations.FinishStop, Usage: known},
		},
		"Moonshot: usage in the choice": {
			delta(`{"content":"Hello"}`) + `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":10,"completion_tokens":2}}]}` + "\n\n" + done,
			reply{Text: "Hello", Finish: investigations.FinishStop, Usage: known},
		},
		"Groq: usage beside": {
			delta(`{"content":"Hello"}`) + `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":10,"completion_tokens":2}}}` + "\n\n" + done,
			reply{Text: "Hello", Finish: investigations.FinishStop, Usage: known},
		},
		"usage that makes no sense": {
			delta(`{"content":"Hello"}`) + end("stop") + `data: {"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":2}}` + "\n\n" +
				`data: {"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}` + "\n\n" + `data: {"choices":[],"usage":"many"}` + "\n\n" + done,
			says("Hello"),
		},
		"control characters": {delta(`{"content":"a\u0000b\u001b[31m\tc\r\nd\ud800"}`) + end("stop") + done, says("ab[31m\tc\nd\ufffd")},
		"no UTF-8":           {delta("{\"content\":\"a\xffb\"}") + end("stop") + done, says("a\ufffdb")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, streamed(tt.body))
			got, err := ask(t, client(t, s.URL), withFunctions())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if n, _ := s.asked(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestProgress has what is told while an answer comes: no thoughts, a function once, all of it before Chat returns.
func TestProgress(t *testing.T) {
	body := delta(`{"reasoning_content":"Hm."}`) + delta(`{"content":"<think>Hm.</think>"}`) + delta(`{"content":"I "}`) + delta(`{"content":"look.\u0000"}`) +
		delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"lo"}}]}`) + delta(`{"tool_calls":[{"index":0,"function":{"name":"gs"}}]}`) +
		delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}`) + delta(`{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}`) +
		delta(`{"tool_calls":[{"index":1,"id":"b","function":{"name":"pods"}}]}`) + end("tool_calls") + done
	var got []investigations.Piece
	q := withFunctions(func(q *investigations.ChatRequest) {
		q.Progress = func(p investigations.Piece) { got = append(got, p) }
	})
	if _, err := ask(t, client(t, serve(t, streamed(body)).URL), q); err != nil {
		t.Fatal(err)
	}
	want := []investigations.Piece{{Text: "I "}, {Text: "look."}, {Function: "logs"}, {Function: "pods"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestIDs has an endpoint that numbers the calls of each answer anew.
func TestIDs(t *testing.T) {
	body := delta(`{"tool_calls":[{"index":0,"id":"call_0","function":{"name":"pods","arguments":"{}"}},{"index":1,"id":"call_1","function":{"name":"logs","arguments":"{}"}}]}`) + end("tool_calls")
	q := withFunctions()
	q.Messages = append(
		q.Messages, investigations.Message{Role: investigations.RoleAssistant, Calls: []fcall{{ID: "call_0", Name: "pods"}, {ID: "c00050000", Name: "pods"}}},
		investigations.Message{Role: investigations.RoleFunction, Answers: "call_0", Text: "none"},
		investigations.Message{Role: investigations.RoleFunction, Answers: "c00050000", Text: "none"},
	)
	got, err := ask(t, client(t, serve(t, streamed(body)).URL), q)
	if err != nil {
		t.Fatal(err)
	}
	want := called(fcall{ID: "c00060000", Name: "pods", Arguments: "{}"}, fcall{ID: "call_1", Name: "logs", Arguments: "{}"})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
