package main

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// root is the module's root, seen from this package.
const root = "../.."

// documents returns the text of every document for people, by its path below root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != "." || d.Name() == "testdata" || d.Name() == "bin"):
			return fs.SkipDir
		case path.Ext(p) == ".md":
			text, err := os.ReadFile(filepath.Join(root, p))
			if err != nil {
				return err
			}
			docs[p] = string(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) < 10 {
		t.Fatalf("found only %d documents: the walk is wrong", len(docs))
	}
	return docs
}

// TestDocumentsLink fails where a document links to a file that isn't there.
func TestDocumentsLink(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, path.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
	}
}

// TestDocumentsNameTargets fails where a document names a make target that the Makefile doesn't have.
func TestDocumentsNameTargets(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`\bmake ([a-z0-9-]+)`)
	for name, text := range documents(t) {
		for _, code := range codeOf(text) {
			for _, m := range target.FindAllStringSubmatch(code, -1) {
				if !bytes.Contains(makefile, []byte("\n"+m[1]+":")) {
					t.Errorf("%s names `make %s`, which the Makefile doesn't have", name, m[1])
				}
			}
		}
	}
}

// TestDocumentsNameCommands fails where a document, or the help of a command, shows a command or a flag that
// the program doesn't have.
func TestDocumentsNameCommands(t *testing.T) {
	cmd := commandLine()
	texts := map[string][]string{}
	for name, text := range documents(t) {
		texts[name] = codeOf(text)
	}
	for _, c := range allCommands(cmd) {
		texts["the example of "+c.CommandPath()] = []string{c.Example}
		texts["the long help of "+c.CommandPath()] = codeOf(c.Long)
	}
	call := regexp.MustCompile(`\boombot ([a-z]+)\b((?: [a-z]+\b)?)([^|;\n]*)`)
	flag := regexp.MustCompile(`(?:^|\s)(--?[a-z][a-z-]*)`)
	calls := 0
	for name, codes := range texts {
		for _, code := range codes {
			for _, m := range call.FindAllStringSubmatch(code, -1) {
				calls++
				found, _, err := cmd.Find([]string{m[1]})
				if err != nil || found == cmd {
					t.Errorf("%s names `oombot %s`, which is no command", name, m[1])
					continue
				}
				if found.HasSubCommands() && m[2] != "" {
					below, _, err := found.Find([]string{strings.TrimSpace(m[2])})
					if err != nil || below == found {
						t.Errorf("%s names `oombot %s%s`, which is no command", name, m[1], m[2])
						continue
					}
					found = below
				}
				for _, f := range flag.FindAllStringSubmatch(m[3], -1) {
					if !hasFlag(found, f[1]) {
						t.Errorf("%s shows `%s %s`, which is no flag of it", name, found.CommandPath(), f[1])
					}
				}
			}
		}
	}
	if calls < 20 {
		t.Errorf("found only %d calls of the program in all documents: the search is wrong", calls)
	}
}

func commandLine() *cobra.Command {
	cmd := newRoot(newApp(nil, nil, new(bytes.Buffer), new(bytes.Buffer)))
	cmd.InitDefaultHelpCmd()
	return cmd
}

// allCommands are cmd and those below it.
func allCommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		all = append(all, allCommands(c)...)
	}
	return all
}

func hasFlag(cmd *cobra.Command, written string) bool {
	cmd.InitDefaultHelpFlag()
	cmd.InheritedFlags() // merges those of the commands above
	name, long := strings.CutPrefix(written, "--")
	found := false
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		found = found || long && f.Name == name || !long && f.Shorthand == strings.TrimPrefix(written, "-")
	})
	return found
}

// codeOf returns what stands in backquotes in a text, in a line or in a block. A block of yaml holds none.
func codeOf(text string) []string {
	var out []string
	var prose strings.Builder
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			if !strings.HasPrefix(part, "yaml") {
				out = append(out, part)
			}
			continue
		}
		prose.WriteString(part)
	}
	for i, part := range strings.Split(prose.String(), "`") {
		if i%2 == 1 {
			out = append(out, part)
		}
	}
	return out
}

// TestEveryCommandHasHelp fails for a command without a sentence, an example or a check of its arguments.
func TestEveryCommandHasHelp(t *testing.T) {
	cmd := commandLine()
	var names []string
	for _, c := range allCommands(cmd) {
		names = append(names, c.Name())
		if c.Short == "" || !strings.Contains(c.Example, "oombot") || c.RunE == nil || c.Args == nil {
			t.Errorf("%s lacks a sentence, an example, RunE or Args", c.CommandPath())
		}
	}
	for _, want := range []string{"demo", "eval", "help", "history", "investigate", "kernlog", "serve", "version"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no command %s", want)
		}
	}
}
