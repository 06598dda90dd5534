// Package node goes the whole way on one node: real processes in control groups named as a kubelet names them are killed
// by this machine's kernel, `oombot agent` sees it, `oombot serve` opens a thread in the stand-in for Slack; the pods stand
// in a real API server, and their series in a real Prometheus.
//
// The tests need root and cgroup v1's memory controller, and skip with the reason where these are missing. The kernel log
// is one for the whole machine: what is looked at is reduced to the pods of the test.
//
//	OOMBOT_BINARY       the program under test
//	OOMBOT_E2E_KILLS    how many kills in a row TestEveryKill sees; 200 where it is not set
//	OOMBOT_E2E_THREADS  how many kills TestKillToCard times; 50 where it is not set
package node
