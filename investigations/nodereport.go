package investigations

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// NodeReportVersion is the version of a NodeReport.
const NodeReportVersion = 1

// NodeReport is what a node agent tells the bot: the body of POST /v1/kernel-reports, as gzipped JSON. Texts in it have
// passed redaction where it is sent, and pass it again where it is received.
type NodeReport struct {
	Version int    `json:"version"`
	Node    string `json:"node"`
	// BootID is /proc/sys/kernel/random/boot_id. Seq rises with each report of a node in its boot, by 1 or more, from 1 or
	// above, and reports may come out of order: with both a report that is sent again is known to be the same. A report that
	// is a heartbeat alone has Seq 0.
	BootID string `json:"boot_id"`
	Seq    int64  `json:"seq"`
	// SentAt is what the node's clock says when this is sent: against the receiver's it tells how wrong all other times are.
	// Where it is not there, the Date of the request stands for it.
	SentAt    time.Time      `json:"sent_at,omitzero"`
	Heartbeat *NodeHeartbeat `json:"heartbeat,omitempty"`
	// Reports are those of the kernel log, each with its time (At) and uptime.
	Reports []KernelReport `json:"reports,omitempty"`
	// Counted are kills that a cgroup's own counter told of: of which the kernel log told nothing that names the cgroup.
	Counted []CountedKill `json:"counted,omitempty"`
	// UserKills are those of systemd-oomd, earlyoom and the kubelet.
	UserKills []UserKill `json:"user_kills,omitempty"`
	// Pods say how the pods of the reports are called.
	Pods     []NodePod      `json:"pods,omitempty"`
	Recorder *NodeRecording `json:"recorder,omitempty"`
	Profiles []NodeProfile  `json:"profiles,omitempty"`
}

// NodeRefusal is the body of an answer by which the bot itself refuses a report, as JSON. What stands between the two may
// answer the same status with another body: that says nothing of the report.
type NodeRefusal struct {
	// By is RefusedByBot.
	By string `json:"refused_by"`
	// Reason is the outcome as the bot counts it (payload, too_large, …), Says what is wrong, in words.
	Reason string `json:"reason"`
	Says   string `json:"says"`
}

// RefusedByBot tells a refusal of the bot from one of whatever stands before it.
const RefusedByBot = "oombot"

// NodeHeartbeat says how an agent is.
type NodeHeartbeat struct {
	At time.Time `json:"at"`
	// Reader is how the kernel log is followed (syslog, journal, kmsg); Version that of the agent.
	Reader  string `json:"reader,omitempty"`
	Version string `json:"version,omitempty"`
	// LosslessSince is since when no record of the kernel log was missed, as far as At; nil where that is not known, and
	// while the log can't be read.
	LosslessSince *time.Time `json:"lossless_since"`
	// Waiting counts the reports that wait for delivery, Dropped those that had to make room since the agent started.
	Waiting int64 `json:"waiting,omitempty"`
	Dropped int64 `json:"dropped,omitempty"`
	// Faults are what the agent can't see at present, in words.
	Faults []string `json:"faults,omitempty"`
}

