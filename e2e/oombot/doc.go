// Package oombot runs the program under test: to its end, or as the bot and the node agent that it is until it is told to
// end, in a workspace of the stand-in for Slack. It knows the program's flags, variables, log and addresses, and nothing of
// what a test wants of it.
//
//	s := oombot.NewSlack(t, slackfake.Options{})
//	oombot.AddChannel(t, s, "C0KILLS")
//	bot := oombot.Serve{Slack: s, Memory: memory, Config: config}.Run(t) // it is ready
//	agent := oombot.Agent{Bot: bot.URL, Node: "n1", State: t.TempDir()}.Run(t)
//	…
//	agent.Stop(t)
//	bot.Stop(t)
//	traces := oombot.Remembered(t, "", memory, "shop", "checkout-7c9…")
//
// What runs is killed at the end of its test, and its log told where that failed. Where nothing else is said, its port is a
// free one of loopback that the program itself takes and names in its log, so that two tests never fight for one.
//
// OOMBOT_BINARY names the program; without it, it is bin/oombot, which `make build` makes.
package oombot
