package blocks

// Lengths that several kinds share.
const (
	maxID    = 255
	maxText  = 3000
	maxLabel = 75
)

var (
	actionID = text(1, maxID)
	blockID  = text(1, maxID)
	// SlackID stands for ids of users, channels and files, whose form Slack doesn't promise.
	slackID = text(1, maxID)
)

// plain is a check of a plain_text object of at most n characters.
func plain(n int) check {
	return object([]string{"type", "text"}, map[string]check{
		"type": oneOf("plain_text"), "text": text(1, n), "emoji": boolean,
	})
}

// mrkdwn is a check of a mrkdwn object of at most n characters.
func mrkdwn(n int) check {
	return object([]string{"type", "text"}, map[string]check{
		"type": oneOf("mrkdwn"), "text": text(1, n), "verbatim": boolean,
	})
}

// either is a check of a text object of either kind.
func either(n int) check {
	return typed(map[string]check{"plain_text": plain(n), "mrkdwn": mrkdwn(n)})
}

// option is a check of an option whose text passes label.
func option(label check) check {
	return object([]string{"text", "value"}, map[string]check{
		"text": label, "value": text(1, 150), "description": label,
	})
}

var (
	confirm = object([]string{"title", "text", "confirm", "deny"}, map[string]check{
		"title": plain(100), "text": either(300), "confirm": plain(30), "deny": plain(30), "style": oneOf("primary", "danger"),
	})
	plainOption  = option(plain(maxLabel))
	eitherOption = option(either(maxLabel))
	// An option of an overflow menu may lead somewhere.
	overflowOption = object([]string{"text", "value"}, map[string]check{
		"text": plain(maxLabel), "value": text(1, 150), "description": plain(maxLabel), "url": link,
	})
	optionGroup = object([]string{"label", "options"}, map[string]check{
		"label": plain(maxLabel), "options": list(1, 100, plainOption),
	})
	slackFile = all(object(nil, map[string]check{"id": slackID, "url": link}), exactlyOne("id", "url"))
	dispatch  = object(nil, map[string]check{
		"trigger_actions_on": list(1, 2, oneOf("on_enter_pressed", "on_character_entered")),
	})
	filter = object(nil, map[string]check{
		"include":                          list(1, 4, oneOf("im", "mpim", "private", "public")),
		"exclude_external_shared_channels": boolean, "exclude_bot_users": boolean,
	})
)

// exactlyOne is a check that an object has one of the two fields and not both.
func exactlyOne(a, b string) check {
	return eitherOr(a, b, func(hasA, hasB bool) bool { return hasA != hasB })
}

// atLeastOne is a check that an object has one of the two fields or both.
func atLeastOne(a, b string) check {
	return eitherOr(a, b, func(hasA, hasB bool) bool { return hasA || hasB })
}

func eitherOr(a, b string, holds func(hasA, hasB bool) bool) check {
	return func(c *checker, at string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		_, hasA := m[a]
		_, hasB := m[b]
		if !holds(hasA, hasB) {
			c.fault(at, "must define either `%s` or `%s`", a, b)
		}
	}
}
