package recorder

import (
	"github.com/oombot/oombot/investigations"
)

// The series of a cgroup, in the order of a recording.
const (
	current = iota
	limit
	peak
	anon
	file
	shmem
	sock
	slab
	pressureSome
	pressureFull
	columns
)

// series are how they are called; values of pressure are hundredths in the ring.
var series = [columns]struct {
	name, unit string
	scale      float64
}{
	current:      {investigations.RecordedCurrent, unitBytes, 1},
	limit:        {investigations.RecordedLimit, unitBytes, 1},
	peak:         {investigations.RecordedPeak, unitBytes, 1},
	anon:         {investigations.RecordedAnon, unitBytes, 1},
	file:         {investigations.RecordedFile, unitBytes, 1},
	shmem:        {investigations.RecordedShmem, unitBytes, 1},
	sock:         {investigations.RecordedSock, unitBytes, 1},
	slab:         {investigations.RecordedSlab, unitBytes, 1},
	pressureSome: {investigations.RecordedPressureSome, unitPercent, 100},
	pressureFull: {investigations.RecordedPressureFull, unitPercent, 100},
}

const (
	unitBytes   = "bytes"
	unitPercent = "percent"
)

// The files of a cgroup. Those before kept are read often, and stay open.
const (
	fileCurrent = iota
	fileEvents
	fileStat
	filePeak
	filePressure
	kept
	fileLimit = iota - 1
	fileKernel
	fileSockets
	fileGroup
	files
)

// layout is what the files of one version of cgroups are called, and how they are read.
type layout struct {
	version int
	// names end in a zero byte; nil where this version has no such file.
	names [files][]byte
	// stat are the keys of memory.stat, in the order of the constants stat…
	stat []string
	// events are the keys of the counters of kills, and of how often the limit ran out.
	events []string
}

// What is taken from memory.stat, in the order in which the kernel prints it where versions agree.
const (
	statAnon = iota
	statFile
	statSock
	statShmem
	statSlab
	statSlabReclaimable
	statSlabUnreclaimable
	statInactiveFile
	stats
)

// v2 is read by Documentation/admin-guide/cgroup-v2.rst. All of it counts the cgroups below too. file is all page cache, and
// holds shmem: tmpfs and shared memory. memory.peak is there since 5.19; memory.pressure where the kernel has PSI.
// slab is printed since 4.6 or so; its two parts are the same.
var v2 = layout{
	version: 2,
	names: [files][]byte{
		fileCurrent: []byte("memory.current\x00"), fileLimit: []byte("memory.max\x00"), filePeak: []byte("memory.peak\x00"),
		fileStat: []byte("memory.stat\x00"), filePressure: []byte("memory.pressure\x00"), fileEvents: []byte("memory.events\x00"),
		fileGroup: []byte("memory.oom.group\x00"),
	},
	stat: []string{
		statAnon: "anon", statFile: "file", statSock: "sock", statShmem: "shmem", statSlab: "slab",
		statSlabReclaimable: "slab_reclaimable", statSlabUnreclaimable: "slab_unreclaimable", statInactiveFile: "inactive_file",
	},
	events: []string{eventKill: "oom_kill", eventLimit: "oom", eventGroup: "oom_group_kill"},
}

// v1 is read by memcg1_stat_format in mm/memcontrol-v1.c. The lines total_… count the cgroups below too, as v2's do: cache
// is all page cache with shmem, as v2's file; rss is anonymous memory, as v2's anon, and holds the swap cache before 5.x.
//
// It has no slab and no sock. The nearest is kmem.usage_in_bytes, which is slab, kernel stacks and what else the kernel
// allocates for the cgroup; and kmem.tcp.usage_in_bytes, which counts only once a limit of it was set
// (memcg_update_tcp_max). Either stays 0 where it isn't counted, so that 0 is no value here.
var v1 = layout{
	version: 1,
	names: [files][]byte{
		fileCurrent: []byte("memory.usage_in_bytes\x00"), fileLimit: []byte("memory.limit_in_bytes\x00"),
		filePeak: []byte("memory.max_usage_in_bytes\x00"), fileStat: []byte("memory.stat\x00"), fileEvents: []byte("memory.oom_control\x00"),
		fileKernel: []byte("memory.kmem.usage_in_bytes\x00"), fileSockets: []byte("memory.kmem.tcp.usage_in_bytes\x00"),
	},
	stat: []string{
		statAnon: "total_rss", statFile: "total_cache", statSock: "", statShmem: "total_shmem", statSlab: "",
		statSlabReclaimable: "", statSlabUnreclaimable: "", statInactiveFile: "total_inactive_file",
	},
	events: []string{eventKill: "oom_kill", eventLimit: "", eventGroup: ""},
}

// The counters of kills.
//
// v2, memory.events: oom_kill counts the processes of this cgroup and of those below it that an OOM kill ended, whichever
// limit or machine ran out: it is counted for the victim's cgroup and all above it (memcg_memory_event in
// include/linux/memcontrol.h). oom counts how often a limit ran out and could not be helped: this cgroup's or one below,
// never one above. So a kill with oom is by the container's own limit, and one without by its pod's, the node's or the
// machine's. With the mount option memory_localevents both count this cgroup alone, as memory.events.local does, which
// is there since 5.2; what is below a container's cgroup is the container as well, so the sum is what is read here.
//
// With memory.oom.group, which a kubelet sets since 1.28, oom_kill counts the process that was chosen twice: it is killed,
// and then all of the group is, with it once more unless it is gone by then (oom_kill_process in mm/oom_kill.c).
// oom_group_kill counts such groups, since 5.17.
//
// v1, memory.oom_control: oom_kill (since 4.13) counts the victims in this very cgroup, not those below it, whichever limit
// ran out.
const (
	eventKill = iota
	eventLimit
	eventGroup
	events
)

// reading is what one look at a cgroup told.
type reading struct {
	values [columns]int64
	// inactive is page cache that goes first when memory is short: what the kubelet does not count to the working set.
	inactive int64
	events   [events]int64
}

// noEvents are counters that tell nothing.
var noEvents = [events]int64{missing, missing, missing}

// unknown is the reading that tells nothing.
var unknown = func() reading {
	r := reading{inactive: missing, events: noEvents}
	for i := range r.values {
		r.values[i] = missing
	}
	return r
}()

// takeStat reads memory.stat into r.
func (l *layout) takeStat(data []byte, r *reading) {
	var s [stats]int64
	keyed(data, l.stat, s[:])
	r.values[anon], r.values[file], r.values[shmem], r.inactive = s[statAnon], s[statFile], s[statShmem], s[statInactiveFile]
	if l.version == 1 {
		return
	}
	r.values[sock], r.values[slab] = s[statSock], s[statSlab]
	if s[statSlab] == missing && s[statSlabReclaimable] != missing && s[statSlabUnreclaimable] != missing {
		r.values[slab] = s[statSlabReclaimable] + s[statSlabUnreclaimable]
	}
}

// counted is a number that stays 0 where it isn't counted.
func counted(v int64) int64 {
	if v == 0 {
		return missing
	}
	return v
}

// workingSet is what a cgroup uses without the page cache that goes first, as the kubelet counts it: all of it where that
// isn't told; missing where nothing is.
func (r *reading) workingSet() int64 {
	used := r.values[current]
	if used == missing || r.inactive == missing {
		return used
	}
	return max(used-r.inactive, 0)
}
