// Package slackio is the bot's side of Slack: what it says there and what it hears. It owns the tokens' use, the
// sorting of errors, the acknowledgement of what comes in, and how an envelope becomes a bot.Event. It knows nothing of
// incidents: what an event means is the desk's matter, and so is when to try again.
//
// Client speaks the Web API. Socket hears by Socket Mode, HTTP by signed requests; both hand to an Intake, which writes
// each event to the inbox before it is acknowledged. Where the write fails there is no acknowledgement, and Slack sends
// again.
//
// Events are read from the JSON as it came, not from the library's types: one malformed block of somebody else's
// message makes the library refuse the whole message. What can't be read is left out.
//
// The keys of events in the inbox, by which what comes twice counts once:
//
//	slack/message/CHANNEL/TS                          a message, be it told of as message or as app_mention
//	slack/edited/CHANNEL/TS/EDIT_TS                   EDIT_TS being the ts of the event that tells of the edit
//	slack/deleted/CHANNEL/TS
//	slack/reaction/EVENT_ID
//	slack/press/CHANNEL/TS/ACTION/USER/ACTION_TS      for a press in a view its id stands for CHANNEL
//	slack/form/VIEW/USER/HASH
//	slack/command/HASH, slack/shortcut/HASH           HASH being the SHA-256 of the trigger_id
//	slack/home/EVENT_ID, slack/joined/EVENT_ID, slack/left/EVENT_ID
//
// A part that is missing is "-"; a key that would be too long for the inbox ends in the SHA-256 of its whole. Neither
// a trigger_id nor a response_url nor a token gets into an event, a log line or an error.
package slackio
