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

func TestTextLeavesTheRestAlone(t *testing.T) {
	for _, s := range []string{
		"", "Container api of pod api-5r5j4l5xj-lxpmf ended at 2026-03-26 18:17:46Z with exit code 137 (OOMKilled).",
		"kubectl rollout undo -n shop deployment/api --to-revision=21", "/kubepods.slice/kubepods-burstable.slice/x", strings.Repeat("word ", 200),
		"f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9 is a container",
	} {
		if got := Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("password=hunter2 eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln https://a:b@c")
	f.Fuzz(func(t *testing.T, s string) {
		once := Text(s)
		if strings.Contains(s, "password=hunter2 ") && strings.Contains(once, "hunter2 ") && !strings.Contains(strings.ReplaceAll(s, "password=hunter2 ", ""), "hunter2 ") {
			t.Errorf("the secret survived in %q", once)
		}
	})
}
