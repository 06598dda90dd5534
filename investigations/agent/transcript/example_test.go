package transcript_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/transcript"
	"github.com/oombot/oombot/investigations/redact"
)

// parrot repeats what it was asked.
type parrot struct{}

func (parrot) Name() string { return "parrot-1" }

func (parrot) Chat(_ context.Context, req investigations.ChatRequest) (investigations.ChatReply, error) {
	return investigations.ChatReply{Text: req.Messages[len(req.Messages)-1].Text, Finish: investigations.FinishStop}, nil
}

// What a model was asked is written down, and answered again without it.
func Example() {
	ctx := context.Background()
	hello := investigations.ChatRequest{Messages: []investigations.Message{{Role: investigations.RoleUser, Text: "Hello."}}}

	var file bytes.Buffer
	recorder, err := transcript.Record(parrot{}, &file, redact.Text)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := recorder.Chat(ctx, hello); err != nil {
		fmt.Println(err)
		return
	}

	player, err := transcript.Play(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	reply, err := player.Chat(ctx, hello)
	fmt.Println(player.Name(), reply.Text, err)
	hello.Must = "dance"
	_, err = player.Chat(ctx, hello)
	fmt.Println(err)
	// Output:
	// parrot-1 Hello. <nil>
	// ask the model: refused: the transcript has no answer to this request: it was recorded with another bundle, memory, configuration or version
}
