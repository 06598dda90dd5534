package investigations

import "time"

// Kinds of a KernelReport.
const (
	KernelMemcg  = "memcg"
	KernelGlobal = "global"
	// KernelManual is someone's sysrq-f (order −1): no shortage.
	KernelManual = "manual"
)

// KernelReport is one OOM kill as the kernel's log tells of it: the JSON object of `oombot kernlog -o json`.
// What the log does not hold is nil, empty or absent, and never inherited from another report.
type KernelReport struct {
	// At is the time of the report's first line, for logs that carry a date.
	At *time.Time `json:"at,omitempty"`
	// Told is what a node said in place of At where that was corrected; it is kept nowhere.
	Told time.Time `json:"-"`
	// UptimeS is seconds since boot, for logs that carry it.
	UptimeS *float64 `json:"uptime_s,omitempty"`
	Host    string   `json:"host,omitempty"`
	// Lines are the first and the last line of the report in its file, from 1.
	Lines    [2]int64 `json:"lines"`
	Complete bool     `json:"complete"`
	// Missing lists head, stats, tasks, summary, kill: what this kernel would print for this kind and the log
	// does not hold.
	Missing []string `json:"missing"`
	// Kind is memcg, global or manual.
	Kind       string `json:"kind"`
	Constraint string `json:"constraint,omitempty"`
	OOMMemcg   string `json:"oom_memcg,omitempty"`
	TaskMemcg  string `json:"task_memcg,omitempty"`
	// Boundary is a value of the result's boundary enumeration.
	Boundary    Boundary `json:"boundary"`
	PodUID      string   `json:"pod_uid,omitempty"`
	ContainerID string   `json:"container_id,omitempty"`
	QoS         string   `json:"qos,omitempty"`

	InvokedBy *KernelInvoker `json:"invoked_by"`
	// Memory is the usage line of the cgroup that hit its limit; Swap is cgroup v2's, MemorySwap and Kmem v1's.
	Memory     *KernelCounter `json:"memory"`
	MemorySwap *KernelCounter `json:"memory_swap"`
	Swap       *KernelCounter `json:"swap"`
	Kmem       *KernelCounter `json:"kmem"`
	// Stats are bytes (or counts, for pg* and workingset_*) of StatsPath, its children included.
	Stats     map[string]int64 `json:"stats,omitempty"`
	StatsPath string           `json:"stats_path,omitempty"`
	// Children are the stats of further cgroups that the report prints, by path.
	Children map[string]map[string]int64 `json:"children,omitempty"`

	// Killed holds each killed pid once, the chosen victim first.
	Killed []KernelKill `json:"killed"`
	Tasks  []KernelTask `json:"tasks"`
	Node   *KernelNode  `json:"node"`
	// SuppressedBefore counts what the kernel says it left out before this report.
	SuppressedBefore int64  `json:"suppressed_before"`
	Kernel           string `json:"kernel,omitempty"`
}

// KernelInvoker is whose allocation came last; it says nothing about guilt.
type KernelInvoker struct {
	Comm        string `json:"comm"`
	PID         int64  `json:"pid,omitempty"`
	GFPMask     string `json:"gfp_mask"`
	Order       int64  `json:"order"`
	OOMScoreAdj *int64 `json:"oom_score_adj"`
}

// KernelCounter is a usage line of a memory cgroup, in KiB as the kernel prints it. LimitKB is nil where
// there is no limit.
type KernelCounter struct {
	UsageKB int64  `json:"usage_kb"`
	LimitKB *int64 `json:"limit_kb"`
	FailCnt int64  `json:"failcnt"`
}

// KernelKill is one killed process.
type KernelKill struct {
	PID         int64  `json:"pid"`
	Comm        string `json:"comm"`
	UID         *int64 `json:"uid"`
	TotalVMKB   *int64 `json:"total_vm_kb"`
	AnonRSSKB   *int64 `json:"anon_rss_kb"`
	FileRSSKB   *int64 `json:"file_rss_kb"`
	ShmemRSSKB  *int64 `json:"shmem_rss_kb"`
	PgtablesKB  *int64 `json:"pgtables_kb"`
	OOMScoreAdj *int64 `json:"oom_score_adj"`
	// Score is what kernels up to 5.0 print as "score", 0 to 1000 and above.
	Score *int64 `json:"score"`
}

// KernelTask is a row of the task table. Sizes are pages of the machine's page size, but for PgtablesBytes.
type KernelTask struct {
	PID           int64  `json:"pid"`
	TGID          int64  `json:"tgid"`
	UID           int64  `json:"uid"`
	Comm          string `json:"comm"`
	TotalVMPages  int64  `json:"total_vm_pages"`
	RSSPages      int64  `json:"rss_pages"`
	RSSAnonPages  *int64 `json:"rss_anon_pages"`
	RSSFilePages  *int64 `json:"rss_file_pages"`
	RSSShmemPages *int64 `json:"rss_shmem_pages"`
	PgtablesBytes *int64 `json:"pgtables_bytes"`
	SwapentsPages int64  `json:"swapents_pages"`
	OOMScoreAdj   int64  `json:"oom_score_adj"`
	// Badness is oom_badness() of mm/oom_kill.c in pages; nil where the total it needs is not known, or the
	// task can't be chosen (oom_score_adj −1000).
	Badness *int64 `json:"badness"`
}

