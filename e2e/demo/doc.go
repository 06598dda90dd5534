// Package demo drives the built program's `oombot demo --slack` in a real Chromium, as a newcomer does: a mention, a
// verdict, votes, a question. It skips where there is no Chromium. With OOMBOT_UPDATE set it writes the pictures of the
// README anew, into docs/images.
package demo
