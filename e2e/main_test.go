package e2e

import (
	"os"
	"testing"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
)

func TestMain(m *testing.M) {
	cgroup.Hog()
	os.Exit(m.Run())
}

// printed runs the program, which has to do its work, and returns what it prints to standard output.
func printed(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	return oombot.RunWell(t, oombot.Command{Args: args, Stdin: stdin}).Stdout
}
