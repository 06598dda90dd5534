// Package e2e drives the built program against real kernels that run out of memory: that of this machine, and
// that of a virtual machine which the tests boot. Cgroups are named as a kubelet names them. Each test takes what
// the kernel logged from /dev/kmsg and compares what the program makes of it with what the test knows to be true.
//
// Below it stand the tests against a real API server and a real Prometheus, package live, and what starts these, package
// cluster. The API server is built from apiserver, a module of its own. Package model tests the stand-in for a model's
// endpoint against the API's official client, package slack the one for Slack against Slack's own clients. Package bot
// drives the bot as a program, with a real Alertmanager, over faults of Slack, crashes and a full disk; package node goes
// the whole way from a kill over the node agent to the thread; package demo goes a newcomer's way through the demo in a
// real Chromium. Package cgroup is what kills. Package vm, which `make e2e-vm` runs, has the node agent watch a virtual
// machine; package machine boots it. Package oombot is what all of them run the program with.
//
// The tests of this package need root, cgroup v1's memory controller, QEMU and a kernel for it; they skip with the reason where one is
// missing. They run by `make e2e`, which builds the program, fetches the rest, and names all of it in the environment:
//
//	OOMBOT_BINARY         the program under test
//	OOMBOT_E2E_KERNEL     the kernel of the virtual machine
//	OOMBOT_E2E_APISERVER  the API server
//
// On this machine every cgroup that the tests make has a name of its own, or is /kubepods where there is none, and
// is removed in the end; limits are set on those only.
package e2e
