// Package bot holds the words that the parts of the chat bot share: what comes in, what is known of an incident's
// thread, what is posted, and the small interfaces between them. It does nothing by itself.
//
// The way of an event: slackio and alerts turn what Slack, PagerDuty and Alertmanager send into Events and write them
// to the inbox before they acknowledge; desk takes them from there, makes incidents of them, has them investigated,
// and sees to it that each incident's thread shows what is known, with cards that package card draws.
//
//	bot/slackio    Slack: Web API, Socket Mode, signed HTTP
//	bot/alerts     PagerDuty, Alertmanager, Grafana: webhooks, and the posts of alert bots
//	bot/desk       one incident a cause, one thread an incident
//	bot/card       what a thread shows
//	bot/chart      memory against its limit, as a picture
//	bot/slackfake  a stand-in for Slack, for tests and the demo
//
// Every text of an Event has passed redaction; none has been escaped for Slack: that is done where it is drawn.
package bot
