// Package e2e drives the built program against real components: the OOM killer of this machine's kernel. Each
// test makes memory run out within cgroups that are named as a kubelet names them, takes what the kernel logged
// about it from /dev/kmsg, and compares what the program makes of that with what the test knows to be true.
//
// The tests need root and cgroup v1's memory controller, and skip with the reason where there is none. They run
// by `make e2e`, which builds the program and names it in OOMBOT_BINARY. Every cgroup that they make has a name
// of its own and is removed in the end; limits are set on those only.
package e2e
