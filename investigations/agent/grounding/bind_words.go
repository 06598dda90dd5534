package grounding

import "strings"

// marks are what the words around a number say of it.
type marks uint32

// Each group holds marks that exclude each other; the last of the first group are parts of a whole.
const (
	markLimit marks = 1 << iota
	markRequest
	markUse
	markFree
	markShmem
	markKernel
	markCache
	markHeap
	markBeside
	markWhole
	markSum
	markMay
	markAllocatable
	markEach
	markBase

	markBefore
	markAt

	markRollout
	markStart
	markEnd
	markProbe

	markLife
	markForce
	markSpan
)

// what a mark is called in a reason.
var markNames = []struct {
	mark marks
	name string
}{
	{markLimit, "a limit"},
	{markRequest, "a request"},
	{markUse, "what was used"},
	{markFree, "what was free"},
	{markShmem, "tmpfs or shared memory"},
	{markKernel, "the kernel's own memory"},
	{markCache, "the page cache"},
	{markHeap, "the heap"},
	{markBeside, "what the runtime takes beside its heap"},
	{markWhole, "the whole"},
	{markBefore, "what was before"},
	{markAt, "what was at the end"},
	{markRollout, "a rollout"},
	{markStart, "a start"},
	{markEnd, "an end"},
	{markProbe, "a probe"},
	{markSum, "a sum"},
	{markAllocatable, "what pods may be given"},
	{markEach, "one request"},
	{markBase, "what it takes without requests"},
	{markForce, "how long a revision was in force"},
	{markMay, "what may be used"},
	{markProcesses, "what the processes hold"},
	{markLife, "a lifetime"},
	{markSpan, "another span of time"},
}

// excludes are the pairs of marks of which a number has one only.
var excludes = map[marks]marks{
	markLimit:     markRequest | markUse | markSum,
	markRequest:   markLimit | markUse | markMay | markFree | markAllocatable | markSum,
	markUse:       markLimit | markRequest | markFree | markAllocatable | markMay,
	markSum:       markLimit | markRequest,
	markMay:       markUse | markRequest,
	markProcesses: markShmem | markKernel | markCache,
	markEach:      markBase,
	markBase:      markEach,

	markAllocatable: markUse | markRequest,
	markFree:        markUse | markRequest,
	markShmem:       markKernel | markHeap | markBeside | markLimit | markRequest | markProcesses,
	markKernel:      markShmem | markHeap | markBeside | markLimit | markRequest,
	markCache:       markHeap | markBeside | markRequest,
	markHeap:        markBeside | markKernel | markShmem | markWhole,
	markBeside:      markHeap | markWhole | markKernel,
	markWhole:       markBeside | markHeap,
	markBefore:      markAt,
	markAt:          markBefore,
	markRollout:     markStart | markEnd | markProbe,
	markStart:       markRollout | markEnd | markProbe,
	markEnd:         markRollout | markStart | markProbe,
	markProbe:       markRollout | markStart | markEnd,
	markLife:        markSpan | markForce,
	markForce:       markSpan | markLife,
	markSpan:        markForce,
}

const (
	kindMarks    = markBefore - 1
	runtimeMarks = markHeap | markBeside | markWhole
	eachMarks    = markEach | markBase
	whenMarks    = markBefore | markAt
	eventMarks   = markRollout | markStart | markEnd | markProbe
	spanMarks    = markLife | markForce | markSpan
	// markProcesses is what processes hold of their own.
	markProcesses marks = 1 << 30
)

// against returns what other says of the number, where each of its marks of one kind excludes each of m's.
func (m marks) against(other marks) string {
	for _, group := range []marks{kindMarks&^(runtimeMarks|eachMarks) | markProcesses, runtimeMarks, eachMarks, whenMarks, eventMarks, spanMarks} {
		a, b := m&group, other&group
		if a != markSum {
			a &^= markSum
		}
		if b != markSum {
			b &^= markSum
		}
		if a == 0 || b == 0 || a&b != 0 {
			continue
		}
		all := true
		for _, n := range markNames {
			if a&n.mark != 0 && excludes[n.mark]&b != b {
				all = false
			}
		}
		if !all {
			continue
		}
		for _, n := range markNames {
			if b&n.mark != 0 {
				return n.name
			}
		}
		return "something else"
	}
	return ""
}

// markLexicon finds marks by their words.
type markLexicon struct{ lexicon }

var markOf = map[string]marks{
	"limit": markLimit, "request": markRequest, "use": markUse, "free": markFree, "shmem": markShmem, "kernel": markKernel, "cache": markCache,
	"heap": markHeap, "beside": markBeside, "may": markMay, "whole": markWhole | markSum, "allocatable": markAllocatable, "each": markEach, "probe": markProbe, "force": markForce, "before": markBefore, "at": markAt, "rollout": markRollout, "start": markStart,
	"end": markEnd, "life": markLife, "span": markSpan, "processes": markProcesses,
}

