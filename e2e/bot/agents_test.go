package bot

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// agentConfig is configuration of a bot that node agents report to with a shared token.
func agentConfig(t testing.TB) string {
	t.Helper()
	return configuration + "agents: {token_file: " + write(t, t.TempDir(), "token", bearer+"\n") + "}\n"
}

// kernlog is what the program reads of a kernel log: each report as it stands in a node agent's message.
func kernlog(t testing.TB, file string) []string {
	t.Helper()
	out := oombot.RunWell(t, oombot.Command{Args: []string{"kernlog", "-o", "json", file}, Dir: "."}).Stdout
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// logOf is the kernel log of an example, and its node.
func logOf(t testing.TB, example string) (file, node string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(examples, example, "kernel", "*.log"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s has the kernel logs %q: %v", example, files, err)
	}
	return files[0], strings.TrimSuffix(filepath.Base(files[0]), ".log")
}

// agentBody is the body of a message of a node agent to the letter of the contract; more is what else stands in it.
func agentBody(node string, seq int, reports []string, more string) string {
	return fmt.Sprintf(`{"version": 1, "node": %q, "boot_id": "7e0a2c1e-8a7e-4a53-9d07-2f1f6e0b7f11", "seq": %d, "reports": [%s]%s}`,
		node, seq, strings.Join(reports, ","), more)
}

func zipped(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// reports is where node agents report to.
const reports = "/v1/kernel-reports"

// report sends a message that has to be taken, compressed.
func (r *serve) report(t testing.TB, body string) {
	t.Helper()
	if status, says := oombot.Post(t, r.URL+reports, zipped(t, []byte(body)), "Authorization", "Bearer "+bearer, "Content-Encoding", "gzip"); status != http.StatusAccepted {
		t.Fatalf("it is answered %d %s, and should be taken:\n%.300s", status, says, body)
	}
}

// killed are examples with a kernel log, each with its pod as NAMESPACE/POD. Three pods have one uid: theirs are three
// clusters.
var killed = []struct{ example, target string }{
	{"leak-after-deploy", leak},
	{"pod-limit", "team-blue/checkout-splbggwt9-wqg7d"},
	{"sidecar-in-a-pod-limit", "platform-eu/pricing-7cthbzgm8n-m4hcr"},
	{"node-allocatable", "shop/session-cache-r6zfkknl-bs85d"},
	{"one-large-request", "shop/web-4qf4lbp7xk-v9zxb"},
	{"limit-lowered", "web/gateway-pz7v47tfbh-x6c86"},
}

// heartbeats are some forms of what the contract leaves open.
var heartbeats = []string{
	``, `, "heartbeat": true`, `, "heartbeat": null`, `, "heartbeat": "2026-11-26T12:00:00Z"`, `, "heartbeat": {"ok": [1, {}], "reader": 7}`,
	`, "heartbeat": {"at": "2026-11-26T12:00:00Z", "lossless_since": "2026-11-26T11:00:00Z"}`,
}

// TestAgents has node agents tell of the kills of recorded incidents, with nothing but what the kernel told: each opens
// a thread with the verdict that the program itself comes to. Told again, in another message, and after a crash, it stays
// one thread, and so it does when Alertmanager tells of it later.
func TestAgents(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{})
	dir, config := t.TempDir(), agentConfig(t)
	r := startServe(t, s, dir, config, "--bundles", examples)
	tell := func(seq int) {
		for i, k := range killed {
			file, node := logOf(t, k.example)
			reports := kernlog(t, file)
			r.report(t, agentBody(node, seq+i, reports[len(reports)-1:], heartbeats[i%len(heartbeats)]))
		}
	}
	var targets []string
	tell(1)
	for _, k := range killed {
		targets = append(targets, k.target)
		card := string(waitVerdict(t, s, podOf(k.target)).Blocks)
		want := judge(t, filepath.Join(examples, k.example)).Verdict
		for _, word := range []string{"`" + want.Boundary + "`", "`" + want.Cause + "`", "Seen by the node agent of"} {
			if !strings.Contains(card, word) {
				t.Errorf("%s: %q is not on the card:\n%s", k.example, word, card)
			}
		}
	}
	tell(1)
	r.Kill()
	r = startServe(t, s, dir, config, "--bundles", examples)
	var alerts sync.WaitGroup
	for _, target := range targets {
		alerts.Go(func() { r.firing(t, target) })
	}
	tell(100)
	alerts.Wait()
	once(t, s, targets...)
}

// TestAgentsSamples has the reports of all kernel logs that the program is tested with taken as it prints them.
func TestAgentsSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../tools/kernlog/testdata/logs/*.log")
	if err != nil || len(files) < 10 {
		t.Fatalf("there are %d kernel logs: %v", len(files), err)
	}
	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), agentConfig(t), "--bundles", examples)
	told := 0
	for i, file := range files {
		for part := range slices.Chunk(kernlog(t, file), 500) {
			told += len(part)
			r.report(t, agentBody("n1", i, part, ""))
		}
	}
	if line := fmt.Sprintf(`oombot_agent_reports_total{kind="kernel"} %d`, told); told < 10 || !strings.Contains(metrics(t, r), line+"\n") {
		t.Errorf("the metrics do not have %s", line)
	}
}

func metrics(t testing.TB, r *serve) string {
	t.Helper()
	_, body := oombot.Get(t, r.URL+"/metrics")
	return body
}

// TestAgentsRefused has what is no message of a node agent, or none of one that may report, refused with a status that
// says whether to send it again; the bot goes on.
func TestAgentsRefused(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), agentConfig(t), "--bundles", examples)
	message := func(more string) string { return `{"version": 1, "node": "n1", "boot_id": "b1", "seq": 1` + more + `}` }
	many := func(n int, of string) string { return strings.TrimSuffix(strings.Repeat(of+",", n), ",") }
	own := []string{"Authorization", "Bearer " + bearer}
	packed := []string{"Authorization", "Bearer " + bearer, "Content-Encoding", "gzip"}
	bomb := zipped(t, bytes.Repeat([]byte(" "), 256<<20))
	for name, tt := range map[string]struct {
		body   []byte
		header []string
		want   int
	}{
		"no token":                   {[]byte(message("")), nil, 401},
		"another token":              {[]byte(message("")), []string{"Authorization", "Bearer x" + bearer}, 401},
		"the start of the token":     {[]byte(message("")), []string{"Authorization", "Bearer " + bearer[:4]}, 401},
		"a token of another scheme":  {[]byte(message("")), []string{"Authorization", "Basic " + bearer}, 401},
		"junk without a token":       {[]byte("junk"), nil, 401},
		"plain":                      {[]byte(message("")), own, 202},
		"compressed":                 {zipped(t, []byte(message(""))), packed, 202},
		"plain as compressed":        {[]byte(message("")), packed, 400},
		"compressed as plain":        {zipped(t, []byte(message(""))), own, 400},
		"cut off":                    {zipped(t, []byte(message("")))[:20], packed, 400},
		"brotli":                     {[]byte(message("")), append(slices.Clone(own), "Content-Encoding", "br"), 415},
		"nothing":                    {nil, own, 400},
		"no JSON":                    {[]byte("{"), own, 400},
		"a list":                     {[]byte("[]"), own, 400},
		"two documents":              {[]byte(message("") + message("")), own, 400},
		"no version":                 {[]byte(`{"node": "n1"}`), own, 400},
		"version 2":                  {[]byte(`{"version": 2, "node": "n1"}`), own, 400},
		"a version in words":         {[]byte(`{"version": "1", "node": "n1"}`), own, 400},
		"no node":                    {[]byte(`{"version": 1}`), own, 400},
		"a node upwards":             {[]byte(`{"version": 1, "node": "../../etc"}`), own, 400},
		"a node that calls":          {[]byte(`{"version": 1, "node": "<!channel>"}`), own, 400},
		"a long node":                {[]byte(`{"version": 1, "node": "` + strings.Repeat("n", 300) + `"}`), own, 400},
		"no boot, no number":         {[]byte(`{"version": 1, "node": "n1"}`), own, 202},
		"number 0":                   {[]byte(`{"version": 1, "node": "n1", "seq": 0}`), own, 202},
		"a number below 0":           {[]byte(`{"version": 1, "node": "n1", "seq": -1}`), own, 202},
		"a number too large":         {[]byte(`{"version": 1, "node": "n1", "seq": 9223372036854775808}`), own, 400},
		"a number in words":          {[]byte(`{"version": 1, "node": "n1", "seq": "1"}`), own, 400},
		"keys that nobody knows":     {[]byte(message(`, "extra": {"a": [1, 2]}, "reports": [{"new": 1}]`)), own, 202},
		"reports that are null":      {[]byte(message(`, "reports": null, "recorder": null`)), own, 202},
		"a recorder of nothing":      {[]byte(message(`, "recorder": {}`)), own, 202},
		"a time that is none":        {[]byte(message(`, "reports": [{"at": "yesterday"}]`)), own, 400},
		"deep":                       {[]byte(message(`, "x": ` + strings.Repeat("[", 200) + strings.Repeat("]", 200))), own, 413},
		"10,000 reports":             {[]byte(message(`, "reports": [` + many(10_000, `{}`) + `]`)), own, 413},
		"a million objects":          {zipped(t, []byte(message(`, "reports": [{"tasks": [`+many(1_000_000, `{}`)+`]}]`))), packed, 413},
		"a bomb":                     {bomb, packed, 413},
		"a long body":                {bytes.Repeat([]byte(" "), 17<<20), own, 413},
		"a pod upwards":              {[]byte(message(`, "pods": [{"uid": "u1", "namespace": "..", "name": "../x"}], "profiles": [{"namespace": "..", "pod": "..", "container": "..", "data": "AAAA"}]`)), own, 202},
		"a profile that is none":     {[]byte(message(`, "profiles": [{"namespace": "a", "pod": "b", "container": "c", "data": "AAAA"}]`)), own, 202},
		"a kill of nobody":           {[]byte(message(`, "reports": [{"at": "2026-03-04T02:17:09Z", "kind": "memcg", "pod_uid": "nobody", "killed": [{"pid": 7, "comm": "<!channel>"}]}]`)), own, 202},
		"a kill with a time far off": {[]byte(message(`, "reports": [{"at": "9999-12-31T23:59:59Z", "uptime_s": 1e300, "kind": "memcg", "killed": [{"pid": -7}]}]`)), own, 202},
	} {
		if status, says := oombot.Post(t, r.URL+reports, tt.body, tt.header...); status != tt.want {
			t.Errorf("%s: answered %d %.200s, want %d", name, status, says, tt.want)
		}
	}
	if status, _ := oombot.Get(t, r.URL+reports); status != http.StatusMethodNotAllowed {
		t.Errorf("GET is answered %d", status)
	}
	r.WaitReadiness(t, http.StatusOK)
	oombot.Until(t, "the kill of nobody is told of", func() bool { return len(cards(s, channel)) > 0 })
	for _, m := range texts(s) {
		if strings.Contains(m, "<!channel>") {
			t.Errorf("a name calls everybody:\n%s", m)
		}
	}
	if took := r.Stop(t); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
}

// texts are the texts of the bot in the channel.
func texts(s *slackfake.Server) []string {
	var out []string
	for _, m := range own(s, channel) {
		out = append(out, m.Text, string(m.Blocks))
	}
	return out
}

// TestAgentsWithoutToken has nobody report where no token is configured.
func TestAgentsWithoutToken(t *testing.T) {
	t.Parallel()
	r := startServe(t, newSlack(t, slackfake.Options{}), t.TempDir(), configuration, "--bundles", examples)
	for _, header := range [][]string{nil, {"Authorization", "Bearer "}, {"Authorization", "Bearer x"}} {
		if status, says := oombot.Post(t, r.URL+reports, []byte(`{"version": 1, "node": "n1"}`), header...); status != http.StatusUnauthorized || !strings.Contains(says, "agents.token_file") {
			t.Errorf("with %q it is answered %d %s", header, status, says)
		}
	}
}

// TestAgentsAtOnce has a hundred agents send messages near the limit at a time: those that can't be held are told to come
// again, and the bot holds on to little.
func TestAgentsAtOnce(t *testing.T) {
	t.Parallel()
	r := startServe(t, newSlack(t, slackfake.Options{}), t.TempDir(), agentConfig(t), "--bundles", examples)
	row := `{"pid":1,"tgid":1,"uid":0,"comm":"java","total_vm_pages":1,"rss_pages":1,"pgtables_bytes":1,"swapents_pages":0,"oom_score_adj":0},`
	rows := strings.TrimSuffix(strings.Repeat(row, min(490_000, (64<<20-4096)/len(row))), ",")
	body := zipped(t, []byte(`{"version":1,"node":"n1","boot_id":"b1","seq":1,"reports":[{"at":"2026-03-04T02:17:09Z","kind":"memcg","tasks":[`+rows+`]}]}`))
	var mu sync.Mutex
	answers := map[int]int{}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			status, _ := oombot.Post(t, r.URL+reports, body, "Authorization", "Bearer "+bearer, "Content-Encoding", "gzip")
			mu.Lock()
			defer mu.Unlock()
			answers[status]++
		})
	}
	all.Wait()
	t.Logf("answered %v, with at most %d MiB resident", answers, r.MaxRSS(t)>>20)
	if answers[202] == 0 || answers[202]+answers[503]+answers[0] != 100 {
		t.Errorf("answered %v, want 202, and 503 or none for what can't be held", answers)
	}
	if peak := r.MaxRSS(t); peak > 1<<30 {
		t.Errorf("it took %d MiB", peak>>20)
	}
	r.WaitReadiness(t, http.StatusOK)
}
