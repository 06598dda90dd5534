// Package slack drives the stand-in for Slack with Slack's own clients for Node.js, so that it is faithful to more
// than the client that oombot uses. client.mjs is a small bot of theirs; its versions are pinned in package.json.
//
// The test needs node 20 and a package registry that npm can reach; it skips, with the reason, where one is missing.
package slack
