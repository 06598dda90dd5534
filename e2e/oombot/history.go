package oombot

import (
	"encoding/json"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// Remembered are the traces of the kills in a pod that a memory file holds, the newest first. The bot has to have ended.
// Binary is that of Options.
func Remembered(t testing.TB, binary, memory, namespace, pod string) []investigations.Trace {
	t.Helper()
	var list []struct {
		ID     string
		Target investigations.Target
	}
	history(t, binary, memory, &list, "list", "--namespace", namespace)
	var out []investigations.Trace
	for _, l := range list {
		if l.Target.Pod != pod {
			continue
		}
		var trace investigations.Trace
		history(t, binary, memory, &trace, "show", l.ID)
		out = append(out, trace)
	}
	if len(out) == 0 {
		t.Fatalf("nothing is remembered of %s: %+v", pod, list)
	}
	return out
}

// history runs `oombot history` on a memory file.
func history(t testing.TB, binary, memory string, into any, args ...string) {
	t.Helper()
	out := RunWell(t, Command{Binary: binary, Args: append(append([]string{"history"}, args...), "-o", "json", "--memory", memory)})
	if err := json.Unmarshal(out.Stdout, into); err != nil {
		t.Fatalf("history %q: %v in\n%s", args, err, out.Stdout)
	}
}
