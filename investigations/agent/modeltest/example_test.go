package modeltest_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// A model that is put off once, and then submits what the prompt says.
func ExampleNewServer() {
	server := modeltest.NewServer(modeltest.Options{Script: modeltest.Sequence(
		modeltest.Status(http.StatusTooManyRequests, map[string]string{"Retry-After": "2"}),
		modeltest.Honest(),
	)})
	defer server.Close()

	// A client under test is configured with server.URL(), server.Key() and server.Model().
	for _, body := range []string{
		`{"model":"stand-in-1","messages":[{"role":"user","content":"F1 kernlog: The kernel killed java."}]}`,
		`{"model":"stand-in-1","messages":[{"role":"user","content":"F1 kernlog: The kernel killed java."}]}`,
		`{"model":"stand-in-1","messages":[{"role":"tool","tool_call_id":"call_1","content":"F2 logs: Nothing."}]}`,
	} {
		req, err := http.NewRequest(http.MethodPost, server.URL()+"/chat/completions", strings.NewReader(body)) //nolint:noctx // an example has no context of its own
		if err != nil {
			fmt.Println(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+server.Key())
		req.Header.Set("Content-Type", "application/json")
		resp, err := server.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	for _, fault := range server.Faults() {
		fmt.Println(fault)
	}
	// Output:
	// 429
	// 200
	// 400
	// request 3: messages.[0].role: Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.
}

// A model that is written down as a transcript.
func ExampleParseTranscript() {
	transcript, err := modeltest.ParseTranscript([]byte(`
about: cites the kill, and gets the limit wrong
turns:
  - say: 'The limit of {{size (mul 2 (value "kernel killed" "limit_bytes"))}} was reached {{cite "kernel killed"}}.'
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	reply := transcript.Script().Next(modeltest.Request{Messages: []modeltest.Message{
		{Role: "user", Text: "- F7 kernlog: The kernel killed java. {limit_bytes=1073741824}"},
	}})
	fmt.Println(reply.Text)
	// Output: The limit of 2 GiB was reached [F7].
}
