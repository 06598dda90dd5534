package openai_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/openai"
)

func ExampleClient_Chat() {
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"content":"The heap "}}]}

data: {"choices":[{"index":0,"delta":{"content":"grew."},"finish_reason":"stop"}]}

data: [DONE]
`)
	}))
	defer endpoint.Close()

	model, err := openai.New(openai.Options{BaseURL: endpoint.URL + "/v1", Model: "qwen3", Timeout: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	reply, err := model.Chat(context.Background(), investigations.ChatRequest{
		Messages: []investigations.Message{{Role: investigations.RoleUser, Text: "What happened?"}},
		Progress: func(p investigations.Piece) { fmt.Printf("%q\n", p.Text) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reply.Text, reply.Finish)
	// Output:
	// "The heap "
	// "grew."
	// The heap grew. stop
}
