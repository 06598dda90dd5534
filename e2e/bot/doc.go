// Package bot drives the built program as the bot: `oombot serve` against a stand-in for Slack, real Prometheus and
// Alertmanager, over kill -9 and a full disk.
package bot
