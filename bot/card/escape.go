package card

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// maxRaw bounds in bytes what is looked at of a single text, before it is cut to what is shown.
const maxRaw = 16 << 10

// clean makes a text from outside fit to show: without secrets, on one line, without control and invisible characters.
func clean(s string) string {
	if len(s) > maxRaw {
		s = s[:maxRaw]
	}
	return strings.TrimSpace(inv.CleanText(redact.Text(s), maxRaw))
}

// cut shortens a text to n characters; what was cut ends in an ellipsis.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:max(n-1, 0)]), " ") + "…"
}

func size(s string) int { return utf8.RuneCountInString(s) }

// Escape makes text from outside fit for mrkdwn: it is shown as it is, on one line, without secrets. Words that would
// format, mention somebody or become an emoji are put into code, where they stay as they are.
func Escape(s string) string { return escaped(clean(s)) }

// short is Escape of a text cut to what takes at most n characters once it is escaped.
func short(s string, n int) string {
	s = clean(s)
	for k := n; k > 0; {
		out := escaped(cut(s, k))
		if size(out) <= n {
			return out
		}
		k = min(k-1, k*n/size(out))
	}
	return ""
}

var angles = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escaped escapes a clean text. A backtick can't be written in code: it is replaced by one that looks the same.
func escaped(s string) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		end := ""
		if body := strings.TrimRight(w, ".,;:"); body != "" && !emoji.MatchString(w) {
			w, end = body, w[len(body):]
		}
		if active(w, i == 0) {
			w = "`" + strings.ReplaceAll(w, "`", "ˋ") + "`"
		}
		words[i] = angles.Replace(w) + end
	}
	return strings.Join(words, " ")
}

// emoji is what Slack may draw as one. Two are named by digits; other digits between colons are clocks and ports.
var emoji = regexp.MustCompile(`:[a-z0-9_+'-]*[a-z_+'-][a-z0-9_+'-]*:|:100:|:1234:`)

// active says whether a word would mean something to Slack. One with @ or # is put into code wherever these stand.
func active(word string, first bool) bool {
	return strings.ContainsAny(word, "*_~`@#") || strings.Contains(word, "<!") || first && strings.HasPrefix(word, ">") || emoji.MatchString(word)
}

// code is a name from outside as inline code, at most n characters of it; "" for none.
func code(s string, n int) string {
	s = strings.ReplaceAll(cut(clean(s), n), "`", "ˋ")
	if s == "" {
		return ""
	}
	return "`" + angles.Replace(s) + "`"
}

// block is a code block to copy from. ok is false where what is shown would be another text than s: then it must not be
// shown, as a command would be another command.
func block(s string) (text string, ok bool) {
	if s == "" || clean(s) != s || strings.Contains(s, "```") || strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		return "", false
	}
	return "```\n" + angles.Replace(s) + "\n```", true
}

// plain is a text for plain_text, at most n characters; otherwise where there is none. Angle brackets are replaced by
// what looks like them, since Slack leaves open whether they are escaped there.
func plain(s string, n int, otherwise string) string {
	s = cut(strings.NewReplacer("->", "→", "<", "‹", ">", "›").Replace(clean(s)), n)
	if s == "" {
		return otherwise
	}
	return s
}

const (
	maxURL   = 900
	maxLabel = 60
)

var (
	inLabel = strings.NewReplacer("|", "¦", "*", "∗", "~", "∼", "_", "‗", "`", "ˋ", "&", "&amp;", "<", "‹", ">", "›")
	inURL   = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", `"`, "%22", "`", "%60", "*", "%2A", "~", "%7E", "&", "&amp;")
)

// address returns a URL as it may stand in a link; "" for one that is no http or https, holds a secret or is too long.
func address(raw string) string {
	if len(raw) > maxURL || inv.CleanText(raw, maxURL) != raw || redact.Text(raw) != raw {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	if out := inURL.Replace(u.String()); len(out) <= maxURL {
		return out
	}
	return ""
}

// link is a link with its label, or the label alone where there is nothing to link to.
func link(raw, label string) string {
	to := address(raw)
	if to == "" {
		return short(label, maxLabel)
	}
	label = inLabel.Replace(cut(clean(label), maxLabel))
	if label == "" {
		label = "link"
	}
	return "<" + to + "|" + label + ">"
}

var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)

// person is a mention of a user of Slack's, by id; what is no id is shown as a name.
func person(id string) string {
	if userID.MatchString(id) {
		return "<@" + id + ">"
	}
	return code(id, maxLabel)
}
