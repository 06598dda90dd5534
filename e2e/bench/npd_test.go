package bench

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// detector starts node-problem-detector with its kernel monitor alone: it reads /dev/kmsg, and counts kills. Neither its
// client of Kubernetes nor what else it can monitor is on. OOMBOT_BENCH_NPD is the program; without it, it is built.
func detector(b *testing.B, program string) *process {
	b.Helper()
	type rule struct {
		Type    string `json:"type"`
		Reason  string `json:"reason"`
		Pattern string `json:"pattern"`
	}
	monitor, err := json.Marshal(map[string]any{
		"plugin": "kmsg", "logPath": "/dev/kmsg", "lookback": "5m", "bufferSize": 10, "source": "kernel-monitor",
		"metricsReporting": true, "conditions": []any{},
		"rules": []rule{
			{"temporary", "OOMKilling", `Killed process \d+ (.+) total-vm:\d+kB, anon-rss:\d+kB, file-rss:\d+kB.*`},
			{"temporary", "TaskHung", `task [\S ]+:\w+ blocked for more than \w+ seconds\.`},
			{"temporary", "KernelOops", `BUG: unable to handle kernel NULL pointer dereference at .*`},
			{"temporary", "FilesystemError", `EXT4-fs error .*`},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	config := filepath.Join(b.TempDir(), "kernel-monitor.json")
	if err := os.WriteFile(config, monitor, 0o600); err != nil {
		b.Fatal(err)
	}
	host, port := freeAddress(b)
	return start(b, "", "http://"+net.JoinHostPort(host, port)+"/metrics", nil, program,
		"--config.system-log-monitor="+config, "--enable-k8s-exporter=false", "--hostname-override=n1", "--port=0",
		"--prometheus-address="+host, "--prometheus-port="+port)
}

// detectorProgram returns node-problem-detector, without the parts that only speak to a cloud.
func detectorProgram(b *testing.B) string {
	b.Helper()
	if program := os.Getenv("OOMBOT_BENCH_NPD"); program != "" {
		return program
	}
	program := filepath.Join(b.TempDir(), "node-problem-detector")
	build(b, "npd", program, "k8s.io/node-problem-detector/cmd/nodeproblemdetector", "-tags", "disable_stackdriver_exporter")
	return program
}

// agentProgram returns the program that OOMBOT_BINARY names, or builds it.
func agentProgram(b *testing.B) string {
	b.Helper()
	if program := os.Getenv("OOMBOT_BINARY"); program != "" {
		return program
	}
	program := filepath.Join(b.TempDir(), "oombot")
	build(b, "../..", program, "./cmd/oombot", "-trimpath")
	return program
}

func build(b *testing.B, dir, to, what string, flags ...string) {
	b.Helper()
	args := append([]string{"build", "-ldflags", "-s -w", "-o", to}, flags...)
	cmd := exec.CommandContext(b.Context(), "go", append(args, what)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", what, err, out)
	}
}
