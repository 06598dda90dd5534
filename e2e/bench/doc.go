// Package bench measures the kernel-log parser against what else reads OOM reports: a bare search for two words
// in the same bytes, and cadvisor's oomparser, whose dependencies users of the main module shall not download.
//
// It also measures what the flight recorder of a node costs on real cgroups, `go test -bench Recorder`, and what the whole
// agent does, beside node-problem-detector: `go test -bench Agent`. Both need root and cgroup v1.
//
// `go test -bench .` gives the throughputs; `go test -v -run Ratios` gives the ratios out of one run, and
// `go test -v -run Memory` the resident memory for a log of 1 GB.
package bench
