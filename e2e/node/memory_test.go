package node

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// end ends agent and bot as Kubernetes does.
func (p *place) end(t testing.TB) {
	t.Helper()
	p.watcher.stop(t)
	p.bot.stop(t)
}

// history runs `oombot history` on the bot's memory, which it has to have closed.
func (p *place) history(t testing.TB, into any, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary(t), append([]string{"history"}, append(args, "-o", "json", "--memory", p.memory())...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("history %q: %v\n%s", args, err, stderr.Bytes())
	}
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		t.Fatalf("history %q: %v in\n%s", args, err, stdout.Bytes())
	}
}

// remembered are the traces of the kills in a pod, the newest first.
func (p *place) remembered(t testing.TB, w *workload) []investigations.Trace {
	t.Helper()
	var list []struct {
		ID     string
		Target investigations.Target
	}
	p.history(t, &list, "list", "--namespace", namespace)
	var out []investigations.Trace
	for _, l := range list {
		if l.Target.Pod != w.pod {
			continue
		}
		var trace investigations.Trace
		p.history(t, &trace, "show", l.ID)
		out = append(out, trace)
	}
	if len(out) == 0 {
		t.Fatalf("nothing is remembered of %s: %+v", w.pod, list)
	}
	return out
}
