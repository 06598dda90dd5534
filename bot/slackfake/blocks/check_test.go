package blocks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot/slackfake/blocks"
)

type obj = map[string]any

type arr = []any

// x is a text of n characters, each of several bytes, since Slack counts characters.
func x(n int) string { return strings.Repeat("é", n) }

func plain(s string) obj  { return obj{"type": "plain_text", "text": s} }
func mrkdwn(s string) obj { return obj{"type": "mrkdwn", "text": s} }

func repeat(n int, item func(i int) any) arr {
	all := arr{}
	for i := range n {
		all = append(all, item(i))
	}
	return all
}

func section(s string) obj { return obj{"type": "section", "text": mrkdwn(s)} }

func button(id int) obj {
	return obj{"type": "button", "text": plain("ok"), "action_id": fmt.Sprint("a", id)}
}

func with(o obj, name string, v any) obj {
	o[name] = v
	return o
}

func check(t *testing.T, s blocks.Surface, all arr) []blocks.Fault {
	t.Helper()
	faults, err := blocks.Check(marshal(t, all), s)
	if err != nil {
		t.Fatal(err)
	}
	return faults
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLimits builds each block at its limit, where it passes, and one over it, where exactly one fault points to the place.
func TestLimits(t *testing.T) {
	actions := func(e ...any) obj { return obj{"type": "actions", "elements": e} }
	option := func(text, value int) obj { return obj{"text": plain(x(text)), "value": x(value)} }
	sel := func(o obj) obj {
		return actions(with(obj{"type": "static_select", "action_id": "s"}, "options", arr{o}))
	}
	feedback := func(n int) obj {
		f := obj{"text": plain(x(n)), "value": "up"}
		return obj{"type": "context_actions", "elements": arr{obj{"type": "feedback_buttons", "positive_button": f, "negative_button": obj{"text": plain("no"), "value": "no"}}}}
	}
	table := func(rows, columns int) obj {
		return obj{"type": "table", "rows": repeat(rows, func(int) any {
			return repeat(columns, func(int) any { return obj{"type": "raw_text", "text": "c"} })
		})}
	}
	tests := []struct {
		name    string
		limit   int
		block   func(n int) obj
		pointer string
	}{
		{"section text", 3000, func(n int) obj { return section(x(n)) }, "/blocks/0/text/text"},
		{"section fields", 10, func(n int) obj {
			return obj{"type": "section", "fields": repeat(n, func(int) any { return mrkdwn("f") })}
		}, "/blocks/0/fields"},
		{"section field", 2000, func(n int) obj { return obj{"type": "section", "fields": arr{mrkdwn(x(n))}} }, "/blocks/0/fields/0/text"},
		{"header", 150, func(n int) obj { return obj{"type": "header", "text": plain(x(n))} }, "/blocks/0/text/text"},
		{"context", 10, func(n int) obj {
			return obj{"type": "context", "elements": repeat(n, func(int) any { return mrkdwn("c") })}
		}, "/blocks/0/elements"},
		{"actions", 25, func(n int) obj { return actions(repeat(n, func(i int) any { return button(i) })...) }, "/blocks/0/elements"},
		{"context_actions", 5, func(n int) obj {
			return obj{"type": "context_actions", "elements": repeat(n, func(i int) any {
				return obj{"type": "icon_button", "icon": "trash", "text": plain("x"), "action_id": fmt.Sprint("a", i)}
			})}
		}, "/blocks/0/elements"},
		{"button text", 75, func(n int) obj { return actions(with(button(1), "text", plain(x(n)))) }, "/blocks/0/elements/0/text/text"},
		{"button value", 2000, func(n int) obj { return actions(with(button(1), "value", x(n))) }, "/blocks/0/elements/0/value"},
		{"button url", 3000, func(n int) obj { return actions(with(button(1), "url", "https://a/"+strings.Repeat("u", n-10))) }, "/blocks/0/elements/0/url"},
		{"action_id", 255, func(n int) obj { return actions(with(button(1), "action_id", x(n))) }, "/blocks/0/elements/0/action_id"},
		{"block_id", 255, func(n int) obj { return with(section("s"), "block_id", x(n)) }, "/blocks/0/block_id"},
		{"image alt_text", 2000, func(n int) obj { return obj{"type": "image", "image_url": "https://a/b.png", "alt_text": x(n)} }, "/blocks/0/alt_text"},
		{"markdown", 12000, func(n int) obj { return obj{"type": "markdown", "text": x(n)} }, "/blocks/0/text"},
		{"table rows", 100, func(n int) obj { return table(n, 2) }, "/blocks/0/rows"},
		{"table columns", 20, func(n int) obj { return table(1, n) }, "/blocks/0/rows/0"},
		{"option text", 75, func(n int) obj { return sel(option(n, 1)) }, "/blocks/0/elements/0/options/0/text/text"},
		{"option value", 150, func(n int) obj { return sel(option(1, n)) }, "/blocks/0/elements/0/options/0/value"},
		{"select options", 100, func(n int) obj {
			return actions(obj{"type": "static_select", "options": repeat(n, func(int) any { return option(1, 1) })})
		}, "/blocks/0/elements/0/options"},
		{"overflow options", 5, func(n int) obj {
			return actions(obj{"type": "overflow", "options": repeat(n, func(int) any { return option(1, 1) })})
		}, "/blocks/0/elements/0/options"},
		{"radio options", 10, func(n int) obj {
			return actions(obj{"type": "radio_buttons", "options": repeat(n, func(int) any { return option(1, 1) })})
		}, "/blocks/0/elements/0/options"},
		{"feedback text", 75, feedback, "/blocks/0/elements/0/positive_button/text/text"},
		{"input label", 2000, func(n int) obj {
			return obj{"type": "input", "label": plain(x(n)), "element": obj{"type": "plain_text_input"}}
		}, "/blocks/0/label/text"},
		{"placeholder", 150, func(n int) obj {
			return obj{"type": "input", "label": plain("l"), "element": obj{"type": "plain_text_input", "placeholder": plain(x(n))}}
		}, "/blocks/0/element/placeholder/text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if faults := check(t, blocks.Message, arr{tt.block(tt.limit)}); len(faults) > 0 {
				t.Errorf("at the limit of %d: %v", tt.limit, faults)
			}
			faults := check(t, blocks.Message, arr{tt.block(tt.limit + 1)})
			if len(faults) != 1 || faults[0].Pointer != tt.pointer {
				t.Errorf("over the limit of %d: %v; want one fault at %s", tt.limit, faults, tt.pointer)
			}
		})
	}
}

