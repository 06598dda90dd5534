// Package deploy holds what a cluster needs to run oombot, and the test that its roles grant what the sources ask for
// and nothing else. It has no code of its own.
package deploy
