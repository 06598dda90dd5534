// Package slackfake stands in for Slack: its Web API, Socket Mode and signed HTTP deliveries, a workspace with
// people, channels, threads and files in memory, people who act in it, and a local web page that shows it.
// Tests drive a bot against it, and a newcomer tries a bot without a workspace.
//
// It knows nothing of oombot and of any Slack client. It is strict where Slack is: blocks are judged by package
// slackfake/blocks, methods fail with Slack's own error strings, an event that isn't acknowledged in time comes again, a
// trigger lives three seconds. Where it is kinder than Slack: a delivery that finds no connection waits for one
// instead of being tried and lost.
//
// What goes wrong in a bad night is asked for by Fault, SetDown, Revoke, Disconnect and the knobs in Options. What
// happened is read from Thread, Dump, Calls, Posts and Deliveries; Wait waits for a state without sleeping.
package slackfake
