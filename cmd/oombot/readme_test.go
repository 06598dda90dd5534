package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeVerdict compares the verdict that the README shows with what the program prints about that example,
// so that it never shows what nobody gets. With OOMBOT_UPDATE set it writes the README anew.
func TestReadmeVerdict(t *testing.T) {
	const (
		example = "examples/leak-after-deploy"
		begin   = "<!-- verdict:begin -->\n"
		end     = "<!-- verdict:end -->"
	)
	stdout, stderr, code := runProgram(t, strings.NewReader(""), "investigate", "--bundle", filepath.Join(root, example))
	if code != exitDone || stderr != "" {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	// The evidence would be too long there, and the end tells how long each source took.
	verdict, _, ok := strings.Cut(stdout, "\nEVIDENCE")
	if !ok {
		t.Fatalf("no evidence in the verdict:\n%s", stdout)
	}
	want := "```console\n$ oombot investigate --bundle " + example + "\n" + verdict + "```\n"

	name := filepath.Join(root, "README.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("README.md has no place for a verdict, between %q and %q", begin, end)
	}
	if got == want {
		return
	}
	if os.Getenv("OOMBOT_UPDATE") == "" {
		t.Fatalf("README.md shows another verdict than the program prints; run this test with OOMBOT_UPDATE=1.\ngot:\n%s\nwant:\n%s", got, want)
	}
	if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
