// Package agents takes the reports of node agents: POST /v1/kernel-reports, whose body is an investigations.NodeReport as
// JSON, gzipped or not. What a report tells is written to the ledger of package memory/nodes, and each kill in it becomes a
// bot.Alert in the inbox; only then it is answered with 202.
//
// It owns the trust in agents: who may report, and for which node. In a cluster an agent shows the token of its service
// account, which the API server reviews; elsewhere a shared token. It owns the keys of its inbox items as well:
//
//	agent/SHA256   one chunk of at most 100 alerts of a message, by what tells each kill apart from all others: the
//	               node, its boot, the moment and the pid. The same kills told again are the same item.
//
// It must not know the cluster, nor what becomes of an alert. Everything it reads was written on a node, where whoever may
// name a process writes with: it is bounded, cleaned and redacted here, and what can't be a name in Kubernetes is none.
package agents
