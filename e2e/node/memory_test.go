package node

import (
	"testing"

	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// end ends agent and bot as Kubernetes does.
func (p *place) end(t testing.TB) {
	t.Helper()
	p.watcher.Stop(t)
	p.bot.Stop(t)
}

// remembered are the traces of the kills in a pod, the newest first.
func (p *place) remembered(t testing.TB, w *workload) []investigations.Trace {
	t.Helper()
	return oombot.Remembered(t, "", p.memory(), namespace, w.pod)
}
