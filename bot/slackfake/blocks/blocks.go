package blocks

import (
	"fmt"
	"unicode/utf8"
)

// Surface is where blocks are shown.
type Surface int

// The surfaces.
const (
	Message Surface = iota
	Modal
	Home
)

// most is how many blocks a surface takes.
func (s Surface) most() int {
	if s == Message {
		return 50
	}
	return 100
}

// maxMarkdown is the length of all markdown blocks of one payload together.
const maxMarkdown = 12000

// layout adds what every block may have.
func layout(required []string, own map[string]check) check {
	return object(append([]string{"type"}, required...), with(kind, map[string]check{"block_id": blockID}, own))
}

// shared are the blocks of every surface.
var shared = map[string]check{
	"divider": layout(nil, nil),
	"header":  layout([]string{"text"}, map[string]check{"text": plain(150), "level": integer(1, 4)}),
	"section": all(layout(nil, map[string]check{
		"text": either(maxText), "fields": list(1, 10, either(2000)), "accessory": typed(accessories), "expand": boolean,
	}), atLeastOne("text", "fields")),
	"context": layout([]string{"elements"}, map[string]check{
		"elements": list(1, 10, typed(map[string]check{"plain_text": plain(maxText), "mrkdwn": mrkdwn(maxText), "image": image})),
	}),
	"actions": all(layout([]string{"elements"}, map[string]check{"elements": list(1, 25, typed(actions))}), uniqueActions),
	"image": all(layout([]string{"alt_text"}, map[string]check{
		"image_url": link, "alt_text": text(1, 2000), "title": plain(2000), "slack_file": slackFile,
	}), exactlyOne("image_url", "slack_file")),
	"input": layout([]string{"label", "element"}, map[string]check{
		"label": plain(2000), "element": typed(inputs), "dispatch_action": boolean, "hint": plain(2000), "optional": boolean,
	}),
	"rich_text": richText,
	"video": layout([]string{"alt_text", "title", "thumbnail_url", "video_url"}, map[string]check{
		"alt_text": text(1, 2000), "author_name": text(1, 50), "description": plain(200), "provider_icon_url": link,
		"provider_name": text(1, maxID), "title": plain(200), "title_url": link, "thumbnail_url": link, "video_url": link,
	}),
}

// message are the blocks of messages alone.
var message = with(shared, map[string]check{
	"markdown": all(layout([]string{"text"}, map[string]check{"text": text(1, maxMarkdown)}), countMarkdown),
	"context_actions": all(layout([]string{"elements"}, map[string]check{
		"elements": list(1, 5, typed(contextActions)),
	}), uniqueActions),
	"table": all(layout([]string{"rows"}, map[string]check{
		"rows": list(1, 100, list(1, 20, typed(map[string]check{
			"raw_text":   object([]string{"type", "text"}, with(kind, map[string]check{"text": text(1, maxText)})),
			"raw_number": object([]string{"type", "value"}, with(kind, map[string]check{"value": anything, "text": text(1, maxText)})),
			"rich_text":  richText,
		}))),
		"column_settings": list(0, 20, column),
	}), countTables),
})

func countMarkdown(c *checker, at string, v any) {
	m, _ := v.(map[string]any)
	s, _ := m["text"].(string)
	n := utf8.RuneCountInString(s)
	c.markdown += n
	if c.markdown > maxMarkdown && n <= maxMarkdown {
		c.fault(at+"/text", "all markdown blocks together must be less than %d characters", maxMarkdown+1)
	}
}

func countTables(c *checker, at string, _ any) {
	if c.tables++; c.tables > 1 {
		c.fault(at, "only one table allowed")
	}
}

// column settings of a table may be null, for a column that has none.
func column(c *checker, at string, v any) {
	if v == nil {
		return
	}
	object(nil, map[string]check{"align": oneOf("left", "center", "right"), "is_wrapped": boolean})(c, at, v)
}

// uniqueActions is a check that no two elements of a block have one action_id.
func uniqueActions(c *checker, at string, v any) {
	m, _ := v.(map[string]any)
	elements, _ := m["elements"].([]any)
	seen := map[string]bool{}
	for i, e := range elements {
		e, _ := e.(map[string]any)
		id, _ := e["action_id"].(string)
		if id == "" {
			continue
		}
		if seen[id] {
			c.fault(fmt.Sprintf("%s/elements/%d/action_id", at, i), "`action_id` %q already exists in this block", id)
		}
		seen[id] = true
	}
}

// uniqueBlocks is a check that no two blocks have one block_id.
func uniqueBlocks(c *checker, at string, v any) {
	a, _ := v.([]any)
	seen := map[string]bool{}
	for i, b := range a {
		b, _ := b.(map[string]any)
		id, _ := b["block_id"].(string)
		if id == "" {
			continue
		}
		if seen[id] {
			c.fault(fmt.Sprintf("%s/%d/block_id", at, i), "`block_id` %q already exists", id)
		}
		seen[id] = true
	}
}

// array is a check of the blocks of a surface.
func array(s Surface) check {
	kinds := shared
	if s == Message {
		kinds = message
	}
	return all(list(0, s.most(), typed(kinds)), uniqueBlocks)
}

// Check returns what Slack would refuse in the JSON array of blocks, none where all is well. The error is
// ErrFormat, where the bytes are no JSON array.
func Check(raw []byte, s Surface) ([]Fault, error) {
	v, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if _, ok := v.([]any); !ok {
		return nil, fmt.Errorf("%w: no JSON array", ErrFormat)
	}
	c := &checker{}
	array(s)(c, "/blocks", v)
	return c.faults, nil
}
