package redact

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// keyBody is the inside of a key: no real one.
const keyBody = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n" +
	"MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n" +
	"NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s\n" +
	"kj3+tw==\n"

func pemOf(kind string) string {
	return "-----BEGIN " + kind + "-----\n" + keyBody + "-----END " + kind + "-----\n"
}

// prefixed puts a time stamp before each line, as kubectl logs --timestamps does.
func prefixed(prefix, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(prefix + line)
	}
	return b.String()
}

// leaked returns the lines of keyBody of which something is left in text.
func leaked(text string) []string {
	var left []string
	for line := range strings.Lines(keyBody) {
		if strings.Contains(text, strings.TrimSuffix(line, "\n")) {
			left = append(left, line)
		}
	}
	return left
}

const stamp = "2026-03-26T18:17:46.123456789Z "

func TestPrivateKeysOverSeveralLines(t *testing.T) {
	encrypted := "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123\n\n" + keyBody + "-----END RSA PRIVATE KEY-----\n"
	for name, key := range map[string]string{
		"PKCS 8":       pemOf("PRIVATE KEY"),
		"RSA":          pemOf("RSA PRIVATE KEY"),
		"EC":           pemOf("EC PRIVATE KEY"),
		"OpenSSH":      pemOf("OPENSSH PRIVATE KEY"),
		"PGP":          pemOf("PGP PRIVATE KEY BLOCK"),
		"SSH2":         "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n" + keyBody + "---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
		"encrypted":    encrypted,
		"CRLF":         strings.ReplaceAll(pemOf("PRIVATE KEY"), "\n", "\r\n"),
		"indented":     prefixed("    ", pemOf("PRIVATE KEY")),
		"kubectl":      prefixed(stamp, pemOf("PRIVATE KEY")),
		"CRI":          prefixed(stamp+"stdout F ", pemOf("PRIVATE KEY")),
		"indented CRI": prefixed(stamp+"stdout F    ", pemOf("PRIVATE KEY")),
		"logger":       prefixed(stamp+"INFO ", pemOf("PRIVATE KEY")),
		"compose":      prefixed("app-1 | ", pemOf("PRIVATE KEY")),
		"in a value":   "TLS_KEY='" + pemOf("PRIVATE KEY") + "'\n",
		"in YAML":      "key: |\n" + prefixed("  ", pemOf("PRIVATE KEY")),
		"no head":      keyBody + "-----END PRIVATE KEY-----\n",
		"no head, CRI": prefixed(stamp+"stdout F ", keyBody+"-----END PRIVATE KEY-----\n"),
		"no end":       "-----BEGIN PRIVATE KEY-----\n" + keyBody,
		"only body":    keyBody,
	} {
		doc := stamp + "before it\n" + key + stamp + "java.lang.OutOfMemoryError: Java heap space\n"
		for how, mask := range map[string]func(string) string{
			"Log": func(s string) string { return string(Log([]byte(s))) }, "Text": Text,
			"LogWriter": func(s string) string { return written(t, s, 7) }, "LogReader": func(s string) string { return readBack(t, s) },
		} {
			got := mask(doc)
			left := leaked(got)
			if name == "no head" || name == "no head, CRI" || name == "only body" { // the last lines may be too short to tell
				left = left[:0:0]
				for _, l := range leaked(got) {
					if len(l) > 50 {
						left = append(left, l)
					}
				}
			}
			if len(left) > 0 {
				t.Errorf("%s, %s: leaked %q in\n%s", name, how, left, got)
			}
			if strings.Count(got, "\n") != strings.Count(doc, "\n") || strings.Count(got, stamp) != strings.Count(doc, stamp) {
				t.Errorf("%s, %s: lines or stamps are lost:\n%s", name, how, got)
			}
			if !strings.HasPrefix(got, stamp+"before it\n") || !strings.HasSuffix(got, "OutOfMemoryError: Java heap space\n") {
				t.Errorf("%s, %s: what stands around the key is lost:\n%s", name, how, got)
			}
			if twice := mask(got); twice != got {
				t.Errorf("%s, %s: a second time it became\n%s", name, how, twice)
			}
		}
	}
}

func TestKeyThatNeverEnds(t *testing.T) {
	doc := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("an ordinary line of the log\n", 5) + strings.Repeat("word\n", keyLines) + "end\n"
	got := Text(doc)
	if strings.Count(got, "an ordinary line of the log\n") != 5 {
		t.Error("lines between those of the key are lost")
	}
	if !strings.HasSuffix(got, "word\nend\n") {
		t.Error("it hides the rest of the log")
	}
}

func TestOtherBlocksStay(t *testing.T) {
	for _, s := range []string{
		"-----BEGIN CERTIFICATE REQUEST-----\n", "-----BEGIN PUBLIC KEY-----\nabc\n", "-----BEGIN something else that is long-----\nabc\n",
		"-----BEGIN \n", "---- BEGIN \nabc\n",
	} {
		if got := Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// written passes s through a LogWriter in pieces of n bytes.
func written(t *testing.T, s string, n int) string {
	t.Helper()
	var b bytes.Buffer
	w := NewLogWriter(&b)
	for at := 0; at < len(s); at += n {
		if _, err := w.Write([]byte(s[at:min(len(s), at+n)])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// readBack passes s through a LogReader.
func readBack(t *testing.T, s string) string {
	t.Helper()
	data, err := io.ReadAll(NewLogReader(iotest.HalfReader(strings.NewReader(s))))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
