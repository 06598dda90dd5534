package redact

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		`connect password=hunter2 host=db`:                                 `connect password=[redacted] host=db`,
		`DB_PASSWORD: hunter2`:                                             `DB_PASSWORD: [redacted]`,
		`{"api_key":"abc def","user":"x"}`:                                 `{"api_key":"[redacted]","user":"x"}`,
		`{"log":"{\"token\":\"abc\"}"}`:                                    `{"log":"{\"token\":\"[redacted]\"}"}`,
		`client-secret='a b' x`:                                            `client-secret='[redacted]' x`,
		`Authorization: Bearer abc.def.ghi`:                                `Authorization: Bearer [redacted]`,
		`"authorization": "Basic dXNlcjpwYXNz"`:                            `"authorization": "Basic [redacted]"`,
		`sent Bearer abcdefghijklmnop`:                                     `sent Bearer [redacted]`,
		`Cookie: session=abc; theme=dark`:                                  `Cookie: [redacted]`,
		`jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl`:            `jwt [redacted]`,
		`key AKIAIOSFODNN7EXAMPLE used`:                                    `key [redacted] used`,
		`postgres://app:s3cret@db:5432/shop`:                               `postgres://app:[redacted]@db:5432/shop`,
		`redis://:s3cret@cache:6379`:                                       `redis://:[redacted]@cache:6379`,
		`-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- x`:   `[redacted] x`,
		`MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj`: `[redacted]`,
		`request took 12 ms, GET /tokens 200`:                              `request took 12 ms, GET /tokens 200`,
		`http://example.com:8080/a@b`:                                      `http://example.com:8080/a@b`,
	} {
		if got := Text(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// FuzzText holds Text to what it promises of any text: masking twice is masking once, lines stay, and a
// password does not survive.
func FuzzText(f *testing.F) {
	for _, leak := range leaks {
		text, _, _ := parts(leak)
		f.Add(text)
	}
	for _, s := range harmless {
		f.Add(s)
	}
	f.Add(strings.Join(harmless, "\n"))
	f.Add(prefixed(stamp, pemOf("PRIVATE KEY")))
	f.Fuzz(func(t *testing.T, s string) {
		once := Text(s)
		if twice := Text(once); twice != once {
			t.Errorf("%q\nonce  %q\ntwice %q", s, once, twice)
		}
		if strings.Count(once, "\n") != strings.Count(s, "\n") {
			t.Errorf("lines are lost: %q became %q", s, once)
		}
		// A line that begins with a password hides it, whatever stands around it.
		if hidden := Text(s + "\npassword=hunter2 " + s); strings.Contains(hidden, "password=hunter2") {
			t.Errorf("the secret survived in %q", hidden)
		}
	})
}

// FuzzLogWriter compares a log that comes in pieces with the same in one.
func FuzzLogWriter(f *testing.F) {
	f.Add("before\n"+pemOf("PRIVATE KEY")+"password: |\n  hunter2\nafter", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		if want, got := string(Log([]byte(s))), written(t, s, 1+n&0xff); got != want {
			t.Errorf("in pieces %q\nin one    %q", got, want)
		}
	})
}
