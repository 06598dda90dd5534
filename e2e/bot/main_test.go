package bot

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
)

// binary is the program that is driven; it is given by the environment.
func binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("OOMBOT_BINARY")
	if path == "" {
		t.Skip("OOMBOT_BINARY does not name the program to drive: make e2e does")
	}
	return path
}

// The secrets of the tests. None of them is in a log or in the memory file.
const (
	signingSecret = "5ign1ng-s3cret-of-the-tests"
	bearer        = "b3arer-token-of-the-tests"
	pagerSecret   = "pag3r-s3cret-of-the-tests"
	pagerToken    = "pag3r-t0ken-of-the-tests"
)

// start says how a bot is begun.
type start struct {
	slack *slackfake.Server
	// dir is where its memory stays.
	dir, config string
	// listen is its address; empty: any.
	listen string
	args   []string
	// env is what its environment has beside the tokens of Socket Mode, which http leaves out.
	env  []string
	http bool
}

// serve is a running `oombot serve`.
type serve struct {
	cmd *exec.Cmd
	dir string
	url string
	// read is closed when its log was read to the end.
	read chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

// listening is what serve logs when it hears.
var listening = regexp.MustCompile(`listening.*addr=(\S+)`)

// startServe begins the bot in a folder of its own, in which its memory stays, and waits until it is ready.
func startServe(t testing.TB, s *slackfake.Server, dir, config string, args ...string) *serve {
	t.Helper()
	return start{slack: s, dir: dir, config: config, args: args}.run(t)
}

func (o start) run(t testing.TB) *serve {
	t.Helper()
	r := o.begin(t)
	r.ready(t)
	return r
}

// begin is run without the wait for readiness.
func (o start) begin(t testing.TB) *serve {
	t.Helper()
	file := filepath.Join(t.TempDir(), "oombot.yaml")
	if err := os.WriteFile(file, []byte(o.config), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := o.listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	r := &serve{dir: o.dir, read: make(chan struct{})}
	r.cmd = exec.CommandContext(t.Context(), binary(t), append([]string{"serve", "--config", file, "--memory", filepath.Join(o.dir, "memory.db"), "--listen", listen}, o.args...)...)
	botToken, appToken := o.slack.Tokens()
	r.cmd.Env = append(os.Environ(), "SLACK_BOT_TOKEN="+botToken, "OOMBOT_SLACK_API_URL="+o.slack.APIURL(), "OPENAI_MODEL=", "OPENAI_BASE_URL=")
	if !o.http {
		r.cmd.Env = append(r.cmd.Env, "SLACK_APP_TOKEN="+appToken)
	}
	r.cmd.Env = append(r.cmd.Env, o.env...)
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1)
	go r.readLog(stderr, heard) // ends with the program
	t.Cleanup(func() {
		r.kill()
		r.keepsSecrets(t, []string{botToken, appToken, signingSecret, bearer, pagerSecret, pagerToken})
		if t.Failed() {
			t.Logf("the log of serve:\n%s", r.logged())
		}
	})
	addr, ok := <-heard
	if !ok {
		t.Fatalf("serve ended before it heard:\n%s", r.logged())
	}
	r.url = "http://" + addr
	return r
}

func (r *serve) readLog(stderr io.Reader, heard chan<- string) {
	defer close(r.read)
	defer close(heard)
	told := false
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil && !told {
			heard <- m[1]
			told = true
		}
		r.mu.Lock()
		fmt.Fprintln(&r.log, lines.Text())
		r.mu.Unlock()
	}
}

func (r *serve) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// keepsSecrets fails where a secret is in the log or in a file that the bot wrote.
func (r *serve) keepsSecrets(t testing.TB, secrets []string) {
	t.Helper()
	places := map[string][]byte{"the log": []byte(r.logged())}
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

// get asks for a URL, and returns the status and the body; 0 and the error's text where nobody answers.
func get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

func (r *serve) ready(t testing.TB) {
	t.Helper()
	r.waitReadiness(t, http.StatusOK)
}

// waitReadiness waits until the bot says that it is, or is not, ready.
func (r *serve) waitReadiness(t testing.TB, want int) {
	t.Helper()
	until(t, fmt.Sprintf("/readyz answers %d", want), func() bool {
		status, _ := get(t, r.url+"/readyz")
		return status == want
	})
}

// until waits for what no stand-in tells.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("it never came to this: %s", what)
}

// stop ends it as Kubernetes does, and returns how long that took.
func (r *serve) stop(t testing.TB) time.Duration {
	t.Helper()
	began := time.Now()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-r.read
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	return time.Since(began)
}

// kill ends it as a crash does, where it runs.
func (r *serve) kill() {
	if r.cmd.ProcessState != nil {
		return
	}
	_ = r.cmd.Process.Kill() // it may have ended
	<-r.read
	_ = r.cmd.Wait() // it was killed
}

// post sends a webhook and returns the status that it is answered with; 0 where it is not.
func (r *serve) post(t testing.TB, path, body string, header ...string) int {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // the status is all
	return res.StatusCode
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
