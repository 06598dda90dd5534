package card

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
)

// texts are all text objects of blocks, by where they stand.
func texts(v any, path string, visit func(path, kind, text string)) {
	switch v := v.(type) {
	case map[string]any:
		kind, _ := v["type"].(string)
		if text, ok := v["text"].(string); ok {
			visit(path, kind, text)
		}
		for name, inner := range v {
			texts(inner, path+"/"+name, visit)
		}
	case []any:
		for i, inner := range v {
			texts(inner, fmt.Sprintf("%s/%d", path, i), visit)
		}
	}
}

// ours is what the package itself writes in angle brackets: links, and people and channels by ids.
var ours = regexp.MustCompile("<https?://[^<>|\\s`]+\\|[^<>|`*_~]+>|<@[UW][A-Z0-9]{2,20}>|<#[CGD][A-Z0-9]{2,20}>")

// faults returns what Slack would refuse of blocks, or understand in another way than it is meant.
func faults(t *testing.T, blocks []slack.Block, most int) []string {
	t.Helper()
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	var wrong []string
	fault := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(all) == 0 || len(all) >= most {
		fault("%d blocks", len(all))
	}
	sum, ids := 0, map[string]bool{}
	for i, b := range all {
		if id, ok := b["block_id"].(string); ok {
			if ids[id] || len(id) > 255 {
				fault("block_id %q again, or too long", id)
			}
			ids[id] = true
		}
		elements, _ := b["elements"].([]any)
		limit := map[string]int{"context": 10, "actions": 25}[b["type"].(string)]
		if limit > 0 && (len(elements) == 0 || len(elements) > limit) {
			fault("block %d: %d elements", i, len(elements))
		}
		for _, e := range elements {
			if value, ok := e.(map[string]any)["value"].(string); ok && utf8.RuneCountInString(value) > 2000 {
				fault("block %d: a value is too long", i)
			}
		}
		texts(b, fmt.Sprint(i), func(path, kind, text string) {
			sum += utf8.RuneCountInString(text)
			for _, w := range textFaults(kind, b["type"].(string), text) {
				fault("%s: %s: %q", path, w, text)
			}
		})
	}
	if sum > 9000 {
		fault("%d characters in all", sum)
	}
	return wrong
}

var codeSpan = regexp.MustCompile("(?s)```\n.*?\n```|`[^`\n]+`")

// textFaults returns what is wrong with one text.
func textFaults(kind, block, text string) []string {
	var wrong []string
	limit := 2900
	switch block {
	case "header":
		limit = 150
	case "actions":
		limit = 75
	}
	if n := utf8.RuneCountInString(text); n == 0 || n > limit {
		wrong = append(wrong, fmt.Sprintf("%d characters", n))
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
	}) {
		wrong = append(wrong, "characters that nobody can see")
	}
	if kind != "mrkdwn" {
		if strings.ContainsAny(text, "<>") {
			wrong = append(wrong, "angle brackets")
		}
		return wrong
	}
	rest := ours.ReplaceAllString(text, "")
	if strings.ContainsAny(rest, "<>") {
		wrong = append(wrong, "something in angle brackets that is not ours")
	}
	if strings.Contains(regexp.MustCompile(`&(amp|lt|gt);`).ReplaceAllString(rest, ""), "&") && !strings.Contains(text, "http") {
		wrong = append(wrong, "an ampersand that is not escaped")
	}
	outside := codeSpan.ReplaceAllString(rest, "")
	if strings.ContainsAny(outside, "`_~") {
		wrong = append(wrong, "formatting that is not ours")
	}
	if strings.Count(outside, "*")%2 != 0 || strings.Contains(outside, "@") || strings.Contains(outside, "#") {
		wrong = append(wrong, "a star, @ or # that is not in code")
	}
	return wrong
}

// check fails where a message is not fit for Slack.
func check(t *testing.T, m bot.Message) {
	t.Helper()
	for _, w := range faults(t, m.Blocks, 50) {
		t.Error(w)
	}
	for _, w := range textFaults("mrkdwn", "text", m.Text) {
		t.Errorf("the text for notifications: %s: %q", w, m.Text)
	}
}

// shown is all that a reader sees of a message.
func shown(t *testing.T, m bot.Message) string {
	t.Helper()
	raw, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, block := range all {
		texts(block, "", func(_, _, text string) { b.WriteString(text + "\n") })
	}
	return b.String()
}

// actionsOf are the ids of all buttons, each of which carries the incident's id and nothing else.
func actionsOf(t *testing.T, m bot.Message, id string) []string {
	t.Helper()
	var out []string
	for _, b := range m.Blocks {
		row, ok := b.(*slack.ActionBlock)
		if !ok {
			continue
		}
		for _, e := range row.Elements.ElementSet {
			button, ok := e.(*slack.ButtonBlockElement)
			if !ok || button.Value != id || button.URL != "" || button.Style != "" {
				t.Errorf("the element %+v is no neutral button with the incident's id", e)
				continue
			}
			out = append(out, button.ActionID)
		}
	}
	return out
}

// TestFaultsFindsFaults holds the check itself.
func TestFaultsFindsFaults(t *testing.T) {
	section := func(text string) slack.Block { return slack.NewSectionBlock(mrkdwn(text), nil, nil) }
	for _, text := range []string{
		"", "<!channel>", "<@everyone>", "a < b", "<javascript:alert(1)|x>", "R&D", "`a", "a_b", "* a", "@here", "a\x1b[31mb", "a\u202eb", strings.Repeat("x", 2901), "```\na\n``` `",
	} {
		if len(faults(t, []slack.Block{section(text)}, 50)) == 0 {
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{"*Cause* `a_b` &lt;", "<https://a.example/b|c> <@U123>", "```\na `b_c\n```", "`@here`"} {
		if got := faults(t, []slack.Block{section(text)}, 50); len(got) != 0 {
			t.Errorf("%q has faults %v", text, got)
		}
	}
	same := slack.NewSectionBlock(mrkdwn("a"), nil, nil, slack.SectionBlockOptionBlockID("a"))
	if len(faults(t, []slack.Block{same, same}, 50)) == 0 {
		t.Error("one id twice passes")
	}
	if len(faults(t, []slack.Block{section(strings.Repeat("x", 2900)), section(strings.Repeat("x", 2900)), section(strings.Repeat("x", 2900)), section(strings.Repeat("x", 2900))}, 50)) == 0 {
		t.Error("11,600 characters pass")
	}
}
