package redact

import "strings"

// hooks are the addresses that let everybody in who knows their path.
var hooks = []string{
	"hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/", "discord.com/api/webhooks/",
	"discordapp.com/api/webhooks/", ".webhook.office.com/", "outlook.office.com/webhook/", "api.telegram.org/bot",
	"hooks.zapier.com/hooks/", "events.pagerduty.com/integration/", "maker.ifttt.com/trigger/", "chat.googleapis.com/v1/spaces/",
	"open.feishu.cn/open-apis/bot/", "hc-ping.com/", "api.opsgenie.com/v1/json/",
}

// hook marks the rest of the path of a secret address.
func (f *finder) hook(end int) {
	to := end
	for ; to < len(f.s) && f.s[to] > ' ' && strings.IndexByte("\"'`<>)}],;\\?", f.s[to]) < 0; to++ {
		f.spend(1)
	}
	if to-end >= 8 {
		f.add(end, to)
	}
}

// address marks the password before the host of an address whose :// ends at start.
func (f *finder) address(start int) {
	s := f.s
	at := f.lastAt(start)
	if at < 0 {
		f.cutAddress(start)
		return
	}
	user, password, ok := strings.Cut(s[start:at], ":")
	switch {
	case ok && password != "" && secret(strong, password):
		if len(user) >= 32 && strings.Trim(user, "0123456789abcdef") == "" { // both halves are keys
			f.add(start, at)
		}
		f.add(start+len(user)+1, at)
	case !ok && len(user) >= 16 && strings.ContainsAny(user, "0123456789"): // a token for a user
		f.add(start, at)
	}
}

// cutAddress marks the password of an address that was cut before its host: what follows a user's colon and is no port.
func (f *finder) cutAddress(start int) {
	s := f.s
	end := start
	for end < len(s) && s[end] > ' ' && strings.IndexByte("\"'`<>/", s[end]) < 0 && !cutSign(s[end:]) {
		end++
	}
	f.spend(end - start)
	if !cutSign(s[end:]) && strings.Trim(s[end:], "\"'\r") != "" {
		return
	}
	user, password, ok := strings.Cut(s[start:end], ":")
	switch {
	case ok && user != "sha256" && len(password) >= 6 && strings.ContainsAny(password, "0123456789") && strings.Trim(password, "0123456789") != "" &&
		!strings.ContainsAny(password, "?#&]),:{}[("):
		f.add(start+len(user)+1, end)
		fallthrough
	case !ok:
		if len(user) >= 16 && user == strings.Trim(user, "./") && strings.Trim(user, "0123456789abcdef") == "" && f.web(start) {
			f.add(start, start+len(user))
		}
	}
}

// web tells whether the address at start is one of the web, where no host is a long number.
func (f *finder) web(start int) bool {
	return strings.HasSuffix(f.s[:start], "http://") || strings.HasSuffix(f.s[:start], "https://")
}

// lastAt returns the @ before the host of the address at start, or -1. A password may have a slash in it,
// unescaped, but then an @ and a host with a port follow.
func (f *finder) lastAt(start int) int {
	s, at := f.s, -1
	for i := start; !f.hostile && i < len(s) && s[i] > ' ' && strings.IndexByte("\"'`<>", s[i]) < 0; i++ {
		f.spend(1)
		switch s[i] {
		case '@':
			at = i
		case '/', '?', '#':
			if at >= 0 || !f.hostBehind(s[i:]) {
				return at
			}
		}
	}
	return at
}

// hostBehind tells whether rest, which begins within an address, goes on as a password does: an @ that a host
// with a port follows, before the word ends.
func (f *finder) hostBehind(rest string) bool {
	if i := strings.IndexAny(rest, " \t\"'`<>"); i >= 0 {
		rest = rest[:i]
	}
	f.spend(len(rest))
	i := strings.LastIndexByte(rest, '@')
	if i < 0 {
		return false
	}
	host, _, _ := strings.Cut(rest[i+1:], "/")
	_, port, ok := strings.Cut(host, ":")
	return ok && len(port) >= 2 && len(port) <= 5 && strings.Trim(port, "0123456789") == ""
}

// oracle marks the password of jdbc:oracle:thin:user/password@host, whose hint ends at end.
func (f *finder) oracle(end int) {
	s := f.s
	from, to := end, end
	for ; to < len(s) && s[to] > ' ' && strings.IndexByte("@\"'`", s[to]) < 0; to++ {
		f.spend(1)
	}
	if to == len(s) || s[to] != '@' {
		return
	}
	if user, password, ok := strings.Cut(s[from:to], "/"); ok && secret(strong, password) {
		f.add(from+len(user)+1, to)
	}
}

// driver marks the password of user:password@tcp(host:3306)/db, whose @tcp( ends at end.
func (f *finder) driver(end int) {
	at := strings.LastIndexByte(f.s[:end], '@')
	from := at
	for ; from > 0 && f.s[from-1] > ' ' && strings.IndexByte("\"'`=", f.s[from-1]) < 0; from-- {
		f.spend(1)
	}
	if user, password, ok := strings.Cut(f.s[from:at], ":"); ok && secret(strong, password) {
		f.add(from+len(user)+1, at)
	}
}
