// Package desk is the engine of the bot: it takes events from the inbox, makes incidents of alerts and questions, has
// them investigated, and keeps what their threads show in step with what is known.
//
// One cause is one incident, and one incident one thread. An alert joins the open incident of its workload at once; one
// of another workload on the same node, or of a new pod of a workload that was judged already, is told of in the thread
// that is there and investigated by itself: its own verdict says whether it belongs there, or gets a thread of its own
// (fold.go). Nothing is dropped: what joins is counted and listed, and can be investigated anyway. A kill that a node
// agent saw is an alert as well, with a pod and a moment that are certain, and without an end (kill.go).
//
// What it knows is on the shelf (investigations.Shelf) before an event counts as dealt with, under these kinds:
//
//	bot.incident  an incident, by its id
//	bot.alert     the incident of an alert, by the alert's source and id
//	bot.post      a message or file that is still to be posted, by its natural key
//	bot.vote      how a person's vote came about, by incident and person
//	bot.mute      a channel and a workload of which nothing is said until some time
//
// What it posts is marked in the work log before and after, under the key that Slack keeps beside the message: after a
// crash between the two, the message is looked up before it is posted again. Edits are not marked, since a card that is
// edited twice is the same.
//
// It draws nothing (package card), speaks no protocol (slackio, alerts), and judges no evidence.
package desk
