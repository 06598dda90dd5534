// Package npd pins the version of node-problem-detector that the node agent is measured beside. It is a Go module of its own,
// so that its Kubernetes client and ours don't have to agree. BenchmarkAgent of the folder above builds the program.
package npd
