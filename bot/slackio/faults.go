package slackio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
)

// Reasons that are not Slack's own words.
const (
	reasonNoToken    = "no_token"
	reasonTimeout    = "timeout"
	reasonUnreadable = "unreadable_answer"
	reasonUnreached  = "unreachable"
	reasonTooMany    = "too_many_messages"
)

var ticket = regexp.MustCompile(`(?i)\b(?:https?|wss?)://[^\s"]+`)

// faults sorts Slack's words. Those that stand in none are refusals.
var faults = map[string]bot.SlackFault{
	"ratelimited": bot.FaultBusy, "rate_limited": bot.FaultBusy, "message_limit_exceeded": bot.FaultBusy,

	"internal_error": bot.FaultDown, "fatal_error": bot.FaultDown, "service_unavailable": bot.FaultDown,
	"request_timeout": bot.FaultDown, "team_added_to_org": bot.FaultDown,

	"invalid_auth": bot.FaultToken, "token_revoked": bot.FaultToken, "token_expired": bot.FaultToken,
	"account_inactive": bot.FaultToken, "not_authed": bot.FaultToken, "not_allowed_token_type": bot.FaultToken,
	"app_uninstalled": bot.FaultToken,

	"missing_scope": bot.FaultScope, "no_permission": bot.FaultScope,

	"channel_not_found": bot.FaultChannel, "not_in_channel": bot.FaultChannel, "is_archived": bot.FaultChannel,
	"restricted_action": bot.FaultChannel, "restricted_action_read_only_channel": bot.FaultChannel,
	"restricted_action_thread_only_channel": bot.FaultChannel, "restricted_action_non_threadable_channel": bot.FaultChannel,
	"restricted_action_thread_locked": bot.FaultChannel, "is_inactive": bot.FaultChannel,
	"team_access_not_granted": bot.FaultChannel, "channel_is_archived": bot.FaultChannel,

	"message_not_found": bot.FaultMessage, "cant_update_message": bot.FaultMessage, "edit_window_closed": bot.FaultMessage,
	"thread_not_found": bot.FaultMessage, "cannot_reply_to_message": bot.FaultMessage, "bad_timestamp": bot.FaultMessage,
}

// sorted makes a *bot.SlackError of what the call of a method failed with, or returns ctx's own error. No secret, nor
// the URL that was called, gets into it.
func sorted(ctx context.Context, method string, err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if known, ok := errors.AsType[*bot.SlackError](err); ok {
		return known
	}
	e := &bot.SlackError{Method: method, Fault: bot.FaultRefused}
	classify(e, err)
	e.Reason, e.Needed = scrub(e.Reason, secrets), scrub(e.Needed, secrets)
	if text := e.Err.Error(); scrub(text, secrets) != text {
		e.Err = errors.New(scrub(text, secrets))
	}
	return e
}

// classify sets what an error says.
func classify(e *bot.SlackError, err error) {
	e.Err = bareError(err)
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		e.Err, e.Reason, e.Needed = answer, answer.Err, answer.Needed
		if f, ok := faults[answer.Err]; ok {
			e.Fault = f
		}
		return
	}
	if limit, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		e.Fault, e.Reason, e.After = bot.FaultBusy, "ratelimited", max(0, limit.RetryAfter)
		return
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		e.Reason = "http_" + strconv.Itoa(status.Code)
		switch {
		case status.Code == http.StatusTooManyRequests:
			e.Fault, e.Reason = bot.FaultBusy, "ratelimited"
		case status.Code >= 500 || status.Code == http.StatusRequestTimeout:
			e.Fault = bot.FaultDown
		}
		return
	}
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		// A Retry-After that the library can't read.
		e.Fault, e.Reason = bot.FaultBusy, "ratelimited"
		return
	}
	if network(err) {
		e.Fault, e.Reason = bot.FaultDown, reasonUnreached
		if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
			e.Reason = reasonTimeout
		}
		return
	}
	if unreadable(err) {
		e.Fault, e.Reason = bot.FaultDown, reasonUnreadable
		return
	}
	e.Reason = e.Err.Error()
}

func network(err error) bool {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok || errors.Is(err, net.ErrClosed)
}

// unreadable tells whether the answer was none of Slack's, as the page of a proxy, or was cut off.
func unreadable(err error) bool {
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return true
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// bareError leaves an error's cause without the URL that was called, which may hold a ticket.
func bareError(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// scrub takes tokens out of a text, and URLs: one to upload to or to connect to is a ticket.
func scrub(text string, secrets []string) string {
	text = ticket.ReplaceAllString(text, "[url]")
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	return text
}

// noToken is the error where a token can't be had.
func noToken(method string, err error) error {
	return &bot.SlackError{Fault: bot.FaultToken, Method: method, Reason: reasonNoToken, Err: err}
}

// retryIn is how long Slack asks to wait; 0 where it doesn't say.
func retryIn(err error) time.Duration {
	if e, ok := errors.AsType[*bot.SlackError](err); ok {
		return e.After
	}
	return 0
}