// KernelNode is the machine's memory, as a global report prints it.
type KernelNode struct {
	RAMPages      *int64 `json:"ram_pages"`
	ReservedPages *int64 `json:"reserved_pages,omitempty"`
	FreePages     *int64 `json:"free_pages"`
	SwapTotalKB   *int64 `json:"swap_total_kb"`
	SwapFreeKB    *int64 `json:"swap_free_kb"`
	// SlabReclaimablePages to PagetablesPages are of the Mem-Info block; nil where it is cut.
	SlabReclaimablePages   *int64 `json:"slab_reclaimable_pages,omitempty"`
	SlabUnreclaimablePages *int64 `json:"slab_unreclaimable_pages,omitempty"`
	ShmemPages             *int64 `json:"shmem_pages,omitempty"`
	PagetablesPages        *int64 `json:"pagetables_pages,omitempty"`
	AnonPages              *int64 `json:"anon_pages,omitempty"`
	FilePages              *int64 `json:"file_pages,omitempty"`
	// UnevictablePages are locked pages, which are in neither AnonPages nor FilePages; nil where there are none.
	UnevictablePages *int64 `json:"unevictable_pages,omitempty"`
	// HugepagesKB is the size of the pools of huge pages, of which nothing else can be taken; nil where there are none.
	HugepagesKB *int64 `json:"hugepages_kb,omitempty"`
}

// KernelEvidence is what the kernel logs hold, in the order of the files' names.
type KernelEvidence struct {
	Logs []KernelLog
}

// KernelLog is one node's kernel log, reduced to what concerns memory.
type KernelLog struct {
	// Node is the name of the log's file without its ending: the node's name.
	Node   string
	Source string
	// Reports are in the order of the log. Report times are set in all of them where BootTime is known.
	Reports []KernelReport
	// From and To are the first and last time that the log covers; zero where it has no usable time.
	From, To time.Time
	// BootTime turns seconds since boot into time: known from lines that carry both (audit records, a wall
	// clock beside the uptime). Zero where unknown.
	BootTime time.Time
	// UptimeFrom and UptimeTo are the first and last stamps of a log in seconds since boot.
	UptimeFrom, UptimeTo *float64
	// Lost are the places where the log says that it lost records.
	Lost []KernelLoss
	// Boots are the moments at which the log shows the machine start ("Linux version …").
	Boots []time.Time
	// UserKills are kills by user-space killers (systemd-oomd, earlyoom), and other hints of user space.
	UserKills []UserKill
	// Followed is set where a node agent wrote the log down: such a log holds kills only, and its silence speaks for that
	// stretch alone.
	Followed *KernelFollowed
	// SkippedLines counts lines over the limit of a line's length.
	SkippedLines int64
	// Lines counts the lines read.
	Lines int64
}

// KernelFollowed is the stretch over which a node agent followed the kernel log without loss; From and To are zero where
// it did not.
type KernelFollowed struct{ From, To time.Time }

// lastWord is how old the last word of an agent may be that follows the log still: it speaks once a minute where there
// is nothing to tell.
const lastWord = 90 * time.Second

// Holds says whether a kill of that moment would be in the log.
func (f KernelFollowed) Holds(at time.Time) bool {
	return !f.From.IsZero() && f.From.Before(at) && !at.After(f.To.Add(lastWord))
}

// TooQuiet says whether the log's silence at its end is so long that it no longer speaks for the moment at: more than
// six times its usual pause between lines (within 45 minutes and 3 hours), or more than it covers. from and to are
// the times of its first and last line.
func (l *KernelLog) TooQuiet(from, to, at time.Time) bool {
	if l.Followed != nil {
		return !l.Followed.Holds(at)
	}
	silence := at.Sub(to)
	pause := to.Sub(from) / time.Duration(max(l.Lines, 1))
	return silence > 0 && (silence > min(max(6*pause, 45*time.Minute), 3*time.Hour) || silence >= to.Sub(from))
}

// KernelLoss is a place where records were lost.
type KernelLoss struct {
	At time.Time
	// Line counts from 1.
	Line int64
	Why  string
}

// Kinds of a UserKill.
const (
	UserKillSystemdOOMD = "systemd-oomd"
	UserKillEarlyOOM    = "earlyoom"
	// UserKillKubeletEviction is a line of the kubelet about an eviction.
	UserKillKubeletEviction = "kubelet-eviction"
	// UserKillUnit is systemd's line that a unit failed with result oom-kill.
	UserKillUnit = "systemd-unit"
	// UserKillCounter is a node agent's line about a CountedKill: the kernel killed, and only its counter tells where.
	UserKillCounter = "cgroup-counter"
)

// UserKill is a kill, or a hint of one, that user space logged.
type UserKill struct {
	At time.Time `json:"at"`
	// Told is what a node said in place of At where that was corrected; it is kept nowhere.
	Told time.Time `json:"-"`
	// Line counts from 1.
	Line   int64  `json:"line,omitempty"`
	Killer string `json:"killer"`
	// Path is the cgroup, where the line names one; PodUID and ContainerID are read from it.
	Path        string `json:"path,omitempty"`
	PodUID      string `json:"pod_uid,omitempty"`
	ContainerID string `json:"container_id,omitempty"`
	PID         int64  `json:"pid,omitempty"`
	Comm        string `json:"comm,omitempty"`
	// Text is the line's message, decoded, without control characters, at most 500 bytes.
	Text string `json:"text"`
	// Counted is what a UserKillCounter tells; nil for all others.
	Counted *CountedKill `json:"counted,omitempty"`
}
