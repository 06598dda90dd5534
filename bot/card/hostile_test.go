package card

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
)

// hostile are texts that Slack, a terminal or a reader may stumble over.
var hostile = []string{
	"<!channel>", "<!here|here>", "<@U0VICTIM>", "<#C0PRIVATE>", "<https://evil.example/|click>", "<mailto:a@b.example|mail>", "<!subteam^S1>", "<!date^1^x|y>",
	"@here", "@channel", "#general", "(@everyone)", ":rotating_light:", ":100:", ":smile", ">quote", "> quote", "&lt;!channel&gt;", "&amp;", "&", "a && b > c < d",
	"*bold*", "_it_", "~no~", "`code`", "``` end", "```", "`", "a_b_c", "(*Store).Put", "**", "__", "* ", "•", "|", "a|b",
	"\x1b[31mred\x1b[0m", "\u202egnp.exe", "\u200b", "\ufeff", "a\rb", "line\nline", "\t", "\x00", "\x7f", "\xff\xfe", "\u2028", "日本語のとても長い名前", "😀👩‍👩‍👧", "é",
	"[F1]", "F1", "[F1, F2]", "%d %s %!", "javascript:alert(1)", "https://a.example/?x=<!channel>|b&c", "http://u:p@a.example/", "https://a.example/%zz", "file:///etc/passwd", "https://",
	strings.Repeat("<", 3000), strings.Repeat("&", 3000), strings.Repeat("a_b ", 3000), strings.Repeat("x", 10_000), strings.Repeat("*", 500), strings.Repeat("` ", 500),
	"https://a.example/" + strings.Repeat("&", 800), strings.Repeat("many words ", 400), "", " ", "shop", "checkout",
}

// feed makes up values out of bytes; when they run out, everything is zero.
type feed struct{ rest []byte }

func (f *feed) byte() int {
	if len(f.rest) == 0 {
		return 0
	}
	b := f.rest[0]
	f.rest = f.rest[1:]
	return int(b)
}

func (f *feed) text() string {
	var b strings.Builder
	for range f.byte() % 4 {
		if i := f.byte(); i < 220 {
			b.WriteString(hostile[i%len(hostile)])
		} else {
			n := min(i-220, len(f.rest))
			b.Write(f.rest[:n])
			f.rest = f.rest[n:]
		}
	}
	return b.String()
}

// fill sets everything that a value holds; text is asked for each string.
func (f *feed) fill(v reflect.Value, text func() string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text())
	case reflect.Bool:
		v.SetBool(f.byte()%2 == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.byte()) - 20)
	case reflect.Uint32:
		v.SetUint(uint64(f.byte()))
	case reflect.Float64:
		v.SetFloat(float64(f.byte()) / 100)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), text)
	case reflect.Slice:
		n := f.byte() % 6
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i), text)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(at.Add(time.Duration(f.byte()-100) * time.Hour)))
			return
		}
		for i := range v.NumField() {
			f.fill(v.Field(i), text)
		}
	default:
		panic("a field of kind " + v.Kind().String())
	}
}

// message is one of the messages, and what it takes.
type sample struct {
	view     bot.View
	pasts    []Past
	settings []Setting
	text     string
}

// messages draws everything that there is to draw.
func messages(s sample) map[string]bot.Message {
	v := s.view
	bare := v
	bare.Result = nil
	out := map[string]bot.Message{
		"card": Card(v), "bare card": Card(bare), "help": Help(), "answer": Answer(s.text + "\n- " + s.text), "refused": Refused(s.text, s.text),
		"pointer": Pointer(s.text, s.text, s.text), "muted": Muted(s.text, at), "recorded": Recorded(inv.VoteDown, inv.Cause(s.text)),
		"history": History(s.pasts, s.text), "similar": SimilarList(v.Similar), "evidence": EvidenceList(v.Result), "raw": Raw(v.Result),
		"wrong": Wrong(s.text), "misunderstood": Misunderstood(), "plain": Plain("It is being looked at already."),
	}
	for _, state := range []bot.State{bot.StateWaiting, bot.StateRunning, bot.StateJudged, bot.StateStopped} {
		v.Incident.State, bare.Incident.State = state, state
		out["card "+string(state)], out["bare card "+string(state)] = Card(v), Card(bare)
	}
	return out
}

