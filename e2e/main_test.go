package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/oombot/oombot/e2e/cgroup"
)

func TestMain(m *testing.M) {
	cgroup.Hog()
	os.Exit(m.Run())
}

// oombot runs the program and returns what it prints to standard output. Any other exit status than 0 fails
// the test.
func oombot(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	program := os.Getenv("OOMBOT_BINARY")
	if program == "" {
		program = filepath.Join("..", "bin", "oombot")
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("oombot %q: %v (build it with `make build`)\n%s", args, err, stderr.Bytes())
	}
	return stdout.Bytes()
}
