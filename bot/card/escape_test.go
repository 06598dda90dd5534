package card

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations/redact/redacttest"
)

func TestEscape(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"used 2 GiB of its limit of 2 GiB.", "used 2 GiB of its limit of 2 GiB."},
		{"image: 1.4.1 -> 1.5.0 & more", "image: 1.4.1 -&gt; 1.5.0 &amp; more"},
		{"<!channel> <@U1> a < b", "`&lt;!channel&gt;` `&lt;@U1&gt;` a &lt; b"},
		{"a_b_c, and (*Store).Put.", "`a_b_c`, and `(*Store).Put`."},
		{"ping @here (@channel) #general", "ping `@here` `(@channel)` `#general`"},
		{"a `b` ```c", "a `ˋbˋ` `ˋˋˋc`"},
		{"at 10:29:11Z from 10.0.0.1:443: timeout", "at 10:29:11Z from 10.0.0.1:443: timeout"},
		{":fire: and :100:", "`:fire:` and `:100:`"},
		{"> quoted > twice", "`&gt;` quoted &gt; twice"},
		{"two\nlines\tand \x1b[31mred\u202e", "two lines and \ufffd[31mred\ufffd"},
		{"  around  ", "around"},
	}
	for _, tt := range tests {
		if got := Escape(tt.in); got != tt.want {
			t.Errorf("Escape(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestShort(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"as it is", 20, "as it is"},
		{"longer than that", 7, "longer…"},
		{"<<<<<<", 9, "&lt;&lt;…"},
		{"a_b c_d", 8, "`a_b…`"},
		{"anything", 0, ""},
	}
	for _, tt := range tests {
		got := short(tt.in, tt.n)
		if got != tt.want {
			t.Errorf("short(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
		if n := utf8.RuneCountInString(got); n > tt.n {
			t.Errorf("short(%q, %d) has %d characters", tt.in, tt.n, n)
		}
	}
}

func TestBlock(t *testing.T) {
	for in, want := range map[string]string{
		"kubectl get pods -n shop":         "```\nkubectl get pods -n shop\n```",
		`kubectl patch -p '{"a":"<&>"}'`:   "```\nkubectl patch -p '{\"a\":\"&lt;&amp;&gt;\"}'\n```",
		"echo a_b *c* ~d~ @here `date` -x": "```\necho a_b *c* ~d~ @here `date` -x\n```",
		// Shown otherwise they would be other commands.
		"a\nb":                              "",
		"a ``` b":                           "",
		"`date`":                            "",
		"a\u202eb":                          "",
		"":                                  "",
		"mysql --password=correcthorse-b4t": "",
	} {
		if got, ok := block(in); got != want || ok != (want != "") {
			t.Errorf("block(%q) = %q, %t, want %q", in, got, ok, want)
		}
	}
}

func TestLink(t *testing.T) {
	tests := []struct{ url, label, want string }{
		{"https://a.example/d?x=1&y=2", "Grafana", "<https://a.example/d?x=1&amp;y=2|Grafana>"},
		{"http://a.example/a|b>c<d e", "x|y>z", "<http://a.example/a%7Cb%3Ec%3Cd%20e|x¦y›z>"},
		{"https://a.example", "", "<https://a.example|link>"},
		{"javascript:alert(1)", "x", "x"},
		{"https://user:hunter2@a.example/", "x", "x"},
		{"ftp://a.example", "<!here>", "`&lt;!here&gt;`"},
		{"", "x", "x"},
		{"//a.example", "x", "x"},
		{"https://a.example/" + strings.Repeat("a", 900), "x", "x"},
		{"https://a.example/\nb", "x", "x"},
	}
	for _, tt := range tests {
		if got := link(tt.url, tt.label); got != tt.want {
			t.Errorf("link(%q, %q) = %q, want %q", tt.url, tt.label, got, tt.want)
		}
	}
}

func TestPerson(t *testing.T) {
	for in, want := range map[string]string{"U0ABC12": "<@U0ABC12>", "W1234": "<@W1234>", "root": "`root`", "U1|x>": "`U1|x&gt;`", "!channel": "`!channel`"} {
		if got := person(in); got != want {
			t.Errorf("person(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{"1.4 -> 1.5": "1.4 → 1.5", "<!here> a_b": "‹!here› a_b", "": "none", "0123456789ab": "012345678…"} {
		if got := plain(in, 10, "none"); got != cut(want, 10) {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestNoSecretGetsOut of any message.
func TestNoSecretGetsOut(t *testing.T) {
	for _, k := range redacttest.Kinds() {
		r, ev := investigate(t, "leak-after-deploy")
		r.Verdict.Headline, r.Verdict.Explanation = k.Text, "It was killed. [F27]\n\n"+k.Text
		for i := range r.Facts {
			r.Facts[i].Says = k.Text
		}
		r.Verdict.Recommendations[0].Command = k.Text
		r.Verdict.Change.What = []string{k.Text}
		r.BlindSpots[0].Why = k.Text
		v := judged(r)
		v.Incident.Alerts[0].Title, v.Incident.Why, v.Model = k.Text, k.Text, k.Text
		s := sample{view: v, text: k.Text, pasts: []Past{{ID: "1", Headline: k.Text}}}
		for name, m := range messages(s) {
			if strings.HasPrefix(name, "card ") && name != "card running" {
				continue // it says no more than the others
			}
			if leak := k.Leaks(m.Text + "\n" + shown(t, m)); leak != "" {
				t.Errorf("%s: %s shows %q", k.Name, name, leak)
			}
		}
		if leak := k.Leaks(Note(v)); leak != "" {
			t.Errorf("%s: the note shows %q", k.Name, leak)
		}
		files, err := Files(v, ev)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if leak := k.Leaks(string(f.Data)); leak != "" {
				t.Errorf("%s: %s shows %q", k.Name, f.Name, leak)
			}
		}
	}
}
