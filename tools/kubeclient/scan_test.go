package kubeclient

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// values scans all values of a text, white space and commas between them.
func values(r io.Reader, limit int) (got []string, lines int, err error) {
	s := newScanner(context.Background(), r)
	for {
		if _, err := s.peek(); err != nil {
			if errors.Is(err, io.EOF) {
				return got, s.line, nil
			}
			return got, s.line, err
		}
		v, err := s.value(limit)
		if errors.Is(err, errLong) {
			got = append(got, "(long)")
			continue
		}
		if err != nil {
			return got, s.line, err
		}
		got = append(got, string(v))
	}
}

func TestScan(t *testing.T) {
	tests := []struct {
		name, text string
		limit      int
		want       []string
		lines      int
		err        string
	}{
		{"scalars", ` 1 , true,null -2.5e3 "a"`, 100, []string{"1", "true", "null", "-2.5e3", `"a"`}, 1, ""},
		{"nested", "{\"a\":[1,{}]}\n[[],\n[]]", 100, []string{`{"a":[1,{}]}`, "[[],\n[]]"}, 3, ""},
		{"brackets in texts", `{"a":"}]\"{["} "]"`, 100, []string{`{"a":"}]\"{["}`, `"]"`}, 1, ""},
		{"escaped backslash", `"\\" "\\\"" 1`, 100, []string{`"\\"`, `"\\\""`, "1"}, 1, ""},
		{"long values", `"aaaaaaaaaa" {"a":"bbbbbbbbbb"} 1 22222222222`, 5, []string{"(long)", "(long)", "1", "(long)"}, 1, ""},
		{"at the limit", `"aaa" "aaaa"`, 5, []string{`"aaa"`, "(long)"}, 1, ""},
		{"long, over several chunks", `"` + strings.Repeat("x", 3*scanChunk) + "\n" + `" 1`, 10, []string{"(long)", "1"}, 2, ""},
		{"an open text", `"abc`, 100, nil, 1, "cut off"},
		{"an open object", `{"a":{}`, 100, nil, 1, "cut off"},
		{"a closing bracket", `1 ]`, 100, []string{"1"}, 1, "no JSON"},
		{"a colon", `:1`, 100, nil, 1, "no JSON"},
		{"nothing", " \n ", 100, nil, 2, ""},
	}
	for _, test := range tests {
		for _, r := range []io.Reader{
			strings.NewReader(test.text), iotest.OneByteReader(strings.NewReader(test.text)), iotest.HalfReader(strings.NewReader(test.text)),
		} {
			got, lines, err := values(r, test.limit)
			if diff := cmp.Diff(test.want, got); diff != "" || lines != test.lines || !says(err, test.err) {
				t.Errorf("%s, %T: %d lines, error %v; values (-want +got):\n%s", test.name, r, lines, err, diff)
			}
		}
	}
}

func TestScanKeepsBigValuesWhole(t *testing.T) {
	big := `{"x":"` + strings.Repeat("y", 5*scanChunk) + `"}`
	got, _, err := values(strings.NewReader("1 "+big+" 2 "+big), ItemLimit)
	if diff := cmp.Diff([]string{"1", big, "2", big}, got); diff != "" || err != nil {
		t.Errorf("values differ, error %v", err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add(` {"a":[1,"\\\"]"]},[2] "x"`, 7)
	f.Add(`{"a":"`+strings.Repeat("b", 100)+`"} null`, 50)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(1, limit%1000)
		got, _, err := values(strings.NewReader(text), limit)
		slow, _, slowErr := values(iotest.OneByteReader(strings.NewReader(text)), limit)
		if diff := cmp.Diff(got, slow); diff != "" || (err == nil) != (slowErr == nil) {
			t.Fatalf("whole and byte by byte differ (%v, %v):\n%s", err, slowErr, diff)
		}
		for _, v := range got {
			if len(v) > limit && v != "(long)" {
				t.Fatalf("a value of %d bytes, over %d", len(v), limit)
			}
		}
		// One value of valid JSON is one value here.
		if trimmed := strings.Trim(text, " \t\r\n"); json.Valid([]byte(text)) && len(trimmed) <= limit {
			if diff := cmp.Diff([]string{trimmed}, got); diff != "" || err != nil {
				t.Fatalf("valid JSON, error %v (-want +got):\n%s", err, diff)
			}
		}
	})
}