func (s sample) check(t *testing.T) {
	t.Helper()
	for name, m := range messages(s) {
		if check(t, m); t.Failed() {
			t.Fatalf("that is the %s", name)
		}
	}
	for _, w := range faults(t, Home(HomeView{Incidents: s.pasts, Settings: s.settings}), 100) {
		t.Errorf("home: %s", w)
	}
	checkModal(t, FeedbackModal(s.text, inv.Cause(s.text)))
	if note := Note(s.view); len([]rune(note)) > 3200 || strings.ContainsAny(note, "\x1b\x00\u202e") {
		t.Errorf("the note of %d characters: %q", len([]rune(note)), note)
	}
}

func checkModal(t *testing.T, m slack.ModalViewRequest) {
	t.Helper()
	for _, w := range faults(t, m.Blocks.BlockSet, 100) {
		t.Errorf("dialog: %s", w)
	}
	if len(m.PrivateMetadata) > 3000 {
		t.Errorf("the dialog carries %d bytes", len(m.PrivateMetadata))
	}
}

// TestHostileTexts puts each hostile text into every text field there is.
func TestHostileTexts(t *testing.T) {
	for _, h := range hostile {
		text := func() string { return h }
		s := sample{text: h}
		// Three of every list, then as the bytes have it.
		f := &feed{bytes.Repeat([]byte{3, 8, 4, 3}, 4000)}
		f.fill(reflect.ValueOf(&s.view).Elem(), text)
		f.fill(reflect.ValueOf(&s.pasts).Elem(), text)
		f.fill(reflect.ValueOf(&s.settings).Elem(), text)
		if s.view.Result == nil || len(s.view.Result.Facts) == 0 || len(s.view.Incident.Folded) == 0 || len(s.pasts) == 0 {
			t.Fatal("the fields were not filled")
		}
		s.check(t)
	}
}

// TestHostileNamesOfAVerdict has results that are well formed but for their names: facts are cited, values are known.
func TestHostileNamesOfAVerdict(t *testing.T) {
	for _, h := range hostile {
		r, _ := investigate(t, "leak-after-deploy")
		r.Verdict.Headline = h
		for i := range r.Facts {
			r.Facts[i].Says, r.Facts[i].Source = h, h
		}
		for i := range r.Verdict.Recommendations {
			rec := &r.Verdict.Recommendations[i]
			rec.Command, rec.Note, rec.Container = h, h, h
		}
		r.Verdict.Victim.Comm, r.Verdict.Victim.Pod = h, h
		v := judged(r)
		v.Links = []bot.Link{{Title: h, URL: h}, {Title: h, URL: "https://a.example/?q=" + h}}
		v.Incident.Alerts = []bot.AlertRef{{Title: h, URL: "https://a.example/" + h, Link: h}}
		m := Card(v)
		check(t, m)
		if text := shown(t, m); !strings.Contains(text, "*Cause* `leak`") || !strings.Contains(text, "*Evidence*") {
			t.Errorf("%.40q leaves this of the verdict:\n%s", h, text)
		}
	}
}

func FuzzCard(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("oombot draws whatever it is given, and a little more than that"))
	f.Add(bytes.Repeat([]byte{3, 1, 250, 2, '<', '!', 7, 90}, 300))
	f.Add(bytes.Repeat([]byte{5, 2, 17, 3, 62, 2, 65}, 600))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &feed{data[:min(len(data), 4<<10)]}
		s := sample{text: in.text()}
		in.fill(reflect.ValueOf(&s.view).Elem(), in.text)
		in.fill(reflect.ValueOf(&s.pasts).Elem(), in.text)
		in.fill(reflect.ValueOf(&s.settings).Elem(), in.text)
		s.check(t)
	})
}
