package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// hogEnv makes the test program a hog: it takes that many MiB, in steps, and holds them.
const hogEnv = "OOMBOT_E2E_HOG_MIB"

func TestMain(m *testing.M) {
	if mib, err := strconv.Atoi(os.Getenv(hogEnv)); err == nil {
		hog(mib)
		return
	}
	os.Exit(m.Run())
}

// hog takes memory and waits to be killed. It ends by itself, so that none is left behind where a test is.
func hog(mib int) {
	var held [][]byte
	for range mib {
		held = append(held, bytes.Repeat([]byte{1}, 1<<20))
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Minute)
	os.Exit(len(held) % 2)
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
