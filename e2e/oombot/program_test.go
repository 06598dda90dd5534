package oombot_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// shell starts a shell with a script.
func shell(t *testing.T, script string, env ...string) *oombot.Program {
	t.Helper()
	return oombot.Start(t, oombot.Options{Name: "a script", Binary: "/bin/sh", Args: []string{"-c", script}, Env: env})
}

// TestProgram has a program print on both ways and wait for its end.
func TestProgram(t *testing.T) {
	p := shell(t, `trap 'echo ends; exit 0' TERM; echo one $WORD; echo two >&2; while :; do sleep 0.05; done`, "WORD=more")
	if got := p.Says(t, regexp.MustCompile(`one (\S+)`)); got != "more" {
		t.Errorf("it said %q", got)
	}
	p.Says(t, regexp.MustCompile(`(two)`))
	if most := p.MaxRSS(t); most < 1<<16 || most > 1<<30 {
		t.Errorf("it held %d bytes", most)
	}
	if took := p.Stop(t); took <= 0 {
		t.Errorf("it took %s to end", took)
	}
	if got := p.Log(); got != "one more\ntwo\nends\n" {
		t.Errorf("its log is %q", got)
	}
	p.Kill() // it has ended
}

// TestKill ends what does not want to end.
func TestKill(t *testing.T) {
	p := shell(t, `trap '' TERM; echo begun; while :; do sleep 0.05; done`)
	p.Says(t, regexp.MustCompile(`(begun)`))
	p.Kill()
	p.Kill()
	if got := p.Log(); got != "begun\n" {
		t.Errorf("its log is %q", got)
	}
}

// TestServe has the bot answer in a workspace, end, and be another one at the same address.
func TestServe(t *testing.T) {
	const channel = "C0OOMBOT"
	s := oombot.NewSlack(t, slackfake.Options{})
	oombot.AddChannel(t, s, channel)
	o := oombot.Serve{
		Slack: s, Memory: filepath.Join(t.TempDir(), "memory.db"), Config: "slack: {channels: {" + channel + ": {}}}\n",
		Args: []string{"--bundles", filepath.Join(oombot.Root(t), "examples")},
	}
	b := o.Run(t)
	if status, _ := oombot.Post(t, b.URL+"/webhooks/alertmanager", []byte("no JSON")); status != http.StatusBadRequest {
		t.Errorf("no JSON is answered %d", status)
	}
	if _, err := s.Mention(oombot.Ada, channel, "investigate ads/gateway-zxthbd6kg-tcr7d"); err != nil {
		t.Fatal(err)
	}
	m := oombot.WaitVerdict(t, s, channel, "gateway-zxthbd6kg-tcr7d")
	if !oombot.IsVerdict(m) || len(oombot.Verdicts(s, channel, "")) != 1 || len(oombot.Verdicts(s, channel, "another")) != 0 {
		t.Errorf("the verdicts are %+v", oombot.Verdicts(s, channel, ""))
	}
	o.Listen = b.Address
	b.Stop(t)
	if got := b.Readiness(t); got != 0 {
		t.Errorf("when it has ended it answers %d", got)
	}
	if again := o.Run(t); again.URL != b.URL {
		t.Errorf("another one listens at %s, want %s", again.URL, b.URL)
	} else {
		again.Stop(t)
	}
	traces := oombot.Remembered(t, "", o.Memory, "ads", "gateway-zxthbd6kg-tcr7d")
	if len(traces) != 1 || !strings.HasPrefix(traces[0].Result.Target.Pod, "gateway-") {
		t.Errorf("%d traces are remembered: %+v", len(traces), traces)
	}
}

// TestGet asks where nobody listens.
func TestGet(t *testing.T) {
	if status, says := oombot.Get(t, "http://"+oombot.FreeAddress(t)); status != 0 || says == "" {
		t.Errorf("nobody answers %d %q", status, says)
	}
}
