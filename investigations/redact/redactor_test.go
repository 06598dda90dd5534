package redact

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

func TestOwnNamesAndPatterns(t *testing.T) {
	r, err := New(Options{Names: []string{"tenant-ref", "X-Internal"}, Patterns: []string{`acme-[0-9]{4}`, `card (\d{4})`}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"TENANT_REF=blue x":        "TENANT_REF=[redacted] x",
		`{"tenantRef":"blue"}`:     `{"tenantRef":"[redacted]"}`,
		"x-internal: 12":           "x-internal: [redacted]",
		"id acme-1234, card 1234.": "id [redacted], card [redacted].",
		"tenant=blue":              "tenant=blue",
		"password=hunter2":         "password=[redacted]",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if got := string(r.Log([]byte(text))); got != want {
			t.Errorf("log of %s: got %s", text, got)
		}
		if strings.Contains(Text(text), "acme-[") {
			t.Error("the default knows the pattern")
		}
	}
	doc, err := r.JSON([]byte(`{"env":[{"name":"TENANT_REF","value":"blue"}],"s":"acme-1234","k":"a"}`))
	if want := `{"env":[{"name":"TENANT_REF","value":"[redacted]"}],"s":"[redacted]","k":"a"}`; err != nil || string(doc) != want {
		t.Errorf("got %s, %v", doc, err)
	}
	if !r.IsSecretName("tenantRef") || IsSecretName("tenantRef") || r.Value("TENANT_REF", "blue") != Masked {
		t.Error("names")
	}
	var b bytes.Buffer
	w := r.NewLogWriter(&b)
	if _, err := io.WriteString(w, "acme-1234\nacme-"); err != nil || b.String() != "[redacted]\n" {
		t.Errorf("got %q, %v", b.String(), err)
	}
	if data, err := io.ReadAll(r.NewLogReader(strings.NewReader("acme-1234"))); err != nil || string(data) != Masked {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestNewNamesAllFaults(t *testing.T) {
	_, err := New(Options{Names: []string{"ok", "--", ""}, Patterns: []string{"(", "a*", "fine", "[z-a]"}})
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{"redact.names[1]", "redact.names[2]", "redact.patterns[0]", "redact.patterns[1]", "redact.patterns[3]"} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
			t.Errorf("%s is not named in %v", want, err)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d faults: %v", len(lines), err)
	}
}

func TestSetDefault(t *testing.T) {
	r, err := New(Options{Names: []string{"tenant_ref"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { SetDefault(nil) })
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				if got := Text("password=hunter2"); got != "password=[redacted]" {
					t.Errorf("got %s", got)
				}
			}
		})
	}
	SetDefault(r)
	group.Wait()
	if !IsSecretName("TENANT_REF") {
		t.Error("it was not set")
	}
	SetDefault(nil)
	if IsSecretName("TENANT_REF") {
		t.Error("it was not taken back")
	}
}

func TestLogWriterPassesErrorsOn(t *testing.T) {
	broken := errors.New("disk full")
	w := NewLogWriter(writerFunc(func([]byte) (int, error) { return 0, broken }))
	if _, err := io.WriteString(w, "held back"); err != nil {
		t.Errorf("nothing was written yet: %v", err)
	}
	for range 2 {
		if _, err := io.WriteString(w, "a line\n"); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := io.ReadAll(NewLogReader(iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestLogWriterIsClosedOnce(t *testing.T) {
	var b bytes.Buffer
	w := NewLogWriter(&b)
	if _, err := io.WriteString(w, "password=hunter2"); err != nil || b.Len() > 0 {
		t.Fatalf("%q, %v", b.String(), err)
	}
	for range 2 {
		if err := w.Close(); err != nil || b.String() != "password="+Masked {
			t.Fatalf("%q, %v", b.String(), err)
		}
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("it writes after Close")
	}
}

// TestLongLines shows that a line without an end does not pile up, and that its parts are redacted.
func TestLongLines(t *testing.T) {
	var b bytes.Buffer
	w := NewLogWriter(&b)
	piece := []byte(strings.Repeat("ordinary words ", 100) + "password=hunter2 ")
	for range 2 * maxHeld / len(piece) {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
		if cap(w.held) > 3*maxHeld {
			t.Fatalf("%d bytes are held", cap(w.held))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "hunter2") || strings.Count(got, Masked) != 2*maxHeld/len(piece) {
		t.Errorf("%d masked", strings.Count(got, Masked))
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
