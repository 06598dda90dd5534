package pseudonym

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// largeSite has many pods on many nodes, and a kernel's table of processes.
func largeSite(pods int) *investigations.Evidence {
	ev := &investigations.Evidence{Pods: &investigations.PodEvidence{}, Rollouts: &investigations.RolloutEvidence{}, Kernel: &investigations.KernelEvidence{}}
	for i := range pods {
		app := fmt.Sprintf("service-%d", i/10)
		rs := fmt.Sprintf("%s-%x7c9d8f", app, i/10)
		if i%10 == 0 {
			ev.Rollouts.Workloads = append(ev.Rollouts.Workloads, investigations.Workload{Namespace: fmt.Sprintf("team-%d", i/100), Kind: "deployment", Name: app, Revisions: []investigations.Revision{{Name: rs}}})
		}
		ev.Pods.Pods = append(ev.Pods.Pods, investigations.Pod{
			Namespace: fmt.Sprintf("team-%d", i/100), Name: fmt.Sprintf("%s-%05x", rs, i*7919), UID: fmt.Sprintf("%08x-5e69-4b9f-a69b-a7b133e8d9d1", uint32(i+1)*2654435761),
			Node: fmt.Sprintf("ip-10-0-%d-%d", i/30/200, i/30%200), OwnerKind: "replicaset", OwnerName: rs, Labels: map[string]string{"app": app},
			Containers: []investigations.Container{{Name: app, Image: "registry.acme.example/" + app + ":1.0", ContainerID: strings.Repeat(fmt.Sprintf("%016x", uint64(i+1)*0x9e3779b97f4a7c15), 4)}},
		})
		ev.Pods.Events = append(ev.Pods.Events, investigations.Event{Kind: "Pod", Name: ev.Pods.Pods[i].Name, Message: "Started container " + app})
	}
	return ev
}

func BenchmarkNew(b *testing.B) {
	for _, pods := range []int{100, 10000} {
		ev := largeSite(pods)
		b.Run(fmt.Sprintf("pods=%d", pods), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				New(nil, ev, investigations.Request{})
			}
		})
	}
}

func BenchmarkNewExample(b *testing.B) {
	incidents := investigated(b)
	for b.Loop() {
		incidents[0].book()
	}
}

func BenchmarkHide(b *testing.B) {
	incidents := investigated(b)
	prompt := strings.Join(incidents[4].texts(b), "\n")
	large := New(nil, largeSite(10000), investigations.Request{})
	for _, bench := range []struct {
		name, text string
		book       *Book
	}{
		{"prompt", prompt, incidents[4].book()},
		{"prompt of a large site", prompt, large},
		{"names only", strings.Repeat("team-3/service-31-1f7c9d8f-25dc07/service-31 ", 2000), large},
		{"hostile", strings.Repeat("service-31-", 20000), large},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			for b.Loop() {
				bench.book.Hide(bench.text)
			}
		})
	}
}

func BenchmarkReveal(b *testing.B) {
	incidents := investigated(b)
	book := incidents[4].book()
	text := book.Hide(incidents[4].res.Verdict.Explanation)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		book.Reveal(text)
	}
}