// TestCounts holds how many blocks a surface takes.
func TestCounts(t *testing.T) {
	for s, most := range map[blocks.Surface]int{blocks.Message: 50, blocks.Modal: 100, blocks.Home: 100} {
		of := func(n int) arr { return repeat(n, func(int) any { return obj{"type": "divider"} }) }
		if faults := check(t, s, of(most)); len(faults) > 0 {
			t.Errorf("surface %d with %d blocks: %v", s, most, faults)
		}
		want := []blocks.Fault{{Problem: fmt.Sprintf("no more than %d items allowed", most), Pointer: "/blocks"}}
		if diff := cmp.Diff(want, check(t, s, of(most+1))); diff != "" {
			t.Errorf("surface %d with %d blocks (-want +got):\n%s", s, most+1, diff)
		}
	}
}

// TestRefused names what is wrong in other ways than by its length.
func TestRefused(t *testing.T) {
	markdown := func(n int) obj { return obj{"type": "markdown", "text": x(n)} }
	table := obj{"type": "table", "rows": arr{arr{obj{"type": "raw_text", "text": "c"}}}}
	tests := []struct {
		name    string
		surface blocks.Surface
		blocks  arr
		want    string
	}{
		{"unknown type", blocks.Message, arr{obj{"type": "alert"}}, "unsupported type: alert [json-pointer:/blocks/0/type]"},
		{"no type", blocks.Message, arr{obj{}}, "missing required field: type [json-pointer:/blocks/0]"},
		{"no object", blocks.Message, arr{7}, "must be an object [json-pointer:/blocks/0]"},
		{"unknown field", blocks.Message, arr{with(section("s"), "color", "red")}, "invalid additional property: color [json-pointer:/blocks/0]"},
		{"empty text", blocks.Message, arr{section("")}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{"neither text nor fields", blocks.Message, arr{obj{"type": "section"}}, "must define either `text` or `fields` [json-pointer:/blocks/0]"},
		{"mrkdwn header", blocks.Message, arr{obj{"type": "header", "text": mrkdwn("h")}}, "must be one of: plain_text [json-pointer:/blocks/0/text/type]"},
		{"mrkdwn button", blocks.Message, arr{obj{"type": "actions", "elements": arr{with(button(1), "text", mrkdwn("b"))}}}, "must be one of: plain_text [json-pointer:/blocks/0/elements/0/text/type]"},
		{"emoji of mrkdwn", blocks.Message, arr{obj{"type": "section", "text": with(mrkdwn("m"), "emoji", true)}}, "invalid additional property: emoji [json-pointer:/blocks/0/text]"},
		{"image without alt_text", blocks.Message, arr{obj{"type": "image", "image_url": "https://a/b.png"}}, "missing required field: alt_text [json-pointer:/blocks/0]"},
		{"image of nothing", blocks.Message, arr{obj{"type": "image", "alt_text": "a"}}, "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]"},
		{"relative url", blocks.Message, arr{obj{"type": "image", "image_url": "b.png", "alt_text": "a"}}, "invalid url [json-pointer:/blocks/0/image_url]"},
		{"same block_id", blocks.Message, arr{with(section("a"), "block_id", "b"), with(section("b"), "block_id", "b")}, "`block_id` \"b\" already exists [json-pointer:/blocks/1/block_id]"},
		{"same action_id", blocks.Message, arr{obj{"type": "actions", "elements": arr{button(1), button(1)}}}, "`action_id` \"a1\" already exists in this block [json-pointer:/blocks/0/elements/1/action_id]"},
		{"element of another block", blocks.Message, arr{obj{"type": "context", "elements": arr{button(1)}}}, "unsupported type: button [json-pointer:/blocks/0/elements/0/type]"},
		{"style", blocks.Message, arr{obj{"type": "actions", "elements": arr{with(button(1), "style", "default")}}}, "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]"},
		{"no elements", blocks.Message, arr{obj{"type": "actions", "elements": arr{}}}, "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"},
		{"two tables", blocks.Message, arr{table, table}, "only one table allowed [json-pointer:/blocks/1]"},
		{"much markdown", blocks.Message, arr{markdown(6000), markdown(6001)}, "all markdown blocks together must be less than 12001 characters [json-pointer:/blocks/1/text]"},
		{"markdown in a modal", blocks.Modal, arr{markdown(1)}, "unsupported type: markdown [json-pointer:/blocks/0/type]"},
		{"feedback on Home", blocks.Home, arr{obj{"type": "context_actions", "elements": arr{}}}, "unsupported type: context_actions [json-pointer:/blocks/0/type]"},
		{"number for a string", blocks.Message, arr{with(section("s"), "block_id", 7)}, "must be a string [json-pointer:/blocks/0/block_id]"},
		{"string for a boolean", blocks.Message, arr{with(section("s"), "expand", "yes")}, "must be a boolean [json-pointer:/blocks/0/expand]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range check(t, tt.surface, tt.blocks) {
				got = append(got, f.String())
			}
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	for _, raw := range []string{``, `{`, `{}`, `null`, `"[]"`, `[] []`} {
		if _, err := blocks.Check([]byte(raw), blocks.Message); !errors.Is(err, blocks.ErrFormat) {
			t.Errorf("check %q: %v; want ErrFormat", raw, err)
		}
	}
	for _, raw := range []string{``, `[]`, `7`} {
		if _, err := blocks.CheckView([]byte(raw)); !errors.Is(err, blocks.ErrFormat) {
			t.Errorf("check view %q: %v; want ErrFormat", raw, err)
		}
	}
}

// TestRich passes what people and clients write as rich text.
func TestRich(t *testing.T) {
	text := obj{"type": "text", "text": "ran out", "style": obj{"bold": true}}
	good := obj{"type": "rich_text", "elements": arr{
		obj{"type": "rich_text_section", "elements": arr{
			text, obj{"type": "user", "user_id": "U1"}, obj{"type": "emoji", "name": "wave", "unicode": "1f44b"}, obj{"type": "link", "url": "https://a/b"},
		}},
		obj{"type": "rich_text_list", "style": "bullet", "elements": arr{obj{"type": "rich_text_section", "elements": arr{text}}}},
		obj{"type": "rich_text_preformatted", "elements": arr{obj{"type": "text", "text": "kubectl"}}},
	}}
	if faults := check(t, blocks.Message, arr{good}); len(faults) > 0 {
		t.Errorf("faults in what is well: %v", faults)
	}
	want := []string{"ran out<@U1>:wave:https://a/b", "- ran out", "kubectl"}
	if diff := cmp.Diff(want, blocks.Text(marshal(t, arr{good}))); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	bad := obj{"type": "rich_text", "elements": arr{obj{"type": "rich_text_preformatted", "elements": arr{obj{"type": "user", "user_id": "U1"}}}}}
	if faults := check(t, blocks.Message, arr{bad}); len(faults) != 1 {
		t.Errorf("faults %v; want one, since a user stands in preformatted text", faults)
	}
}
