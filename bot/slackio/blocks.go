package slackio

import "strings"

// blocks reads Block Kit blocks.
func (r *reader) blocks(list []any, depth int) {
	if depth > maxDepth {
		return
	}
	for _, b := range list {
		if o := asObject(b); o != nil {
			r.block(o, depth)
		}
	}
}

func (r *reader) block(b object, depth int) {
	switch b.str("type") {
	case "section":
		r.add(r.textOf(b["text"]))
		for _, f := range b.list("fields") {
			r.add(r.joined(r.textOf(f)))
		}
		r.urls(b["accessory"], depth)
	case "header":
		r.add(r.textOf(b["text"]))
	case "context":
		var parts []string
		for _, e := range b.list("elements") {
			parts = append(parts, r.textOf(e))
		}
		r.add(strings.Join(parts, " "))
	case "rich_text":
		r.add(r.rich(b.list("elements"), depth))
	case "markdown":
		r.add(r.markdown(b.str("text")))
	case "table", "data_table":
		r.table(b, depth)
	case "image":
		r.add(r.textOf(b["title"]))
		r.add(r.entities(b.str("alt_text")))
	case "actions", "context_actions":
		// What a button is called tells nothing of the message.
		r.urls(b["elements"], depth)
	case "divider", "file", "input":
	default:
		r.unknown(b, depth+1)
	}
}

// textOf reads a text object, or a text that stands in place of one.
func (r *reader) textOf(v any) string {
	o := asObject(v)
	switch {
	case o == nil:
		return r.mrkdwn(scalar(v))
	case o.str("type") == "plain_text":
		return r.plain(cut(o.str("text"), maxRead))
	case o.str("type") == "image":
		return r.entities(o.str("alt_text"))
	}
	return r.mrkdwn(o.str("text"))
}

// joined puts a field of two lines, its title above its value, on one line.
func (r *reader) joined(s string) string {
	title, value, ok := strings.Cut(strings.TrimSpace(s), "\n")
	title, value = strings.TrimSpace(title), strings.TrimSpace(value)
	if !ok || strings.Contains(value, "\n") || title == "" || value == "" {
		return s
	}
	return strings.TrimSuffix(title, ":") + ": " + value
}

// rich returns the text of a rich text's parts: sections, lists, quotes, and what they are made of.
func (r *reader) rich(list []any, depth int) string {
	if depth > maxDepth {
		return ""
	}
	var b strings.Builder
	for _, v := range list {
		e := asObject(v)
		switch e.str("type") {
		case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
			b.WriteString(r.rich(e.list("elements"), depth+1))
			b.WriteByte('\n')
		case "rich_text_list":
			for _, item := range e.list("elements") {
				b.WriteString("• " + r.rich([]any{item}, depth+1))
			}
		default:
			b.WriteString(r.leaf(e))
		}
	}
	return b.String()
}

// leaf returns the text of a rich text's smallest part.
func (r *reader) leaf(e object) string {
	switch e.str("type") {
	case "user":
		return r.user(e.str("user_id"), "")
	case "channel":
		return "#" + e.str("channel_id")
	case "usergroup":
		return "@" + e.str("usergroup_id")
	case "broadcast":
		return "@" + e.str("range")
	case "emoji":
		return ":" + e.str("name") + ":"
	case "link":
		target := r.entities(e.str("url"))
		r.links.add(target)
		if label := r.entities(e.str("text")); label != "" {
			return label
		}
		return target
	case "date":
		return e.first("fallback", "timestamp")
	}
	return r.plain(cut(e.str("text"), maxRead))
}

// table reads a table, a row a line.
func (r *reader) table(b object, depth int) {
	for _, row := range b.list("rows") {
		cells, ok := row.([]any)
		if !ok {
			cells = asObject(row).list("cells")
		}
		var line []string
		for _, c := range cells {
			o := asObject(c)
			s := r.rich(o.list("elements"), depth)
			if s == "" {
				s = r.plain(cut(o.first("text", "value"), maxRead))
			}
			line = append(line, strings.Join(strings.Fields(s), " "))
		}
		r.add(strings.Join(line, " | "))
	}
}

// unknown reads a block whose type isn't known: whatever is called a text in it.
func (r *reader) unknown(v any, depth int) {
	if depth > maxDepth {
		return
	}
	if list, ok := v.([]any); ok {
		for _, e := range list {
			r.unknown(e, depth+1)
		}
		return
	}
	o := asObject(v)
	for _, key := range o.sorted() {
		switch key {
		case "text", "title", "subtitle", "body", "description", "label", "fallback", "alt_text":
			if s := scalar(o[key]); s != "" {
				r.add(r.mrkdwn(s))
				continue
			}
		case "url", "title_link":
			r.links.add(r.entities(o.str(key)))
		}
		r.unknown(o[key], depth+1)
	}
}

// urls takes note of the URLs of buttons and menus.
func (r *reader) urls(v any, depth int) {
	if depth > maxDepth {
		return
	}
	if list, ok := v.([]any); ok {
		for _, e := range list {
			r.urls(e, depth+1)
		}
		return
	}
	o := asObject(v)
	if o == nil {
		return
	}
	r.links.add(r.entities(o.str("url")))
	for _, key := range []string{"options", "elements"} {
		r.urls(o[key], depth+1)
	}
}
