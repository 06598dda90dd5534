// Package nodeagent is what runs on a node: it is there at the moment of a kill, and tells the bot of it.
//
// It joins five parts, each in a package of its own that knows none of the others: follow reads the kernel log as it
// grows; recorder samples the cgroups of containers once a second into a ring, and sees their counters of kills rise;
// names knows how the node's pods are called; heap reads a heap profile of a container that comes near its limit; and
// deliver brings what was seen to the bot, over a spool on disk.
//
// # Reads
//
// The kernel log, by syslog(2), /dev/kmsg or the files of the journal. Below /sys/fs/cgroup the files memory.* and
// cgroup.procs of the cgroups of pods; below /proc the processes in them. The pods of its own node, from the API server
// or the kubelet.
//
// # Cannot see
//
// Kills before it started that the kernel log has lost. Which container a bare kill line is of, unless the recorder
// has seen its process, or one counter of kills alone rose in the same moment. Memory of what is in no pod. Peaks between two
// samples, where the kernel has no memory.peak (before 6.0, 5.19 for some distributions).
//
// # Permissions
//
// CAP_SYSLOG for syslog(2); the journal's files, readable; or /dev/kmsg, which the device cgroup of an unprivileged
// container refuses. The host's /proc for processes (hostPID). get, list and watch of pods, or get of nodes/pods at the
// kubelet. It changes nothing.
//
// # Cost
//
// About 1 % of a core and 36 MB resident with 110 pods of 250 idle containers and their sandboxes; the aim is at most 1 % and
// 40 MB. Storms of kills and containers that are busy every second take more for as long as they last.
package nodeagent
