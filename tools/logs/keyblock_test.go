package logs

import (
	"strings"
	"testing"
)

func TestKeyBlock(t *testing.T) {
	var k keyBlock
	for _, l := range []struct {
		line string
		want bool
	}{
		{"loading key", false},
		{"-----BEGIN RSA PRIVATE KEY-----", true},
		{"MIIE", true},
		{"x=", true},
		{"-----END RSA PRIVATE KEY-----", true},
		{"loaded", false},
		{"-----BEGIN PRIVATE KEY----- MIIE -----END PRIVATE KEY-----", true},
		{"after", false},
		{"-----BEGIN CERTIFICATE-----", false},
	} {
		if got := k.holds(l.line); got != l.want {
			t.Errorf("%s: %v", l.line, got)
		}
	}
	k.holds("-----BEGIN PRIVATE KEY-----")
	for range keyLines {
		k.holds("x")
	}
	if k.holds("far below") {
		t.Error("a key that never ends hides the whole log")
	}
}

// TestSecretsDoNotSurvive reads a log full of secrets, some cut by the bound of a line's length.
func TestSecretsDoNotSurvive(t *testing.T) {
	const secret = "hunter2hunter2"
	long := strings.Repeat("x ", maxRaw) + `token="` + secret + `" processing upload 850MB ` + strings.Repeat("y ", maxRaw)
	cut := strings.Repeat("x", maxRaw) + ` password=` + strings.Repeat(secret, 80) + ` processing upload 850MB`
	doc := strings.Join([]string{
		"processing upload 850MB password=" + secret, long, cut,
		"-----BEGIN PRIVATE KEY-----", secret, "java.lang.OutOfMemoryError: Java heap space " + secret, "-----END PRIVATE KEY-----",
		`{"msg":"java.lang.OutOfMemoryError: Java heap space","db_password":"` + secret + `"}`,
	}, "\n")
	r := newReading(file{}, testAt)
	if err := r.readAll(t.Context(), strings.NewReader(doc)); err != nil {
		t.Fatal(err)
	}
	log := r.finish()
	if len(log.Matches) != 5 || len(log.Last) != 8 {
		t.Errorf("%d matches, %d last lines", len(log.Matches), len(log.Last))
	}
	for _, m := range log.Matches {
		if strings.Contains(m.Text, "hunter2") || len(m.Text) > maxText {
			t.Errorf("line %d: %s", m.Line, m.Text)
		}
		if m.Bytes == 850e6 && !strings.Contains(m.Text, "processing upload 850MB") {
			t.Errorf("line %d lost what was found in it: %s", m.Line, m.Text)
		}
	}
	for _, l := range log.Last {
		if strings.Contains(l.Text, "hunter2") || len(l.Text) > maxText {
			t.Errorf("line %d: %s", l.Line, l.Text)
		}
	}
}
