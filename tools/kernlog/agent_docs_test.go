package kernlog

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// documented are the lines of a node agent that docs/kernlog.md shows.
func documented(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/kernlog.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(page), "## Lines of a node agent\n")
	_, part, fenced := strings.Cut(part, "```text\n")
	part, _, closed := strings.Cut(part, "```")
	if !ok || !fenced || !closed {
		t.Fatal("docs/kernlog.md has no block of lines of a node agent")
	}
	return strings.Split(strings.TrimSuffix(part, "\n"), "\n")
}

// readLine reads a line as a log.
func readLine(t *testing.T, line string) investigations.KernelLog {
	t.Helper()
	s := NewScanner(strings.NewReader(line+"\n"), Options{})
	if s.Scan() {
		t.Errorf("%s is read as a report of the kernel", line)
	}
	return s.Summary()
}

// TestAgentLinesDocumented has each line of the page be read as what it says, and be what Render writes of it.
func TestAgentLinesDocumented(t *testing.T) {
	words := map[string]bool{}
	for _, line := range documented(t) {
		sum := readLine(t, line)
		a := investigations.NodeAccount{Node: "n1", UserKills: sum.UserKills}
		switch {
		case len(sum.UserKills) == 1 && sum.Followed == nil:
			words[sum.UserKills[0].Killer] = true
		case len(sum.UserKills) == 0 && sum.Followed != nil && sum.Followed.From.IsZero():
			words["not followed"] = true
			// It is there only where something is above it.
			a.UserKills = []investigations.UserKill{{At: sum.To, Killer: investigations.UserKillUnit, Path: "a.service", Text: "a.service: Failed with result 'oom-kill'."}}
		case len(sum.UserKills) == 0 && sum.Followed != nil:
			words["followed"] = true
			a.LosslessFrom, a.LosslessTo = sum.Followed.From, sum.Followed.To
		default:
			t.Errorf("%s is read as %+v", line, sum)
			continue
		}
		if text := Render(a); !bytes.Contains(text, []byte(line+"\n")) {
			t.Errorf("%s is written as\n%s", line, text)
		}
	}
	for _, want := range []string{investigations.UserKillCounter, investigations.UserKillKubeletEviction, investigations.UserKillSystemdOOMD, "followed", "not followed"} {
		if !words[want] {
			t.Errorf("the page shows no line of the sort %q", want)
		}
	}
}

// TestAgentLinesAllDocumented has the page name every sort of line that an agent writes.
func TestAgentLinesAllDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/kernlog.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Join(regexp.MustCompile("(?m)^\\| `.*$").FindAllString(string(page), -1), "\n")
	for _, want := range append([]string{"counted N kills within M ms", "of pids", "at its own limit", strings.TrimSpace(followedWords), notFollowedWords}, agentKillers...) {
		if !strings.Contains(rows, want) {
			t.Errorf("docs/kernlog.md does not explain %q", want)
		}
	}
}
