package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/bot/slackfake"
)

// TestDoctorBot looks at a workspace that is there, one whose tokens are revoked, and none.
func TestDoctorBot(t *testing.T) {
	s := slackfake.New(slackfake.Options{})
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	botToken, appToken := s.Tokens()
	env := []string{"SLACK_BOT_TOKEN=" + botToken, "SLACK_APP_TOKEN=" + appToken, "OOMBOT_SLACK_API_URL=" + s.APIURL()}
	tests := []struct {
		name, revoked string
		env           []string
		states, says  string
	}{
		{"nothing", "", nil, "", ""},
		{"well", "", env, "ok ok", "opens Socket Mode"},
		{"revoked", "token_revoked", env, "fail fail", "token_revoked"},
		{"one token alone", "", []string{env[0], env[2]}, "fail ok", "app-level token"},
		{"PagerDuty's webhooks alone", "", []string{"PAGERDUTY_WEBHOOK_SECRET=s"}, "warn", "no more than a title"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.Revoke(tt.revoked)
			dir := t.TempDir()
			kubeconfig, path := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "oombot.yaml")
			for name, text := range map[string]string{
				kubeconfig: "apiVersion: v1\nkind: Config\n", path: "kubernetes: {kubeconfig: " + kubeconfig + ", context: none}\n",
			} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			stdout, stderr, code := runWith(t, append(tt.env, "OOMBOT_CONFIG="+path), "doctor", "-o", "json")
			if code != exitDone || stderr != "" || strings.Contains(stdout, botToken) || strings.Contains(stdout, appToken) {
				t.Fatalf("exit status %d, %s\n%s", code, stderr, stdout)
			}
			var states, says []string
			for _, k := range readCheckup(t, stdout).Checks {
				if k.Tool == "slack" || k.Tool == "pagerduty" {
					states, says = append(states, string(k.State)), append(says, k.Says)
				}
			}
			if got := strings.Join(states, " "); got != tt.states || !strings.Contains(strings.Join(says, "; "), tt.says) {
				t.Errorf("the checks are %s: %q, want %s: %q", got, says, tt.states, tt.says)
			}
		})
	}
}
