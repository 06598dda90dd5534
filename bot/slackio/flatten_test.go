package slackio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/redact/redacttest"
)

// read returns what a reader sees of a message.
func read(t testing.TB, message string) (text string, found []string, mentioned bool) {
	t.Helper()
	r := reader{self: me}
	r.message(mustObject(t, message))
	return r.text(), r.links.list, r.mentioned
}

// quoted is a text as JSON.
func quoted(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(data)
}

// sent is a text as Slack sends it.
func sent(s string) string {
	return quoted(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s))
}

func TestMarkup(t *testing.T) {
	tests := []struct {
		in, want string
		links    []string
	}{
		{"plain", "plain", nil},
		{"a &lt;b&gt; &amp;amp; c", "a <b> &amp; c", nil},
		{"<@U0ME> investigate shop/checkout", "investigate shop/checkout", nil},
		{"  <@U0ME|oombot>:  help", "help", nil},
		{"<@U0ME> <@U0ME> help", "help", nil},
		{"ask <@U0ME> please", "ask @U0ME please", nil},
		{"<@U0MEXX> is somebody else", "@U0MEXX is somebody else", nil},
		{"by <@U1> and <@U2|jane>", "by @U1 and @jane", nil},
		{"in <#C1|ops> and <#C2> and <#C3|>", "in #ops and #C2 and #C3", nil},
		{"<!here> <!channel> <!subteam^S1|@sre> <!subteam^S2>", "@here @channel @sre @S2", nil},
		{"<!date^1700000000^{date}|14 Nov>", "14 Nov", nil},
		{"<https://x.example/a?b=1&amp;c=2|the runbook>", "the runbook", []string{"https://x.example/a?b=1&c=2"}},
		{"<https://x.example>", "https://x.example", []string{"https://x.example"}},
		{"see https://x.example/a). And (https://y.example/(z))!", "see https://x.example/a). And (https://y.example/(z))!", []string{"https://x.example/a", "https://y.example/(z)"}},
		{"<mailto:a@b.example|a@b.example> <javascript:alert(1)|x>", "a@b.example x", nil},
		{"<https://user:pass@x.example/p>", "https://user:[redacted]@x.example/p", []string{"https://x.example/p"}},
		{"*Namespace:* `shop` *Pod:* `checkout-1`", "Namespace: shop Pod: checkout-1", nil},
		{"mute pay-* and *-canary and a*b*c", "mute pay-* and *-canary and a*b*c", nil},
		{"```\nkubectl get pods\n```", "kubectl get pods", nil},
		{"keep_the_underscores _and_ 5 < 6", "keep_the_underscores _and_ 5 < 6", nil},
		{"never closed <@U1", "never closed <@U1", nil},
		{"empty <> <|x>", "empty <> <|x>", nil},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			text, found, _ := read(t, `{"text":`+quoted(tt.in)+`}`)
			if text != tt.want {
				t.Errorf("got  %q\nwant %q", text, tt.want)
			}
			if diff := cmp.Diff(tt.links, found); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBlocks(t *testing.T) {
	tests := []struct {
		name, blocks, want string
		links              []string
	}{
		{"a section with fields and a button", `{"type":"section","text":{"type":"mrkdwn","text":"*OOM* in <https://x.example|shop>"},"fields":[{"type":"mrkdwn","text":"*Namespace*\nshop"},{"type":"mrkdwn","text":"Pod: a"}],"accessory":{"type":"button","text":{"text":"Go"},"url":"https://y.example"}}`, "OOM in shop\nNamespace: shop\nPod: a", []string{"https://x.example", "https://y.example"}},
		{"a header is plain", `{"type":"header","text":{"type":"plain_text","text":"a &amp; <b>"}}`, "a & <b>", nil},
		{"a context", `{"type":"context","elements":[{"type":"mrkdwn","text":"from"},{"type":"image","alt_text":"logo"},{"type":"plain_text","text":"Grafana"}]}`, "from logo Grafana", nil},
		{"buttons only count for their links", `{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Resolve"},"url":"https://y.example"},{"type":"overflow","options":[{"url":"https://z.example"}]}]}`, "", []string{"https://y.example", "https://z.example"}},
		{"markdown", `{"type":"markdown","text":"**bold** [the page](https://x.example/p) and <https://y.example>"}`, "bold the page and https://y.example", []string{"https://x.example/p", "https://y.example"}},
		{"rich text", `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"see "},{"type":"link","url":"https://x.example?a=1&amp;b=2","text":"this"},{"type":"text","text":" "},{"type":"user","user_id":"U1"},{"type":"emoji","name":"fire"},{"type":"channel","channel_id":"C1"},{"type":"broadcast","range":"here"},{"type":"usergroup","usergroup_id":"S1"}]},{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"two"}]}]},{"type":"rich_text_preformatted","elements":[{"type":"text","text":"code &lt;x&gt;"}]}]}`, "see this @U1:fire:#C1@here@S1\n• one\n• two\ncode <x>", []string{"https://x.example?a=1&b=2"}},
		{"a table", `{"type":"table","rows":[[{"type":"raw_text","text":"pod"},{"type":"raw_number","value":3}],[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"api-1"}]}]}]]}`, "pod | 3\napi-1", nil},
		{"a picture", `{"type":"image","title":{"type":"plain_text","text":"Memory"},"image_url":"https://x.example/i.png","alt_text":"memory of api"}`, "Memory\nmemory of api", nil},
		{"a block that nobody knows", `{"type":"alert2030","severity":"high","body":{"text":"deep text"},"items":[{"title":"a title","url":"https://x.example"}]}`, "deep text\na title", []string{"https://x.example"}},
		{"a malformed section", `{"type":"section","text":"a text in place of an object","fields":"none"}`, "a text in place of an object", nil},
		{"no blocks at all", `"x",null,3,[]`, "", nil},
		{"nothing to read", `{"type":"divider"},{"type":"file"}`, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, found, _ := read(t, `{"blocks":[`+tt.blocks+`]}`)
			if text != tt.want {
				t.Errorf("got  %q\nwant %q", text, tt.want)
			}
			if diff := cmp.Diff(tt.links, found); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAttachments(t *testing.T) {
	in := `{"text":"","attachments":[{"fallback":"[FIRING:1] x | https://am.example/f","pretext":"heads up","author_name":"Prometheus","title":"[FIRING:1] Pod OOM","title_link":"https://am.example/#/alerts?a=1&amp;b=2","text":"*pod* is gone","fields":[{"title":"namespace","value":"shop"},{"title":"pod:","value":"api-1"},{"value":"alone"},{"title":"bare"}],
		"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"in a block"}}],"actions":[{"type":"button","text":"Silence","url":"https://am.example/silence"}],"from_url":"https://from.example","footer":"cluster prod"},
		{"fallback":"only <https://f.example|this>"},null]}`
	text, found, _ := read(t, in)
	want := "heads up\nPrometheus\n[FIRING:1] Pod OOM\npod is gone\nnamespace: shop\npod: api-1\nalone\nbare\nin a block\ncluster prod\nonly this"
	if text != want {
		t.Errorf("got  %q\nwant %q", text, want)
	}
	links := []string{"https://am.example/#/alerts?a=1&b=2", "https://from.example", "https://am.example/silence", "https://am.example/f", "https://f.example"}
	if diff := cmp.Diff(links, found); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

// TestTheSameIsReadOnce holds that text and blocks of the same words are read once, and that words which are only part
// of others are kept.
func TestTheSameIsReadOnce(t *testing.T) {
	text, _, mentioned := read(t, `{"text":"<@U0ME> investigate `+"`shop/checkout`"+`","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U0ME"},{"type":"text","text":" investigate "},{"type":"text","text":"shop/checkout","style":{"code":true}}]}]},
		{"type":"context","elements":[{"type":"mrkdwn","text":"check"}]}]}`)
	if text != "investigate shop/checkout\ncheck" || !mentioned {
		t.Errorf("%q, mentioned %t", text, mentioned)
	}
}

func TestMentionsInAttachmentsAddressNobody(t *testing.T) {
	if _, _, mentioned := read(t, `{"text":"look","attachments":[{"text":"<@U0ME> was asked before"}]}`); mentioned {
		t.Error("a quoted mention counts")
	}
	if _, _, mentioned := read(t, `{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"<@U0ME> help"}}]}`); !mentioned {
		t.Error("a mention in a block doesn't count")
	}
}

func TestTextIsBounded(t *testing.T) {
	for _, in := range []string{
		`{"text":` + quoted(strings.Repeat("ä", 40000)) + `}`,
		`{"blocks":[` + strings.Repeat(`{"type":"section","text":{"type":"mrkdwn","text":"`+strings.Repeat("wörter ", 400)+`"}},`, 99) + `{}]}`,
	} {
		text, _, _ := read(t, in)
		if len(text) > maxText || !utf8.ValidString(text) || len(text) > 10000 && !strings.HasSuffix(text, "…") {
			t.Errorf("%d bytes, valid %t, ends in %q", len(text), utf8.ValidString(text), text[len(text)-3:])
		}
	}
}

func TestHostileDepthAndWidth(t *testing.T) {
	deep := strings.Repeat(`{"type":"new","elements":[`, 2000) + `{"text":"bottom"}` + strings.Repeat("]}", 2000)
	if text, _, _ := read(t, `{"blocks":[`+deep+`]}`); text != "" {
		t.Errorf("%q", text)
	}
	rich := strings.Repeat(`{"type":"rich_text_section","elements":[`, 2000) + `{"type":"text","text":"bottom"}` + strings.Repeat("]}", 2000)
	if text, _, _ := read(t, `{"blocks":[{"type":"rich_text","elements":[`+rich+`]}]}`); text != "" {
		t.Errorf("%q", text)
	}
	var all strings.Builder
	for i := range 500 {
		fmt.Fprintf(&all, "<https://x.example/%d> ", i)
	}
	if _, found, _ := read(t, `{"text":`+quoted(all.String())+`}`); len(found) != maxLinks {
		t.Errorf("%d links", len(found))
	}
	r := reader{}
	r.add(strings.Repeat("x\n", 3*maxLines))
	if len(r.lines) != maxLines {
		t.Errorf("%d lines", len(r.lines))
	}
}

// TestNoSecretIsRead plants every kind of secret in each place of a message.
func TestNoSecretIsRead(t *testing.T) {
	places := []string{
		`{"text":%s}`,
		`{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":%s}}]}`,
		`{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":%s}]}]}]}`,
		`{"attachments":[{"text":%s}]}`,
		`{"attachments":[{"fields":[{"title":"log","value":%s}]}]}`,
		`{"attachments":[{"fallback":%s}]}`,
	}
	looked := 0
	for _, kind := range redacttest.Kinds() {
		for _, form := range redacttest.Forms() {
			planted := form.Write(kind)
			if kind.Leaks(redact.Text(planted)) != "" {
				continue // one of the few that redaction is known to miss
			}
			looked++
			for _, place := range places {
				text, found, _ := read(t, fmt.Sprintf(place, sent(planted)))
				if leak := kind.Leaks(text + " " + strings.Join(found, " ")); leak != "" {
					t.Errorf("%s got out of %s in the form %s: %q", kind.Name, place, form.Name, leak)
				}
			}
		}
	}
	if looked < 500 {
		t.Errorf("looked at %d texts only", looked)
	}
}

func BenchmarkAlert(b *testing.B) {
	const alert = `{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"message","channel":"C1","bot_id":"B9","ts":"1700000000.000100","attachments":[{"color":"danger","fallback":"[FIRING:1] KubePodOOM | https://am.example","title":"[FIRING:1] KubePodOOM (shop checkout-7c9d8f6b5-x2x4p)","title_link":"https://am.example/#/alerts?receiver=slack","text":"*Namespace:* shop\n*Pod:* checkout-7c9d8f6b5-x2x4p\n*Container:* checkout","fields":[{"title":"severity","value":"critical"}]}]}}`
	b.ReportAllocs()
	for b.Loop() {
		if got := fromEvents(me, mustObject(b, alert), now); len(got) != 1 {
			b.Fatal(got)
		}
	}
}
