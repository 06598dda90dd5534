package redact

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestHostileLines shows that no text costs much more than its length, whatever it is made of.
func TestHostileLines(t *testing.T) {
	const size = 128 << 10
	for _, part := range []string{
		"password=", "password", "password ", "password=x", "password='", `password="`, `password=\"`, "token=/var/", "token=1", "token=[", `token=["`,
		"://", "://a@", "a://b:c/@", "@tcp(", "curl -u ", "curl -", "mysql -p'", "-----BEGIN PRIVATE KEY", "-----BEGIN PRIVATE KEY-----", "-----END ",
		"Cookie: ", "cookie=", "Authorization: ", "authorization=digest ", "bearer ", "bearer x", "hooks.slack.com/services/", "ghp_", "eyJ", "eyJa.", "%70", `\u0070`,
		"\x1b[", "\x1b", `\\`, `\"`, "[redacted]", "a_key ", "api key ", "key: ", "_", "A", "a:", "1:", "::::", "=", "\r", "password: |", "$(", "token=$(", "password is ",
		"password \"", "{\"password\":", "login password ", "-p ", "<password>",
	} {
		s := strings.Repeat(part, size/len(part))
		start := time.Now()
		once := Text(s)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q: took %v", part, took)
		}
		if twice := Text(once); twice != once {
			t.Errorf("%q: a second time it is another", part)
		}
	}
}

// TestSplices holds long texts made of pieces of all others to what is promised of any.
func TestSplices(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	seed := strings.Join(harmless, "\n") + "\n" + pemOf("PRIVATE KEY")
	for range 500 {
		s := seed
		for range 1 + random.IntN(20) {
			at := random.IntN(len(s))
			switch random.IntN(3) {
			case 0:
				s = s[:at] + string(byte(random.IntN(256))) + s[at:]
			case 1:
				s = s[:at] + s[min(len(s), at+random.IntN(40)):]
			case 2:
				s = s[:at] + leaks[random.IntN(len(leaks))] + s[at:]
			}
		}
		once := string(Log([]byte(s)))
		if got := written(t, s, 1+random.IntN(50)); got != once {
			t.Fatalf("in pieces it is another:\n%q", s)
		}
		if twice := string(Log([]byte(once))); twice != once {
			t.Fatalf("a second time it is another:\n%q", s)
		}
		if strings.Count(once, "\n") != strings.Count(s, "\n") {
			t.Fatalf("lines are lost:\n%q", s)
		}
	}
}
