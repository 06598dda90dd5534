package functions_test

import (
	"context"
	"fmt"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/functions"
)

func ExampleSet_Call() {
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	limit := int64(512 << 10)
	ev := &investigations.Evidence{Kernel: &investigations.KernelEvidence{Logs: []investigations.KernelLog{{
		Node: "n1", Source: "kernel/n1.log", From: at.Add(-time.Hour), To: at,
		Reports: []investigations.KernelReport{{
			At: &at, Lines: [2]int64{120, 184}, Kind: investigations.KernelMemcg, Boundary: investigations.BoundaryContainer,
			Memory: &investigations.KernelCounter{UsageKB: limit, LimitKB: &limit},
			Killed: []investigations.KernelKill{{PID: 4711, Comm: "java"}},
		}},
	}}}}
	set := functions.New(investigations.Request{At: at}, nil, ev, nil)

	answer, err := set.Call(context.Background(), "kernlog", `{"what": "kills"}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range answer.Facts {
		fmt.Println(f.Says, "--", f.Source)
	}
	_, err = set.Call(context.Background(), "kernlog", `{"what": "kill"}`)
	fmt.Println(err)
	// Output:
	// At 2026-03-04T02:17:09Z on node "n1" the kernel killed "java" (pid 4711); what broke: container at its limit of 512 MiB -- kernel/n1.log:120-184
	// what is "kill", and has to be one of report, tasks, stats, kills, user_kills (did you mean kills?)
}