var markWords = markLexicon{compile([]entry{
	{"limit", []string{"limit|limits|ceiling|cap|maximum"}},
	{"may", []string{"may|can|could|allowed ?to use|grow|hold|take"}},
	{"request", []string{
		"requests|requested|requesting|asks|asked ?only ?for ?just ?about ?of", "memory|its|a|the|with request", "request of|is|was", "request",
	}},
	{"use", []string{"hold|held|holds|holding|used|uses|using|usage|consumed|occupied|took|grew|grown|rose|climbed|anonymous|rss|resident", "working set", "lived|hovered|stood|sat|stayed|remained|was at"}},
	{"free", []string{"free|available|left|spare|unused"}},
	{"shmem", []string{"shmem|tmpfs|shm", "shared memory", "files in memory"}},
	{"kernel", []string{"slab", "page tables", "kernel memory", "kernel own memory", "kernel stacks"}},
	{"cache", []string{"page cache"}},
	{"heap", []string{"heap|heaps|xmx|-xmx"}},
	{"beside", []string{"metaspace|off-heap|offheap|non-heap|native|overhead", "outside|beside|besides ?of the|its ?own ?java heap", "beside it"}},
	{"whole", []string{"total|altogether|together|sum|sums", "adds up", "come|comes|amount|amounts to", "that makes", "makes|make", "everything else", "the rest", "yields|yielding", "results|resulting in", "potential|combined|overall|possible ?memory footprint|demand|need|size|usage"}},
	{"before", []string{"usual|usually|normal|normally|earlier|previously|formerly|initially|originally", "used to be", "old|former|previous limit|level|value"}},
	{"at", []string{"at the kill|end|moment", "at that moment", "at ?the ?its time of", "when ?it ?was killed", "now", "new limit"}},
	{"rollout", []string{"rolled|rollout|deployed|deploy|deployment|released", "came|come|went|goes into force|effect", "into force", "went|goes|go|came live|in|out"}},
	{"start", []string{"started|start|began|launched|booted", "running|up|alive since"}},
	{"end", []string{"ended|end|killed|kill|died|terminated|stopped|exited"}},
	{"allocatable", []string{"allocatable", "pods may use", "hand|give|gives out|pods"}},
	{"each", []string{"each|per|every|one request", "each ?such ?# requests"}},
	{"probe", []string{"probe *2 failed|fails|failing", "failed probe|liveness|readiness", "unhealthy", "first failed"}},
	{"life", []string{"every|lifetime|lifetimes|lived|lives|survived|survives|age", "ran|run|running|up|alive for", "at an age of"}},
	{"force", []string{"in force", "after|since the ?last rollout|deploy|deployment|release", "after|since ?the revision|image|version"}},
	{"span", []string{"before the|its|that kill|end"}},
	{"processes", []string{"processes|process hold|holds|held|own", "held by its|the|their ?own processes"}},
})}

// of returns the marks of words. "For each request" is about traffic, and "before" with a time about when.
func (l markLexicon) of(words []string) marks {
	var m marks
	for _, h := range l.find(words) {
		if h.label == "request" {
			if h.from > 0 && (words[h.from-1] == "each" || words[h.from-1] == "per" || words[h.from-1] == "every" || words[h.from-1] == "one") ||
				h.to < len(words) && (words[h.to] == "per" || words[h.to] == "rate" || words[h.to] == "a") {
				continue
			}
		}
		m |= markOf[h.label]
	}
	return m
}

// fallback are the marks that a number of a fact has by what the fact as a whole is about.
func (markLexicon) fallback(says string, one figure) marks {
	low := strings.ToLower(says)
	var m marks
	dim := one.dimension()
	if one.kind == Time && strings.HasPrefix(low, "in the life of ") {
		switch {
		case one.marks&markBefore != 0:
			m |= markStart
		case one.marks&markAt != 0:
			m |= markEnd
		}
	}
	if one.marks&markLimit != 0 && strings.Contains(low, "reached") {
		m |= markUse
	}
	if dim == dimBytes && one.marks&(kindMarks|markProcesses) == 0 && (strings.Contains(low, " held ") || strings.Contains(low, " grew ") || strings.Contains(low, "anonymous memory")) {
		m |= markUse
	}
	if dim == dimBytes && one.marks&eachMarks == 0 && strings.Contains(low, "for each request") {
		m |= markBase
	}
	if one.kind == Time && strings.HasPrefix(low, "event unhealthy") {
		m |= markProbe
	}
	if dim == dimSeconds && one.marks&spanMarks == 0 {
		switch {
		case strings.Contains(low, "lives ended"), strings.Contains(low, " lived at "), strings.Contains(low, "exit code"):
			m |= markLife
		case strings.Contains(low, "divided by"), strings.Contains(low, "sampled every"), strings.Contains(low, "kernel log"), strings.Contains(low, " grew "):
			m |= markSpan
		}
	}
	return m
}
