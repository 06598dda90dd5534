package helm

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// capabilities returns those that the agent's container has in a variant, as setpriv writes them.
func capabilities(t *testing.T, variant string) string {
	t.Helper()
	o := named(render(t, variant))["DaemonSet/oombot-"+variant+"-agent"]
	containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		t.Fatalf("%d containers, %v", len(containers), err)
	}
	container := containers[0].(map[string]any)
	drop, _, _ := unstructured.NestedStringSlice(container, "securityContext", "capabilities", "drop")
	add, _, _ := unstructured.NestedStringSlice(container, "securityContext", "capabilities", "add")
	if !slices.Equal(drop, []string{"ALL"}) {
		t.Fatalf("%s drops %v", variant, drop)
	}
	out := "-all"
	for _, c := range add {
		out += ",+" + strings.ToLower(c)
	}
	return out
}

// agentWith runs the agent as root with the capabilities alone, as a runtime would, and returns where it listens.
func agentWith(t *testing.T, capabilities string) string {
	t.Helper()
	setpriv, err := exec.LookPath("setpriv")
	if err != nil || os.Geteuid() != 0 {
		t.Skipf("to take capabilities away needs root and setpriv: %v", err)
	}
	program := os.Getenv("OOMBOT_BINARY")
	if program == "" {
		program = "../../bin/oombot"
	}
	if program, err = filepath.Abs(program); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, setpriv, "--no-new-privs", "--bounding-set="+capabilities, "--inh-caps=-all", program, "agent",
		"--kernel-log=syslog", "--pods=none", "--node=n1", "--state="+t.TempDir(), "--listen=127.0.0.1:0")
	cmd.Env = []string{"PATH=/"}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listens := make(chan string, 1)
	drained := make(chan struct{})
	go func() { // ends with the program, whose end the test waits for
		defer close(drained)
		address := regexp.MustCompile(`msg=listening addr=(\S+)`)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				listens <- m[1]
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		<-drained
		_ = cmd.Wait() // it was told to end
	})
	select {
	case address := <-listens:
		return "http://" + address
	case <-drained:
		t.Fatal("the agent ended before it listened")
	case <-time.After(time.Minute):
		t.Fatal("the agent does not listen after a minute")
	}
	return ""
}

// page reads one until it matches, or a minute is over.
func page(t *testing.T, url string, until *regexp.Regexp) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var text []byte
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			break
		}
		text, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil && until.Match(text) {
			return string(text)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never says %q, but\n%s", url, until, text)
	return ""
}

// TestCapabilities runs the agent with just what the chart lets its container have: for syslog that is enough to follow the
// kernel log, and without it the agent says what is missing. No runtime is between; seccomp and SELinux are not proven by it.
func TestCapabilities(t *testing.T) {
	have, lack := capabilities(t, "default"), capabilities(t, "journal")
	if have != "-all,+syslog" || lack != "-all" {
		t.Fatalf("the agent has %q for syslog and %q for the journal", have, lack)
	}
	t.Run("with", func(t *testing.T) {
		at := agentWith(t, have)
		page(t, at+"/metrics", regexp.MustCompile(`(?m)^oombot_agent_lossless_since_seconds [1-9]`))
		if health := page(t, at+"/healthz", regexp.MustCompile(`"status":"ok"`)); strings.Contains(health, "kernel log") {
			t.Errorf("it says %s", health)
		}
	})
	t.Run("without", func(t *testing.T) {
		if restricted, err := os.ReadFile("/proc/sys/kernel/dmesg_restrict"); err != nil || strings.TrimSpace(string(restricted)) != "1" {
			t.Skipf("this kernel lets everybody read its log (kernel.dmesg_restrict is %q, %v)", restricted, err)
		}
		page(t, agentWith(t, lack)+"/healthz", regexp.MustCompile(`CAP_SYSLOG is missing`))
	})
}
