package kernlogtest

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Incident makes up one kill of a container by its cgroup's limit, with a table of so many tasks.
func Incident(k Kernel, rng *rand.Rand, tasks int) *Report {
	hex := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "0123456789abcdef"[rng.IntN(16)]
		}
		return string(b)
	}
	uid := fmt.Sprintf("%s_%s_4%s_8%s_%s", hex(8), hex(4), hex(3), hex(3), hex(12))
	pod := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid + ".slice"
	r := &Report{
		Kernel: k, OOMMemcg: pod + "/cri-containerd-" + hex(64) + ".scope", UsageKB: 524288, LimitKB: 524288, FailCnt: rng.Int64N(1e5),
		Constraint: "CONSTRAINT_MEMCG", Victim: rng.IntN(tasks), Stats: stats(rng),
	}
	r.TaskMemcg = r.OOMMemcg
	first := 1000 + rng.Int64N(1e6)
	for i := range tasks {
		anon := 100 + rng.Int64N(3000)
		if i == r.Victim {
			anon = 110_000
		}
		pid := first + int64(i)*3
		r.Tasks = append(r.Tasks, Process{
			PID: pid, TGID: pid, UID: 1000, Comm: fmt.Sprintf("worker-%d", i), VM: anon + 50_000, Anon: anon, File: 400, Shmem: 2,
			PagetablesBytes: 40_960 + 4096*(anon/512), Adj: 985,
		})
	}
	r.Invoker = r.Tasks[rng.IntN(tasks)]
	return r
}

func stats(rng *rand.Rand) []Stat {
	var s []Stat
	for _, k := range []string{
		"anon", "file", "kernel", "kernel_stack", "pagetables", "sec_pagetables", "percpu", "sock", "vmalloc", "shmem", "file_mapped",
		"file_dirty", "file_writeback", "swapcached", "anon_thp", "file_thp", "shmem_thp", "inactive_anon", "active_anon", "inactive_file",
		"active_file", "unevictable", "slab_reclaimable", "slab_unreclaimable", "slab", "workingset_refault_anon", "workingset_refault_file",
		"pgfault", "pgmajfault", "pgrefill",
	} {
		s = append(s, Stat{k, rng.Int64N(1<<28) &^ 4095})
	}
	return s
}

// noise are messages of a busy node, with numbers to vary.
var noise = []string{
	"cni0: port 3(veth%08x) entered blocking state", "cni0: port 3(veth%08x) entered forwarding state", "device veth%08x entered promiscuous mode",
	"IPv6: ADDRCONF(NETDEV_CHANGE): veth%08x: link becomes ready", "TCP: request_sock_TCP: Possible SYN flooding on port %d. Sending cookies.",
	"EXT4-fs (nvme1n1): mounted filesystem with ordered data mode. Quota mode: none. %d",
	`audit: type=1400 audit(1774487759.684:%d): apparmor="DENIED" operation="ptrace" class="ptrace" profile="cri-containerd.apparmor.d" comm="ps" requested_mask="read"`,
	"nf_conntrack: nf_conntrack: table full, dropping packet %d", "overlayfs: upper fs does not support tmpfile. %d",
	"eth0: renamed from veth%08x", "nvme nvme1: I/O %d QID 4 timeout, aborting", "perf: interrupt took too long (%d > 2500), lowering kernel.perf_event_max_sample_rate",
}

// Big returns a log of about size bytes with so many whole reports, each with a table of tasks rows, evenly
// spread over it. The same arguments give the same log.
func Big(t Transport, k Kernel, size, reports, tasks int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	l := &Log{Transport: t, Boot: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Uptime: time.Second, Step: 40 * time.Microsecond}
	l.buf.Grow(size + 1<<16)
	for i := range reports {
		for l.Len() < size/reports*i {
			l.Noise(rng)
		}
		l.Add(Incident(k, rng, tasks).Messages()...)
		l.Uptime += 6 * time.Second
	}
	for l.Len() < size {
		l.Noise(rng)
	}
	return l.Bytes()
}

// Noise writes one record that is part of no report.
func (l *Log) Noise(rng *rand.Rand) {
	l.Add(Message{6, fmt.Sprintf(noise[rng.IntN(len(noise))], rng.Int32())})
}
