package blocks_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot/slackfake/blocks"
)

func modal() obj {
	return obj{"type": "modal", "title": plain("Why?"), "submit": plain("Send"), "blocks": arr{
		obj{"type": "input", "label": plain("Cause"), "element": obj{"type": "plain_text_input", "action_id": "note"}},
	}}
}

func viewFaults(t *testing.T, v obj) []string {
	t.Helper()
	faults, err := blocks.CheckView(marshal(t, v))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range faults {
		all = append(all, f.String())
	}
	return all
}

func TestViewLimits(t *testing.T) {
	tests := []struct {
		field string
		limit int
		value func(n int) any
		at    string
	}{
		{"title", 24, func(n int) any { return plain(x(n)) }, "/view/title/text"},
		{"submit", 24, func(n int) any { return plain(x(n)) }, "/view/submit/text"},
		{"close", 24, func(n int) any { return plain(x(n)) }, "/view/close/text"},
		{"private_metadata", 3000, func(n int) any { return x(n) }, "/view/private_metadata"},
		{"callback_id", 255, func(n int) any { return x(n) }, "/view/callback_id"},
		{"external_id", 255, func(n int) any { return x(n) }, "/view/external_id"},
	}
	for _, tt := range tests {
		if got := viewFaults(t, with(modal(), tt.field, tt.value(tt.limit))); len(got) > 0 {
			t.Errorf("%s of %d: %v", tt.field, tt.limit, got)
		}
		want := []string{fmt.Sprintf("must be less than %d characters [json-pointer:%s]", tt.limit+1, tt.at)}
		if diff := cmp.Diff(want, viewFaults(t, with(modal(), tt.field, tt.value(tt.limit+1)))); diff != "" {
			t.Errorf("%s of %d (-want +got):\n%s", tt.field, tt.limit+1, diff)
		}
	}
}

func TestViewRefused(t *testing.T) {
	noSubmit := modal()
	delete(noSubmit, "submit")
	noTitle := modal()
	delete(noTitle, "title")
	tests := []struct {
		name string
		view obj
		want []string
	}{
		{"a modal", modal(), nil},
		{"a Home tab", obj{"type": "home", "blocks": arr{section("hello")}}, nil},
		{"nothing to send an input with", noSubmit, []string{"missing required field: submit [json-pointer:/view]"}},
		{"no title", noTitle, []string{"missing required field: title [json-pointer:/view]"}},
		{"a title on Home", obj{"type": "home", "blocks": arr{}, "title": plain("t")}, []string{"invalid additional property: title [json-pointer:/view]"}},
		{"another type", obj{"type": "workflow_step"}, []string{"unsupported type: workflow_step [json-pointer:/view/type]"}},
		{"a fault in a block", with(modal(), "blocks", arr{section("")}), []string{"must be more than 0 characters [json-pointer:/view/blocks/0/text/text]"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, viewFaults(t, tt.view)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestFill holds what comes back: ids where none were given, and the defaults of text objects.
func TestFill(t *testing.T) {
	n := 0
	got, err := blocks.Fill(marshal(t, arr{
		section("a <b> & c"), obj{"type": "actions", "block_id": "mine", "elements": arr{obj{"type": "button", "text": plain("ok")}}},
	}), func() string { n++; return fmt.Sprint("id", n) })
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"block_id":"id1","text":{"text":"a <b> & c","type":"mrkdwn","verbatim":false},"type":"section"},` +
		`{"block_id":"mine","elements":[{"action_id":"id2","text":{"emoji":true,"text":"ok","type":"plain_text"},"type":"button"}],"type":"actions"}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("filled (-want +got):\n%s", diff)
	}
}

func TestLengthAndText(t *testing.T) {
	all := arr{
		obj{"type": "header", "text": plain("é")},
		with(section("two"), "accessory", obj{"type": "image", "image_url": "https://a/b.png", "alt_text": "chart"}),
		obj{"type": "divider"},
		obj{"type": "context", "elements": arr{mrkdwn("a"), mrkdwn("b")}},
		obj{"type": "actions", "elements": arr{
			with(button(1), "url", "https://a/"), obj{"type": "static_select", "options": arr{obj{"text": plain("one"), "value": "1"}}},
		}},
		obj{"type": "table", "rows": arr{arr{obj{"type": "raw_text", "text": "x"}, obj{"type": "raw_text", "text": "y"}}}},
		obj{"type": "image", "image_url": "https://a/b.png", "alt_text": "graph"},
		obj{"type": "markdown", "text": "**m**"},
	}
	if faults := check(t, blocks.Message, all); len(faults) > 0 {
		t.Fatal(faults)
	}
	raw := marshal(t, all)
	if got := blocks.Length(raw); got != 18 {
		t.Errorf("length %d; want 18 characters", got)
	}
	want := strings.Join([]string{
		"# é", "two", "(image: chart)", "----", "~ a | b", "[ok -> https://a/] [static_select: one]", "| x | y", "(image: graph)", "**m**",
	}, "\n")
	if diff := cmp.Diff(want, strings.Join(blocks.Text(raw), "\n")); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

// FuzzCheck holds that nothing panics, that what passes can be completed, and that what was completed still passes.
func FuzzCheck(f *testing.F) {
	for _, seed := range []any{
		arr{section("a")},
		arr{obj{"type": "actions", "elements": arr{button(1)}}},
		arr{obj{"type": "table", "rows": arr{arr{}}}},
		modal()["blocks"],
		arr{obj{"type": "rich_text", "elements": arr{obj{"type": "rich_text_section", "elements": arr{obj{"type": "text", "text": "t"}}}}}},
	} {
		b, err := json.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		faults, err := blocks.Check(raw, blocks.Message)
		blocks.Text(raw)
		if n := blocks.Length(raw); n < 0 || n > len(raw) {
			t.Errorf("length %d of %d bytes", n, len(raw))
		}
		if err != nil || len(faults) > 0 {
			return
		}
		n := 0
		filled, err := blocks.Fill(raw, func() string { n++; return fmt.Sprint("filled-", n) })
		if err != nil {
			t.Fatalf("complete what passed: %v", err)
		}
		if faults, err := blocks.Check(filled, blocks.Message); err != nil || len(faults) > 0 {
			t.Errorf("what was completed fails: %v %v", faults, err)
		}
	})
}
