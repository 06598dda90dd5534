package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// example is one of the shipped incidents.
func example(t *testing.T, name string) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Open(filepath.Join(root, "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// atCluster runs the program with a stand-in for an API server.
func atCluster(t *testing.T, s *kubetest.Server, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, []string{"OOMBOT_CONFIG=" + configFor(t, s)}, nil, &out, &errs)
	return out.String(), errs.String(), code
}

// configFor writes a configuration that names a stand-in for an API server.
func configFor(t *testing.T, s *kubetest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oombot.yaml")
	text := "cluster: test\nkubernetes: {kubeconfig: " + s.Kubeconfig(t) + "}\nlimits: {source_timeout: 5s}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCollect has what is collected give the verdict that was given live.
func TestCollect(t *testing.T) {
	b := example(t, "leak-after-deploy")
	s := kubetest.New(t, b.FS())
	target, at := b.Request().Target.String(), b.Request().At.Format(time.RFC3339)
	out := filepath.Join(t.TempDir(), "incident")
	stdout, stderr, code := atCluster(t, s, "collect", target, "--at", at, "--window", "30m", "--out", out, "-o", "json")
	if code != 0 || stderr != "" {
		t.Fatalf("exit status %d, %s", code, stderr)
	}
	var w bundle.Written
	if err := json.Unmarshal([]byte(stdout), &w); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	if w.Dir != out || w.Files < 5 || w.Bytes == 0 || !strings.Contains(w.Missing["metrics"], "set prometheus.url") {
		t.Errorf("written: %+v", w)
	}
	verdict := func(args ...string) investigations.Verdict {
		stdout, stderr, code := atCluster(t, s, append([]string{"investigate", "-o", "json"}, args...)...)
		var r investigations.Result
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != 0 {
			t.Fatalf("exit status %d, %v, %s", code, err, stderr)
		}
		return r.Verdict
	}
	live, later := verdict(target, "--at", at, "--window", "30m"), verdict("--bundle", out)
	if live.Mechanism != later.Mechanism || live.Headline != later.Headline || live.Confidence != later.Confidence {
		t.Errorf("live: %+v\nfrom the bundle: %+v", live, later)
	}
}

func TestCollectText(t *testing.T) {
	b := example(t, "leak-after-deploy")
	out := filepath.Join(t.TempDir(), "it's here")
	stdout, _, code := atCluster(t, kubetest.New(t, b.FS()), "collect", b.Request().Target.String(), "--out", out)
	for _, want := range []string{
		"files, ", "\n  not read: metrics: not configured: set prometheus.url", "\nInvestigate it with: oombot investigate --bundle '", `it'"'"'s here'`,
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit status %d, no %q in\n%s", code, want, stdout)
		}
	}
}

// TestCollectRefuses has a person say too little, or name what is not there: nothing is written.
func TestCollectRefuses(t *testing.T) {
	b := example(t, "leak-after-deploy")
	s := kubetest.New(t, b.FS())
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "notes"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	free := filepath.Join(t.TempDir(), "free")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--out", free}, 2, "say what to record: a target"},
		{[]string{"shop/web"}, 2, "say where to write the bundle: --out DIR"},
		{[]string{"shop", "--out", free}, 2, "write NAMESPACE/NAME"},
		{[]string{"shop/web", "--out", free, "--window", "31d"}, 2, "at most 30d"},
		{[]string{"shop/web", "--out", free, "--at", "yesterday"}, 2, "is no time"},
		{[]string{"shop/web", "--out", full}, 1, "it is there already: give a folder that is not there yet, or an empty one"},
		{[]string{"shop/web", "--out", filepath.Join(full, "notes")}, 1, "is no folder"},
		{[]string{"nowhere/nobody", "--out", free}, 1, "the cluster has no namespace nowhere"},
	} {
		stdout, stderr, code := atCluster(t, s, append([]string{"collect"}, test.args...)...)
		if code != test.code || !strings.Contains(stderr, test.says) || stdout != "" {
			t.Errorf("%q: exit status %d, %q, %q", test.args, code, stdout, stderr)
		}
	}
	if entries, _ := os.ReadDir(full); len(entries) != 1 {
		t.Errorf("the folder that was there holds %d things", len(entries))
	}
	if _, err := os.Stat(free); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder was made: %v", err)
	}
}

// TestCollectForbidden has a role that may nothing: there is a bundle, and it says why it is empty.
func TestCollectForbidden(t *testing.T) {
	b := example(t, "leak-after-deploy")
	s := kubetest.New(t, b.FS())
	s.Forbid(func(*http.Request) bool { return true })
	out := filepath.Join(t.TempDir(), "incident")
	if _, stderr, code := atCluster(t, s, "collect", b.Request().Target.String(), "--out", out); code != 0 {
		t.Fatalf("exit status %d, %s", code, stderr)
	}
	stdout, stderr, code := atCluster(t, s, "investigate", "--bundle", out)
	if code != 0 || !strings.Contains(stdout, "the role lacks the verb") {
		t.Errorf("exit status %d, %s\n%s", code, stderr, stdout)
	}
}

func TestReadingLine(t *testing.T) {
	p := investigations.Progress{Tool: "pods", Done: true, Took: 1500 * time.Millisecond}
	if got := readingLine(p); !regexp.MustCompile(`^  pods +\S+ \S+  read$`).MatchString(got) {
		t.Errorf("%q", got)
	}
	p.Err = errors.New("no\nway")
	if got := readingLine(p); !strings.Contains(got, "no") || strings.Contains(got, "\n") || strings.Contains(got, "read") {
		t.Errorf("%q", got)
	}
}
