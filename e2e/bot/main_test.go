package bot

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// The secrets of the tests. None of them is in a log or in the memory file.
const (
	signingSecret = "5ign1ng-s3cret-of-the-tests"
	bearer        = "b3arer-token-of-the-tests"
	pagerSecret   = "pag3r-s3cret-of-the-tests"
	pagerToken    = "pag3r-t0ken-of-the-tests"
)

// serve is a running bot, whose memory stays in dir.
type serve struct {
	*oombot.Bot
	dir string
}

// memoryIn is the memory file of a bot in a folder.
func memoryIn(dir string) string { return filepath.Join(dir, "memory.db") }

// startServe begins a bot whose memory stays in dir, and waits until it is ready.
func startServe(t testing.TB, s *slackfake.Server, dir, config string, args ...string) *serve {
	t.Helper()
	return start(t, dir, oombot.Serve{Slack: s, Config: config, Args: args})
}

func start(t testing.TB, dir string, o oombot.Serve) *serve {
	t.Helper()
	o.Memory = memoryIn(dir)
	r := &serve{Bot: o.Begin(t), dir: dir}
	botToken, appToken := o.Slack.Tokens()
	t.Cleanup(func() {
		r.Kill()
		r.keepsSecrets(t, []string{botToken, appToken, signingSecret, bearer, pagerSecret, pagerToken})
	})
	r.WaitReadiness(t, http.StatusOK)
	return r
}

// keepsSecrets fails where a secret is in the log or in a file that the bot wrote.
func (r *serve) keepsSecrets(t testing.TB, secrets []string) {
	t.Helper()
	places := map[string][]byte{"the log": []byte(r.Log())}
	err := filepath.WalkDir(r.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		places[path], err = os.ReadFile(path)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("look for secrets: %v", err)
	}
	for where, text := range places {
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("the secret %q is in %s", secret, where)
			}
		}
	}
}

// post sends a webhook and returns the status that it is answered with; 0 where it is not.
func (r *serve) post(t testing.TB, path, body string, header ...string) int {
	status, _ := oombot.Post(t, r.URL+path, []byte(body), header...)
	return status
}

// managerBody is a webhook of Alertmanager of one alert for each NAMESPACE/POD.
func managerBody(status string, pods ...string) string {
	ends := "0001-01-01T00:00:00Z"
	if status == "resolved" {
		ends = "2026-03-04T02:37:09Z"
	}
	var list []string
	for _, p := range pods {
		ns, pod, _ := strings.Cut(p, "/")
		list = append(list, fmt.Sprintf(`{"status": %q, "labels": {"alertname": "ContainerOOMKilled", "namespace": %q, "pod": %q}, "annotations": {},
			"startsAt": "2026-03-04T02:17:09Z", "endsAt": %q, "fingerprint": "%x"}`, status, ns, pod, ends, p))
	}
	return fmt.Sprintf(`{"version": "4", "groupKey": "{}:{}", "status": %q, "receiver": "oombot", "alerts": [%s]}`, status, strings.Join(list, ","))
}

// alertmanager sends a webhook of one alert for each NAMESPACE/POD.
func (r *serve) alertmanager(t testing.TB, status string, pods ...string) int {
	return r.post(t, "/webhooks/alertmanager", managerBody(status, pods...))
}

// firing sends an alert that has to be taken.
func (r *serve) firing(t testing.TB, pods ...string) {
	t.Helper()
	if got := r.alertmanager(t, "firing", pods...); got != http.StatusOK {
		t.Fatalf("the webhook of %v was answered %d", pods, got)
	}
}
