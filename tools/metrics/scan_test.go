package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/oombot/oombot/investigations"
)

// scanAll uses up a document.
func scanAll(r io.Reader) error {
	s := newScanner(context.Background(), r)
	if err := s.skip(); err != nil {
		return err
	}
	return s.finish()
}

func TestScannerJudgesAsTheLibrary(t *testing.T) {
	for _, doc := range []string{
		`{}`, `[]`, ` [1, -0, 0.5, 1e9, -1.5E-3] `, `{"a": {"b": [null, true, false, "x"]}}`, `"\u00e9\n\""`, `7`,
		``, ` `, `{`, `[1`, `[1,]`, `{"a":1,}`, `{"a"}`, `{a:1}`, `[01]`, `[1.]`, `[.5]`, `[+1]`, `[1e]`, `nul`, `[1 2]`,
		`{"a":1 "b":2}`, `[] []`, `"\x"`, `"\u12"`, "\"\t\"", `"cut`, `[NaN]`, `[-]`, `{"a":1]`, `{,}`, `[,1]`, `{1:2}`,
	} {
		err := scanAll(strings.NewReader(doc))
		if got, want := err == nil, json.Valid([]byte(doc)); got != want {
			t.Errorf("%q: accepted %v (%v), want %v", doc, got, err, want)
		}
		// The same byte by byte: nothing may depend on where the buffer ends.
		if slow := scanAll(iotest.OneByteReader(strings.NewReader(doc))); (slow == nil) != (err == nil) {
			t.Errorf("%q byte by byte: %v, at once: %v", doc, slow, err)
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, doc := range []string{`{"a":[1,"x",null]}`, `[[[]]]`, `"\ud800"`, `{"status":"success","data":{"result":[]}}`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := scanAll(bytes.NewReader(doc))
		if errors.Is(err, investigations.ErrTooLarge) {
			return
		}
		if got, want := err == nil, json.Valid(doc); got != want {
			t.Errorf("accepted %v (%v), want %v", got, err, want)
		}
	})
}

func TestScannerBounds(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	if err := scanAll(strings.NewReader(deep)); !errors.Is(err, investigations.ErrTooLarge) {
		t.Errorf("nested too deep: %v", err)
	}
	if err := scanAll(strings.NewReader(deep[1 : len(deep)-1])); err != nil {
		t.Errorf("nested as deep as is allowed: %v", err)
	}
	long := `"` + strings.Repeat("x", maxToken+1) + `"`
	if err := scanAll(strings.NewReader(long)); !errors.Is(err, investigations.ErrTooLarge) {
		t.Errorf("a string too long: %v", err)
	}
	if err := scanAll(strings.NewReader(`"` + strings.Repeat("x", maxToken/2) + `"`)); err != nil {
		t.Errorf("a long string: %v", err)
	}
}

func TestScannerErrors(t *testing.T) {
	broken := errors.New("disk broke")
	if err := scanAll(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a reader's error: %v", err)
	}
	if err := scanAll(strings.NewReader(`{"a":`)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
	var se *syntaxError
	if err := scanAll(strings.NewReader(`{"a": x}`)); !errors.As(err, &se) || se.offset != 6 {
		t.Errorf("a syntax error: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := newScanner(ctx, strings.NewReader(`{}`)).skip(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

func TestScannerText(t *testing.T) {
	for doc, want := range map[string]string{
		`"plain"`:              "plain",
		`"\u00e9\t\"\\"`:       "é\t\"\\",
		"\"bad \xff utf-8\"":   "bad \uFFFD utf-8",
		`"\ud83d\ude00"`:       "😀",
		"\"bad \xff and \\n\"": "bad \uFFFD and \n",
	} {
		got, err := newScanner(context.Background(), strings.NewReader(doc)).text()
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", doc, got, err, want)
		}
	}
	if _, err := newScanner(context.Background(), strings.NewReader(`7`)).text(); err == nil {
		t.Error("a number passed for a string")
	}
}

func TestMillis(t *testing.T) {
	for tok, want := range map[string]int64{
		"1774462666": 1774462666000, "1774462666.0": 1774462666000, "1774462666.5": 1774462666500,
		"1774462666.123": 1774462666123, "1774462666.12345": 1774462666123, "1.774462666e9": 1774462666000,
		"0": 0, "-1.5": -1500, "1774462666.9999": 1774462667000,
	} {
		if got, ok := millis([]byte(tok)); !ok || got != want {
			t.Errorf("%s: %d %v, want %d", tok, got, ok, want)
		}
	}
	for _, tok := range []string{"", "null", `"1774462666"`, "1e300", "9999999999999", "NaN"} {
		if got, ok := millis([]byte(tok)); ok {
			t.Errorf("%q passed as %d", tok, got)
		}
	}
}
