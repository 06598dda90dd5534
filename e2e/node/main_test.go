package node

import (
	"fmt"
	"os"
	"testing"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/cluster"
)

func TestMain(m *testing.M) {
	cgroup.Hog()
	code := m.Run()
	if err := cluster.StopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
