// Package deploy holds what a cluster and a Slack workspace need to run oombot, and the tests that roles and scopes grant
// what is asked for and nothing else. It has no code of its own.
package deploy
