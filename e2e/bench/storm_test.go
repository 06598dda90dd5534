package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killing has the kernel kill in a container with little memory, as often as kills says, over a storm's time.
func killing(b *testing.B, n *agentNode) {
	dir := n.small
	n.bot.begin()
	pace := time.NewTicker(storm / kills)
	defer pace.Stop()
	for range kills {
		<-pace.C
		// tail keeps what it is to print: the last line, which never ends.
		cmd := exec.CommandContext(b.Context(), "sh", "-c", `echo $$ >"$0" && exec tail /dev/zero`, filepath.Join(dir, "cgroup.procs"))
		if err := cmd.Run(); err == nil {
			b.Error("a process is not killed at its cgroup's limit")
			return
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "memory.oom_control"))
	if err != nil {
		b.Error(err)
		return
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "oom_kill "); ok {
			if n.killed, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
				b.Error(err)
			}
		}
	}
}

// plugging has containers come and go, as many as hotplug says, over a storm's time; each is there for some seconds.
func plugging(b *testing.B, n *agentNode) {
	const atOnce = 200
	var there []string
	remove := func() {
		if err := os.Remove(there[0]); err != nil {
			b.Error(err)
		}
		there = there[1:]
	}
	pace := time.NewTicker(storm / hotplug)
	defer pace.Stop()
	for i := range hotplug {
		<-pace.C
		dir := filepath.Join(podDir(n.root, i%pods), fmt.Sprintf("%064x", 3<<20+i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Error(err)
			break
		}
		there = append(there, dir)
		n.plugged++
		if len(there) > atOnce {
			remove()
		}
	}
	for len(there) > 0 {
		remove()
	}
}
