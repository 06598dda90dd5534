package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// modelChecks runs doctor without a cluster and returns what it says of the model.
func modelChecks(t *testing.T, config string, env ...string) []investigations.Check {
	t.Helper()
	dir := t.TempDir()
	kubeconfig, path := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "oombot.yaml")
	for name, text := range map[string]string{
		kubeconfig: "apiVersion: v1\nkind: Config\n", path: "kubernetes: {kubeconfig: " + kubeconfig + ", context: none}\n" + config,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code := runWith(t, append(env, "OOMBOT_CONFIG="+path), "doctor", "-o", "json")
	if code != exitDone || stderr != "" {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	if strings.Contains(stdout, modeltest.DefaultKey) {
		t.Error("doctor prints the key")
	}
	c := readCheckup(t, stdout)
	var out []investigations.Check
	for _, k := range c.Checks {
		if k.Tool == "llm" {
			out = append(out, k)
		}
	}
	return out
}

func TestDoctorModel(t *testing.T) {
	server := modeltest.NewServer(modeltest.Options{}) // its faults are what is looked for
	t.Cleanup(server.Close)
	env := []string{"OPENAI_BASE_URL=" + server.URL(), "OPENAI_MODEL=" + server.Model(), "OPENAI_API_KEY=" + server.Key()}
	tests := []struct {
		name   string
		config string
		env    []string
		states string
		says   string
		fix    string
	}{
		{"none", "", []string{"OPENAI_API_KEY=sk-for-another-program"}, "ok", "no model is configured: verdicts are by rules", ""},
		{"an endpoint alone", "", []string{"OPENAI_BASE_URL=" + server.URL()}, "warn", "and no model", "set llm.model or OPENAI_MODEL"},
		{"well", "llm: {max_calls: 4, max_tokens: 9000}", env, "ok ok", "stand-in-1 is asked, at most 4 times and for 9000 tokens an investigation; it offers stand-in-1", ""},
		{"no key", "", env[:2], "ok fail", "status 401", "the endpoint wants a key"},
		{"another model", "", append(env[:1:1], "OPENAI_MODEL=other", env[2]), "ok warn", "it doesn't list other, but 1 others, as stand-in-1", "set llm.model"},
		{"no endpoint", "", []string{"OPENAI_MODEL=m", "OPENAI_BASE_URL=http://127.0.0.1:1/v1"}, "ok fail", "can't be reached", "check llm.base_url"},
		{"the wrong address", "", []string{"OPENAI_MODEL=m", "OPENAI_BASE_URL=" + server.URL() + "/chat/completions"}, "fail", "ends in /chat/completions", "llm.base_url"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var states, says, fixes []string
			for _, k := range modelChecks(t, tt.config, tt.env...) {
				states, says, fixes = append(states, string(k.State)), append(says, k.Says), append(fixes, k.Fix)
			}
			if got := strings.Join(states, " "); got != tt.states || !strings.Contains(strings.Join(says, "; "), tt.says) ||
				!strings.Contains(strings.Join(fixes, "; "), tt.fix) {
				t.Errorf("%s: %q, %q", got, says, fixes)
			}
		})
	}
	if n := len(server.Requests()); n > 0 {
		t.Errorf("doctor asked for %d completions", n)
	}
}

// TestDoctorModelHangs has an endpoint that takes requests and never answers: the time of a source bounds it.
func TestDoctorModelHangs(t *testing.T) {
	got := modelChecks(t, "limits: {source_timeout: 1s}\n", "OPENAI_MODEL=m", "OPENAI_BASE_URL="+hanging(t))
	if len(got) != 2 || got[1].State != investigations.CheckFail || !strings.Contains(got[1].Says, "can't be reached") {
		t.Errorf("%+v", got)
	}
}
