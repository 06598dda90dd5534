package slackfake_test

import (
	"fmt"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot/slackfake"
)

// A test starts the stand-in, points a client at it, lets a person act and compares what the thread says.
func Example() {
	s := slackfake.New(slackfake.Options{BotName: "oombot"})
	defer func() { _ = s.Close() }() // a test fails where this fails
	if err := s.Start("127.0.0.1:0"); err != nil {
		fmt.Println(err)
		return
	}
	s.AddUser(slackfake.User{ID: "U0ANN", Name: "ann"})
	s.AddChannel(slackfake.Channel{ID: "C0ALERTS", Name: "alerts", Members: []string{"U0ANN", "U0FAKEBOT"}})
	ts, err := s.Mention("ann", "#alerts", "what killed checkout?")
	if err != nil {
		fmt.Println(err)
		return
	}

	token, _ := s.Tokens()
	api := slack.New(token, slack.OptionAPIURL(s.APIURL()))
	if _, _, err := api.PostMessage("C0ALERTS", slack.MsgOptionTS(ts), slack.MsgOptionText("Its own limit.", false)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(s.Thread("#alerts", ts))
	// Output:
	// ann:
	//   @oombot what killed checkout?
	//     oombot:
	//       Its own limit.
}
