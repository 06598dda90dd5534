package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ofKubernetes are messages in the troubleshooting that Kubernetes or the kernel writes, not the program.
var ofKubernetes = []string{
	`secret "oombot" not found`, "references non-existent secret key", "unbound … PersistentVolumeClaims", "exec format error", "violates PodSecurity",
	"insufficient quota to match these scopes",
}

// TestTroubleshootingQuotes fails where the troubleshooting quotes a message, and the program has none of these words. A
// quote with … has a part that differs.
func TestTroubleshootingQuotes(t *testing.T) {
	var code strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "e2e" || d.Name() == "testdata" || d.Name() == "deploy" || strings.HasPrefix(d.Name(), ".") && path != root):
			return fs.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		code.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(readDocument(t, "operate.md"), "## Troubleshooting")
	if !found {
		t.Fatal("docs/operate.md has no troubleshooting")
	}
	quotes := 0
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(table, -1) {
		quote := m[1]
		if !strings.Contains(quote, " ") || strings.HasPrefix(quote, "kubectl ") || strings.HasPrefix(quote, "oombot ") || strings.HasPrefix(quote, "ulimit ") ||
			slices.Contains(ofKubernetes, quote) {
			continue
		}
		quotes++
		for part := range strings.SplitSeq(quote, "…") {
			if part = strings.TrimSpace(part); !strings.Contains(code.String(), part) {
				t.Errorf("docs/operate.md quotes %q, and no code has %q", quote, part)
			}
		}
	}
	if quotes < 8 {
		t.Errorf("only %d messages are quoted: the search is wrong", quotes)
	}
}
