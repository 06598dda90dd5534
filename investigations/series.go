package investigations

import "time"

// Names of the metric queries, as the bundle's files and the configuration carry them.
const (
	QueryWorkingSet     = "container_working_set"
	QueryRSS            = "container_rss"
	QueryCache          = "container_cache"
	QueryLimit          = "container_limit"
	QueryOOMEvents      = "container_oom_events"
	QueryRestarts       = "container_restarts"
	QueryNodeAvailable  = "node_available"
	QueryNodeTotal      = "node_total"
	QueryNodePods       = "node_pods_working_set"
	QueryTraffic        = "traffic"
	QueryRuntimeHeap    = "runtime_heap"
	QueryRuntimeThreads = "runtime_threads"
)

// MetricEvidence is what the metric queries answered.
type MetricEvidence struct {
	// Queries holds each query that was answered, by name. A query that is there with no series found nothing;
	// one that is absent could not be asked, and a BlindSpot says why.
	Queries map[string]Query
	// Recorder is the node agents' flight recorders.
	Recorder []Recorder
}

// Query is the answer to one query.
type Query struct {
	Series []Series
	Source string
	// Broken says that the answer is not whole: Series is what stands before the place where it breaks off, or
	// what the parts of Prometheus that answered hold.
	Broken bool
}

// Series is one time series: samples in ascending order of time, without duplicates, NaN or infinities.
// T and V have the same length.
type Series struct {
	Namespace, Pod, Container, Node string
	Labels                          map[string]string
	// T is unix milliseconds.
	T []int64
	V []float64
	// Dropped counts samples that were left out as unusable.
	Dropped int
}

// Recorder is a node agent's flight recorder around a kill.
type Recorder struct {
	Node     string
	From, To time.Time
	// LosslessSince is since when the node's kernel log was followed without loss; zero where not known.
	LosslessSince time.Time
	Series        []RecorderSeries
	Top           []RecorderTop
	Source        string
}

// RecorderSeries is one series of a Recorder, in the unit that it names (bytes, …). PodUID and ContainerID are those of
// the cgroup, as a kernel report has them; empty where the recording does not say them.
type RecorderSeries struct {
	Namespace, Pod, Container, Name, Unit string
	PodUID, ContainerID                   string
	Series                                Series
}

// RecorderTop is one process among the largest at a moment. Command is its command line, redacted and at most
// RecorderCommandBytes long; empty where the reading does not say it, as most of a process's readings do not. PodUID
// and ContainerID are as in a RecorderSeries.
type RecorderTop struct {
	At                        time.Time
	Namespace, Pod, Container string
	PodUID, ContainerID       string
	PID                       int64
	Comm, Command             string
	RSSBytes                  int64
}

// RecorderCommandBytes is how long the command line of a RecorderTop is at most.
const RecorderCommandBytes = 240

// LogEvidence is what the containers' logs hold.
type LogEvidence struct {
	Logs []ContainerLog
}

// ContainerLog is one log of one container, reduced to what may concern memory.
type ContainerLog struct {
	Namespace, Pod, Container string
	// Previous says that it is the log of the container's earlier life.
	Previous bool
	// From and To are the first and last timestamps; zero where lines carry none.
	From, To time.Time
	Lines    int64
	Matches  []LogMatch
	// Last are the last lines, at most 20.
	Last   []LogLine
	Source string
}

// Kinds of a LogMatch.
const (
	LogJavaOOM    = "java_oom"   // java.lang.OutOfMemoryError
	LogV8Heap     = "v8_heap"    // FATAL ERROR: Reached heap limit …
	LogPythonOOM  = "python_oom" // MemoryError
	LogGoOOM      = "go_oom"     // runtime: out of memory, cannot allocate memory
	LogDotnetOOM  = "dotnet_oom" // System.OutOfMemoryException
	LogRubyOOM    = "ruby_oom"   // NoMemoryError
	LogPHPOOM     = "php_oom"    // Allowed memory size of N bytes exhausted
	LogRustOOM    = "rust_oom"   // memory allocation of N bytes failed
	LogNativeOOM  = "native_oom" // std::bad_alloc
	LogWork       = "work"       // a request, job or input that names a size, or starts a batch
	LogSignal     = "signal"     // received SIGTERM, shutting down
	LogChildDied  = "child_died" // a worker or child was killed by signal 9
	LogAllocation = "allocation" // an allocation or cache that is announced with a size
)

// LogMatch is a line that may explain a kill.
type LogMatch struct {
	Kind string
	LogLine
	// Bytes is the largest size that the line names; 0 where it names none. Of v8_heap it is the heap's size after
	// the last collection.
	Bytes int64
	// Detail is what a runtime adds, as "Metaspace" or "Java heap space"; of work what speaks for it: size, count
	// (of rows and the like), request (by its path) or job; of a killed child "worker timeout" where its parent
	// had lost patience with it.
	Detail string
}

// LogLine is a line of a log. Text is valid UTF-8 without control characters, at most 500 bytes. At is zero where
// no line up to this one has a time; a line without one has that of the line before it.
type LogLine struct {
	At   time.Time
	Line int64
	Text string
}

// ProfileEvidence is what heap profiles hold.
type ProfileEvidence struct {
	Profiles []HeapProfile
	Growth   []ProfileGrowth
}

// HeapProfile is one heap profile, reduced to memory in use.
type HeapProfile struct {
	Namespace, Pod, Container string
	At                        time.Time
	// InUseBytes is the sum over all samples.
	InUseBytes int64
	// Functions are the largest by flat bytes in use, at most 50, in descending order.
	Functions []FunctionBytes
	Source    string
}

// FunctionBytes is memory in use that a function (by its full name) allocated.
type FunctionBytes struct {
	Function string
	Bytes    int64
}

// ProfileGrowth is the difference of two profiles of the same container name.
type ProfileGrowth struct {
	Namespace, Container      string
	BeforePod, AfterPod       string
	Before, After             time.Time
	BeforeSource, AfterSource string
	BeforeBytes, AfterBytes   int64
	// Functions grew the most, in descending order of growth, at most 20. A function is the innermost frame
	// outside of the language's runtime.
	Functions []FunctionBytes
}

// Evidence is all that the sources found. A nil part was not read.
type Evidence struct {
	Kernel   *KernelEvidence
	Pods     *PodEvidence
	Rollouts *RolloutEvidence
	Metrics  *MetricEvidence
	Logs     *LogEvidence
	Profiles *ProfileEvidence
	Memory   *MemoryEvidence
}

// merge takes over the parts that o has.
func (e *Evidence) merge(o Evidence) {
	if o.Kernel != nil {
		e.Kernel = o.Kernel
	}
	if o.Pods != nil {
		e.Pods = o.Pods
	}
	if o.Rollouts != nil {
		e.Rollouts = o.Rollouts
	}
	if o.Metrics != nil {
		e.Metrics = o.Metrics
	}
	if o.Logs != nil {
		e.Logs = o.Logs
	}
	if o.Profiles != nil {
		e.Profiles = o.Profiles
	}
	if o.Memory != nil {
		e.Memory = o.Memory
	}
}
