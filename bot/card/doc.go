// Package card draws what the bot shows: the card of an incident, answers, lists, refusals, the feedback dialog, the
// home, the note for PagerDuty and the files of a verdict. It turns values into Slack's blocks and decides nothing else:
// it does no I/O, keeps no state, and the same values give the same blocks.
//
// Two things hold whatever it is given. What comes from outside (names, titles, log lines, a model's sentences) has
// passed redaction and is escaped: it neither mentions anybody, nor formats, nor links, nor ends a code block. And every
// message is within Slack's limits, which are checked nowhere else; where something is left out, the message says so.
//
//	escape.go     text from outside as mrkdwn, plain text, code and links
//	board.go      blocks within the limits
//	card.go       the one message of a thread, by the incident's state
//	verdict.go    what a verdict says
//	around.go     what stands around it: workloads, alerts, links, votes
//	buttons.go    what can be pressed
//	messages.go   short messages: help, answers, refusals
//	plain.go      one sentence
//	lists.go      history, similar incidents, evidence, the raw verdict
//	dialog.go     the dialog of a thumbs-down
//	home.go       the bot's home
//	note.go       the note for PagerDuty
//	files.go      the files of a verdict
package card