// UnmarshalJSON takes what it can of a heartbeat of another shape (true, a time, an object whose fields are of other
// types): that it is there says that the agent lives.
func (h *NodeHeartbeat) UnmarshalJSON(data []byte) error {
	*h = NodeHeartbeat{}
	var at time.Time
	if json.Unmarshal(data, &at) == nil {
		h.At = at
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	type plain NodeHeartbeat
	for name, value := range fields {
		one, err := json.Marshal(map[string]json.RawMessage{name: value})
		if err != nil {
			continue
		}
		if before := *h; json.Unmarshal(one, (*plain)(h)) != nil {
			*h = before
		}
	}
	return nil
}

// CountedKill says that the kernel's counter of kills of a container's cgroup rose (memory.events, v1's
// memory.oom_control): it names neither process nor limit. Where Recorded is set it says whose bare kill lines are, whether or
// not that counter could be read once more. Of each kill there is one report or one of Kills, but for those of PIDs and
// Among, of which there are both.
type CountedKill struct {
	// At is when the rise was seen; the kill was at most Within before.
	At       time.Time `json:"at"`
	WithinMS int64     `json:"within_ms,omitempty"`
	// Told is what the node said in place of At where that was corrected; it is kept nowhere.
	Told        time.Time `json:"-"`
	Path        string    `json:"path"`
	PodUID      string    `json:"pod_uid,omitempty"`
	ContainerID string    `json:"container_id,omitempty"`
	Kills       int64     `json:"kills"`
	// Oom says that this cgroup's own limit ran out at the same time (memory.events' oom, of cgroup v2).
	OOM bool `json:"oom,omitempty"`
	// PIDs are of bare kill lines of that moment, whose cgroup the kernel log does not tell: they are of this cgroup, as no
	// other counter rose at the moment, or as Recorded says.
	PIDs []int64 `json:"pids,omitempty"`
	// Recorded says that the flight recorder had seen the processes PIDs in this cgroup. Kills are those of PIDs then.
	Recorded bool `json:"recorded,omitempty"`
	// Among are of bare kill lines of that moment that are of this cgroup, or of another one that names them as well, or of
	// none that has a counter: what is not of PIDs is among them.
	Among []int64 `json:"among,omitempty"`
}

// NodePod is how a pod of the node is called.
type NodePod struct {
	UID        string          `json:"uid"`
	Namespace  string          `json:"namespace"`
	Name       string          `json:"name"`
	Containers []NodeContainer `json:"containers,omitempty"`
}

// NodeContainer is how a container of the node is called. ID is the runtime's, without prefix.
type NodeContainer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// NodeRecording is a piece of the flight recorder: the document recorder/NODE.json of a bundle.
type NodeRecording struct {
	Version       int                  `json:"version"`
	Node          string               `json:"node"`
	From          time.Time            `json:"from"`
	To            time.Time            `json:"to"`
	LosslessSince *time.Time           `json:"lossless_since"`
	Series        []NodeRecorderSeries `json:"series"`
	Top           []NodeRecorderTop    `json:"top"`
}

// Names of the flight recorder's series, as a bundle carries them. Bytes, but for the pressures, which are the share of
// the last ten seconds in percent (avg10 of memory.pressure).
const (
	RecordedCurrent      = "current"
	RecordedLimit        = "limit"
	RecordedPeak         = "peak"
	RecordedAnon         = "anon"
	RecordedFile         = "file"
	RecordedShmem        = "shmem"
	RecordedSock         = "sock"
	RecordedSlab         = "slab"
	RecordedPressureSome = "pressure_some"
	RecordedPressureFull = "pressure_full"
)

// NodeRecorderSeries is one series: a value each StepMS from the recording's From on.
type NodeRecorderSeries struct {
	Namespace   string  `json:"namespace"`
	Pod         string  `json:"pod"`
	Container   string  `json:"container"`
	PodUID      string  `json:"pod_uid,omitempty"`
	ContainerID string  `json:"container_id,omitempty"`
	Name        string  `json:"name"`
	Unit        string  `json:"unit"`
	StepMS      int64   `json:"step_ms"`
	Values      Samples `json:"values"`
}

// NodeRecorderTop is one reading of a process. Command is its command line, redacted; it may be empty.
type NodeRecorderTop struct {
	At          time.Time `json:"at"`
	Namespace   string    `json:"namespace"`
	Pod         string    `json:"pod"`
	Container   string    `json:"container"`
	PodUID      string    `json:"pod_uid,omitempty"`
	ContainerID string    `json:"container_id,omitempty"`
	PID         int64     `json:"pid"`
	Comm        string    `json:"comm"`
	Command     string    `json:"command,omitempty"`
	RSSBytes    int64     `json:"rss_bytes"`
}

// NodeProfile is a heap profile that was taken before the kill: gzipped pprof, as a bundle carries it.
type NodeProfile struct {
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	At        time.Time `json:"at"`
	Data      []byte    `json:"data"`
}

// Samples are values of a series; NaN stands for one that is not known, and is null in JSON.
type Samples []float64

// MarshalJSON writes whole numbers without exponent, and null for NaN.
func (s Samples) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+8*len(s))
	b = append(b, '[')
	for i, v := range s {
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			b = append(b, "null"...)
		case v == math.Trunc(v) && math.Abs(v) < 1<<53:
			b = strconv.AppendInt(b, int64(v), 10)
		default:
			b = strconv.AppendFloat(b, v, 'g', -1, 64)
		}
	}
	return append(b, ']'), nil
}

// UnmarshalJSON is the reverse of MarshalJSON.
func (s *Samples) UnmarshalJSON(data []byte) error {
	var values []*float64
	if err := json.Unmarshal(data, &values); err != nil {
		return fmt.Errorf("values of a series: %w", err)
	}
	*s = make(Samples, len(values))
	for i, v := range values {
		(*s)[i] = math.NaN()
		if v != nil {
			(*s)[i] = *v
		}
	}
	return nil
}

// NodeAccount is what the agent of a node told of a time.
type NodeAccount struct {
	Node string
	// LosslessFrom and LosslessTo are the stretch over which the agent followed the kernel log without loss that holds the
	// end of the time asked for, or ends last before it. Both are zero where there is none.
	LosslessFrom, LosslessTo time.Time
	// Reports to Profiles are of that time, the oldest first, each once.
	Reports    []KernelReport
	Counted    []CountedKill
	UserKills  []UserKill
	Pods       []NodePod
	Recordings []NodeRecording
	Profiles   []NodeProfile
}

// NodeLedger answers what node agents told. It is safe for concurrent use.
type NodeLedger interface {
	// Account returns what the agent of a node told of the time from from to to. The error is one of ErrNotFound where no
	// agent of that node was ever heard.
	Account(ctx context.Context, node string, from, to time.Time) (NodeAccount, error)
}
