// Package vm has `oombot agent` watch a virtual machine whose kernel has version 2 of cgroups, memory.peak and PSI, which
// the machine that runs the tests need not have. Containers, a pod, all pods and the machine itself run out of memory there,
// as package scene says; what the agent posts goes over a serial port to `oombot serve` on this machine, whose pods stand in
// a real API server and whose threads in the stand-in for Slack.
//
// A boot takes minutes, so that these tests are no part of `make e2e`: `make e2e-vm` runs them, and names in the
// environment what they need:
//
//	OOMBOT_E2E_AGENT      the program, static, since the machine has no libraries
//	OOMBOT_E2E_KERNEL     the kernel of the virtual machine
//	OOMBOT_E2E_APISERVER  the API server
package vm
