package blocks

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Text returns blocks as lines that a person can compare: one or more lines a block, controls in brackets. It is
// for transcripts, and shows what is there, not how Slack draws it.
func Text(raw []byte) []string {
	v, err := decode(raw)
	if err != nil {
		return []string{"(no blocks: " + err.Error() + ")"}
	}
	a, _ := v.([]any)
	var lines []string
	for _, b := range a {
		m, ok := b.(map[string]any)
		if !ok {
			lines = append(lines, "(no block)")
			continue
		}
		lines = append(lines, blockLines(m)...)
	}
	return lines
}

func blockLines(m map[string]any) []string {
	var lines []string
	add := func(prefix, text string) {
		if text != "" {
			lines = append(lines, strings.Split(prefix+text, "\n")...)
		}
	}
	switch kind := str(m["type"]); kind {
	case "divider":
		add("", "----")
	case "header":
		add("# ", inner(m["text"]))
	case "section":
		add("", inner(m["text"]))
		for _, f := range items(m["fields"]) {
			add("- ", inner(f))
		}
		add("", control(m["accessory"]))
	case "context":
		add("~ ", joined(m["elements"], " | "))
	case "actions", "context_actions":
		add("", joined(m["elements"], " "))
	case "image":
		add("", fmt.Sprintf("(image: %s)", str(m["alt_text"])))
	case "markdown":
		add("", str(m["text"]))
	case "input":
		add("", inner(m["label"])+": "+control(m["element"]))
	case "table":
		for _, r := range items(m["rows"]) {
			add("| ", joined(r, " | "))
		}
	case "rich_text":
		add("", rich(m))
	default:
		add("", "("+kind+")")
	}
	return lines
}

func str(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	s, _ := v.(string)
	return s
}

func items(v any) []any {
	a, _ := v.([]any)
	return a
}

// inner is the text of a text object.
func inner(v any) string {
	m, _ := v.(map[string]any)
	return str(m["text"])
}

func joined(v any, between string) string {
	var all []string
	for _, e := range items(v) {
		all = append(all, control(e))
	}
	return strings.Join(all, between)
}

// control is an element, or whatever else stands in a list of them.
func control(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	switch kind := str(m["type"]); kind {
	case "plain_text", "mrkdwn", "raw_text":
		return str(m["text"])
	case "raw_number":
		return str(m["value"])
	case "rich_text":
		return rich(m)
	case "button", "icon_button":
		text := "[" + inner(m["text"])
		if u := str(m["url"]); u != "" {
			text += " -> " + u
		}
		return text + "]"
	case "feedback_buttons":
		p, _ := m["positive_button"].(map[string]any)
		n, _ := m["negative_button"].(map[string]any)
		return "[" + inner(p["text"]) + "] [" + inner(n["text"]) + "]"
	case "image":
		return "(image: " + str(m["alt_text"]) + ")"
	default:
		var options []string
		for _, o := range items(m["options"]) {
			o, _ := o.(map[string]any)
			options = append(options, inner(o["text"]))
		}
		return strings.TrimSuffix("["+kind+": "+strings.Join(options, " / "), ": ") + "]"
	}
}

// rich is the text of a rich_text block.
func rich(m map[string]any) string {
	var parts []string
	for _, section := range items(m["elements"]) {
		s, _ := section.(map[string]any)
		if str(s["type"]) == "rich_text_list" {
			for _, item := range items(s["elements"]) {
				item, _ := item.(map[string]any)
				parts = append(parts, "- "+richRun(item))
			}
			continue
		}
		parts = append(parts, richRun(s))
	}
	return strings.Join(parts, "\n")
}

func richRun(section map[string]any) string {
	var b strings.Builder
	for _, part := range items(section["elements"]) {
		p, _ := part.(map[string]any)
		switch str(p["type"]) {
		case "text":
			b.WriteString(str(p["text"]))
		case "link":
			text := str(p["text"])
			if text == "" {
				text = str(p["url"])
			}
			b.WriteString(text)
		case "emoji":
			b.WriteString(":" + str(p["name"]) + ":")
		case "user":
			b.WriteString("<@" + str(p["user_id"]) + ">")
		case "channel":
			b.WriteString("<#" + str(p["channel_id"]) + ">")
		case "usergroup":
			b.WriteString("<!subteam^" + str(p["usergroup_id"]) + ">")
		case "broadcast":
			b.WriteString("@" + str(p["range"]))
		}
	}
	return b.String()
}
