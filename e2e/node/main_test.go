package node

import (
	"os"
	"testing"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/cluster"
)

func TestMain(m *testing.M) {
	cgroup.Hog()
	os.Exit(cluster.Main(m))
}
