// Package alerts turns what alert sources say into bot.Alerts: the webhooks of Alertmanager, Grafana and PagerDuty, and
// the posts of alert bots in Slack. It serves the webhooks, and speaks to PagerDuty's API.
//
// It owns the payloads of those sources, the ways in which they name a pod, and the keys of its inbox items:
//
//	alertmanager/SHA256   one chunk of at most 100 alerts of a message: of the source, the group, the status, and the
//	                      id and state of each alert, so that the same message sent again is the same item, and one
//	                      that tells of another state is another; an alert that fires again with its old startsAt
//	                      counts how often
//	pagerduty/EVENT       the id of the event; the hash of the body where it has none
//
// It must not know the cluster, nor what becomes of an alert: the names that it finds are candidates, the likeliest
// first, until somebody looks them up. Everything it reads is written by strangers: it is bounded, cleaned and redacted
// here, and what can't be a name in Kubernetes is no candidate.
//
// PagerDuty is spoken to by github.com/PagerDuty/go-pagerduty: it adds two packages to the program and knows the odd
// shapes of PagerDuty's errors. What it lacks is done around it: answers are bounded, Retry-After is read, the ids that
// go into its paths are checked, and signatures are handed to it without the spaces that it can't read.
package alerts
