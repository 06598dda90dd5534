package alerts

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLink(t *testing.T) {
	long := "https://h.example/" + strings.Repeat("x", maxURL)
	tests := []struct {
		name string
		in   []string
		want string
	}{
		{"none", nil, ""},
		{"the first that is one", []string{"", "ftp://h/x", "//h/x", "/x", "https://", "javascript:alert(1)", " https://h.example/x "}, "https://h.example/x"},
		{"a query and a fragment", []string{"http://h.example:9090/graph?g0.expr=a%7Bb%3D%22c%22%7D&g0.tab=1#x"}, "http://h.example:9090/graph?g0.expr=a%7Bb%3D%22c%22%7D&g0.tab=1#x"},
		{"credentials", []string{"https://user:hunter22@h.example/x"}, "https://h.example/x"},
		{"a token", []string{"https://h.example/x?api_key=abcdefgh12345678"}, "https://h.example/x?api_key=[redacted]"},
		{"too long", []string{long, "https://h.example"}, "https://h.example"},
		{"what ends a link of Slack", []string{"https://h.example/?a=<!channel>|x"}, ""},
		{"a line break", []string{"https://h.example/\nx"}, ""},
		{"spaces in its path", []string{"https://h.example/a b"}, "https://h.example/a%20b"},
		{"a right-to-left mark", []string{"https://h.example/?\u202ex"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := link(tt.in...); got != tt.want {
				t.Errorf("link(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"  two\nlines\t\r\n":            "two lines",
		"a\x00b\u202ec":                 "a\ufffdb\ufffdc",
		"\xff":                          "\ufffd",
		"PASSWORD=hunter22 was used":    "PASSWORD=[redacted] was used",
		strings.Repeat("ä", maxTitle):   strings.Repeat("ä", (maxTitle-3)/2) + "…",
		strings.Repeat("x", 17*maxText): strings.Repeat("x", maxTitle-3) + "…",
	} {
		if got := clean(in, maxTitle); got != want {
			t.Errorf("clean(%.40q) = %q, want %q", in, got, want)
		}
	}
}

func TestBounded(t *testing.T) {
	for _, plain := range []string{"", "4b2a0d9c6e1f3a77/2026-03-04T02:17:39Z", `{}:{alertname="x"}`} {
		if got := bounded(plain); got != plain {
			t.Errorf("bounded(%q) = %q", plain, got)
		}
	}
	seen := map[string]string{}
	for _, odd := range []string{strings.Repeat("x", maxID+1), strings.Repeat("x", maxID+2), "a\nb", "a\x00b", " a", "token=abcdefgh12345678"} {
		got := bounded(odd)
		if !strings.HasPrefix(got, "sha256:") || got != bounded(odd) || seen[got] != "" {
			t.Errorf("bounded(%q) = %q, as that of %q", odd, got, seen[got])
		}
		seen[got] = odd
	}
}

func TestMoment(t *testing.T) {
	for in, want := range map[string]time.Time{
		"2026-03-04T02:17:39.112Z":  utc("2026-03-04T02:17:39.112Z"),
		"2026-03-04T03:17:39+01:00": utc("2026-03-04T02:17:39Z"),
		" 1772590659 ":              utc("2026-03-04T02:17:39Z"),
		"0001-01-01T00:00:00Z":      {},
		"0001-01-01T00:00:00-05:00": {},
		"9999-12-31T23:59:59Z":      {},
		"9999999999999999":          {},
		"-1":                        {},
		"":                          {},
		"yesterday":                 {},
	} {
		if got := moment(in); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("moment(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestLoose(t *testing.T) {
	o := object(json.RawMessage(`{"s":"a","n":1.5,"t":true,"z":null,"l":[1],"o":{"k.8s-Name":"v","e":""}}`))
	got := map[string]string{}
	for _, name := range []string{"s", "n", "t", "z", "l", "o", "none"} {
		got[name] = o.text(name)
	}
	want := map[string]string{"s": "a", "n": "1.5", "t": "true", "z": "", "l": "", "o": "", "none": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(labels{"k_8s_name": "v"}, o.object("o").labels()); diff != "" {
		t.Error(diff)
	}
	if o.object("s") != nil || o.object("none") != nil || !o.has("none", "z") || o.has("none") {
		t.Error("what is no object is none, and a field that is null is there")
	}
	for _, raw := range []string{``, `x`, `[]`, `"a`, `{`} {
		if object(json.RawMessage(raw)) != nil || scalar(json.RawMessage(raw)) != strings.Trim(raw, `[]{"a`) {
			t.Errorf("%q is neither an object nor, but for x, a value", raw)
		}
	}
}

func TestPlain(t *testing.T) {
	tests := []struct {
		name, in, want string
		links          []string
	}{
		{"marks", "*bold* _italic_ `code` ~gone~ a_b_c", "bold italic code gone a_b_c", nil},
		{"entities", "a &lt;b&gt; &amp; c", "a <b> & c", nil},
		{"a link with a label", "see <https://h.example/?a=1&amp;b=2|the page>!", "see  the page !", []string{"https://h.example/?a=1&b=2"}},
		{"a link without", "see <https://h.example>", "see   ", []string{"https://h.example"}},
		{"a bare link", "see https://h.example/x) now", "see  ) now", []string{"https://h.example/x"}},
		{"mentions", "<@U1> in <#C1|ops>: <!date^1^{date}|today>", "   in  ops :  today ", nil},
		{"quotes and spaces", "“a”\u00a0‘b’\u200b\r\nc", "\"a\" 'b'\nc", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, links := plain(tt.in)
			if got != tt.want {
				t.Errorf("plain(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if diff := cmp.Diff(tt.links, links); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got, _ := plain(strings.Repeat("ä", maxText)); len(got) > maxText {
		t.Errorf("%d bytes are searched", len(got))
	}
}

func TestQueries(t *testing.T) {
	got := queries([]string{
		"https://h.example/x", "https://h.example/d?var-pod=a-0&x=%20y", "https://am.example/#/silences/new?filter=%7Bpod%3D%22a-0%22%7D", "https://h.example/?%zz",
		"https://h.example/?" + strings.Repeat("x", maxURL),
	})
	if want := "var-pod=a-0&x= y\nfilter={pod=\"a-0\"}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	many := make([]string, 1000)
	for i := range many {
		many[i] = "https://h.example/?a=b"
	}
	if n := strings.Count(queries(many), "\n"); n != maxLinks {
		t.Errorf("%d addresses are searched", n)
	}
}

func TestPairs(t *testing.T) {
	tests := []struct {
		name, text string
		want       []pair
	}{
		{"in several ways", "Pod name: a-0, podName=b-0, k8s.pod.name => c-0", []pair{{by: bySign, key: "pod_name", value: "a-0"}, {by: bySign, key: "podname", value: "b-0"}, {by: bySign, key: "k8s_pod_name", value: "c-0"}}},
		{"other labels", "mypod=a-0 pod_id=b-0 thepod: c-0 job=d", nil},
		{"nothing behind the sign", "pod= namespace=shop", []pair{{by: bySign, key: "namespace", value: "shop"}}},
		{"an address of mail", "owner_name: jo@acme.example", nil},
		{"a path", "container: shop/checkout", nil},
		{"a sentence's end", "namespace: shop.", []pair{{by: bySign, key: "namespace", value: "shop"}}},
		{"matchers that are none", `pod!="a-0" pod=~"b.*"`, nil},
		{"a sentence", "pod a-0 of job backup-1", []pair{{by: byPhrase, key: "pod", value: "a-0"}, {by: byPhrase, key: "job_name", value: "backup-1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := pairs(tt.text)
			for i := range got {
				got[i].at = 0
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(pair{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
