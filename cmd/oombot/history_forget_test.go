package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// left are the ids that are still remembered, the newest first.
func (r *remembered) left() []string {
	r.t.Helper()
	var ids []string
	for h, err := range r.Heads(r.t.Context(), investigations.Filter{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		ids = append(ids, h.ID)
	}
	return ids
}

func TestHistoryForget(t *testing.T) {
	const hint = "'oombot history compact' writes the file anew, without the bytes of what was forgotten\n"
	tests := []struct {
		name           string
		args           []string
		stdout, stderr string
		left           []string
	}{
		{"one", []string{cartID}, "1 incident forgotten\n", hint, []string{againID, firstID, probeID}},
		{"by their beginnings, one twice", []string{cartID[:8], againID[:8], strings.ToLower(cartID)}, "2 incidents forgotten\n", hint, []string{firstID, probeID}},
		{"a namespace", []string{"--namespace", "shop"}, "3 incidents forgotten\n", hint, []string{probeID}},
		{"a namespace that is not there", []string{"--namespace", "sho"}, "nothing to forget\n", "", []string{againID, cartID, firstID, probeID}},
		{"old ones", []string{"--older-than", "3d"}, "3 incidents forgotten\n", hint, []string{againID}},
		{"older than a day", []string{"--older-than", "2025-11-25T03:22:13Z"}, "2 incidents forgotten\n", hint, []string{againID, cartID}},
		{"none that old", []string{"--older-than", "52w"}, "nothing to forget\n", "", []string{againID, cartID, firstID, probeID}},
		{"all until now", []string{"--older-than", "0s"}, "4 incidents forgotten\n", hint, nil},
		{"only asked", []string{"--namespace", "shop", "--dry-run"}, "3 incidents would be forgotten\n", "", []string{againID, cartID, firstID, probeID}},
		{"only asked for one", []string{cartID, "--dry-run"}, "1 incident would be forgotten\n", "", []string{againID, cartID, firstID, probeID}},
		{"only asked for nothing", []string{"--namespace", "none", "--dry-run"}, "nothing to forget\n", "", []string{againID, cartID, firstID, probeID}},
		{"as JSON", []string{"--namespace", "shop", "-o", "json"}, `{"forgotten":3,"dry_run":false}` + "\n", "", []string{probeID}},
		{"asked as JSON", []string{probeID, "--dry-run", "-o", "json"}, `{"forgotten":1,"dry_run":true}` + "\n", "", []string{againID, cartID, firstID, probeID}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rememberFile(t)
			stdout, stderr, code := r.run(append([]string{"forget"}, tt.args...)...)
			if code != exitDone || stdout != tt.stdout || stderr != tt.stderr {
				t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
			}
			if d := cmp.Diff(tt.left, r.left()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestHistoryForgetUsage(t *testing.T) {
	r := rememberFile(t)
	r.fails(exitUsage, "say what to forget: ids, --namespace NS or --older-than D", "forget")
	r.fails(exitUsage, "say what to forget", "forget", "--dry-run")
	const oneWay = "say in one way what to forget"
	r.fails(exitUsage, oneWay, "forget", cartID, "--namespace", "shop")
	r.fails(exitUsage, oneWay, "forget", cartID, "--older-than", "1d")
	r.fails(exitUsage, oneWay, "forget", "--namespace", "shop", "--older-than", "1d")
	r.fails(exitUsage, "--namespace needs the name of a namespace", "forget", "--namespace", "")
	r.fails(exitUsage, `--older-than "" is neither a duration`, "forget", "--older-than", "")
	r.fails(exitUsage, `--older-than "1 year" is neither a duration`, "forget", "--older-than", "1 year")
	r.fails(exitCouldNot, `there is no incident ""`, "forget", "")
	r.fails(exitCouldNot, `there is no incident "01ZZZZZZZZ"`, "forget", cartID, "01ZZZZZZZZ")
	if n := len(r.left()); n != 4 {
		t.Errorf("%d of 4 incidents are left", n)
	}
}
