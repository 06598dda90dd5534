// Package recorder is the flight recorder of a node: it samples the memory of each container once a second, keeps the last
// quarter of an hour, and sees the kernel's counters of kills rise. It owns what is read of cgroups and processes and
// how it is kept; it must not know how pods are called (Options.Names says that), what the kernel log tells, or who is told.
//
// # Reads
//
// Below the cgroup root, of each container: memory.current, memory.max, memory.peak, memory.stat, memory.pressure,
// memory.events and cgroup.procs (v2), or memory.usage_in_bytes, memory.limit_in_bytes, memory.max_usage_in_bytes,
// memory.stat, memory.oom_control, memory.kmem.usage_in_bytes, memory.kmem.tcp.usage_in_bytes and cgroup.procs (v1); of each
// pod what is in use, limit and peak. Of the largest processes of each container /proc/PID/statm, stat and cmdline.
// Which kernel counter each series is, and what counts as a kill, stands in layout.go.
//
// # Cannot see
//
// What the kernel doesn't count is null, never 0: pressure on v1 and without PSI, memory.peak before 5.19, v1's sockets
// where no limit of them was set; v1's slab is all of the kernel's memory of the cgroup. On v1, kills in cgroups below a
// container's. Kills whose cgroup is removed before it is next read: those the kernel log tells of. Containers that
// live for less than a second. Processes of containers, without the node's PID namespace. Whose
// a process was (Owner) that was never among the five largest of its container.
//
// # Permissions
//
// Reading the cgroup file system, and /proc of the node (hostPID) with the right to read command lines of other users.
// It writes nothing.
//
// # Cost
//
// Half a percent of a core for 110 pods with 250 idle containers, nine tenths where each of them takes and frees much of its
// memory every second; nearly all of it in system calls, measured on a machine that had several times as much to do as it
// has processors. And a few MB: open files are read again in place, parsed without allocation, and what is expensive and
// seldom changes is read by turns. Each file that is kept open costs the agent's own cgroup a page of kernel memory, five to
// seven megabytes with 250 containers. Bounded in cgroups, in processes, in
// directories, in open files and in bytes; what has to make room is counted.
package recorder
