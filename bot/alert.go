package bot

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// The sources of alerts.
const (
	SourceAlertmanager = "alertmanager"
	SourceGrafana      = "grafana"
	SourcePagerDuty    = "pagerduty"
	// SourceSlack is a post of an alert bot that is none of the others.
	SourceSlack = "slack"
	// SourceAgent is a node agent, which saw a kill itself: its alerts have a Kill, and never end.
	SourceAgent = "agent"
)

// Alert is one alert as its source tells of it. Nothing in it is believed before the cluster confirms it.
type Alert struct {
	Source string `json:"source"`
	// Group is what the source itself groups by (Alertmanager's groupKey, PagerDuty's incident id); ID tells the alert
	// from all others of the source, over repeats and over its end (fingerprint and startsAt, incident id).
	Group string `json:"group,omitempty"`
	ID    string `json:"id"`
	// Name is that of its rule; Title is what a person reads.
	Name     string `json:"name,omitempty"`
	Title    string `json:"title,omitempty"`
	Severity string `json:"severity,omitempty"`
	Resolved bool   `json:"resolved,omitempty"`
	// Acknowledged says that a person took it, where the source tells that.
	Acknowledged bool      `json:"acknowledged,omitempty"`
	StartsAt     time.Time `json:"starts_at,omitzero"`
	EndsAt       time.Time `json:"ends_at,omitzero"`
	// URL leads to it.
	URL string `json:"url,omitempty"`
	// Cluster is the label of that name.
	Cluster string `json:"cluster,omitempty"`
	// Targets are what it may be about, the likeliest first. A target may lack its namespace, where the alert does not
	// tell it; Workload is kind/name, or a name alone where the kind is not told.
	Targets []investigations.Target `json:"targets,omitempty"`
	// Memory says that its words are about memory, kills or crash loops.
	Memory bool `json:"memory,omitempty"`
	// Kill is what a node agent saw; nil for all other sources.
	Kill *Kill `json:"kill,omitempty"`
}

// Kill is one kill that a node agent saw. The names of its pod are in the alert's targets where the agent knew them.
type Kill struct {
	Node   string `json:"node"`
	BootID string `json:"boot_id,omitempty"`
	// PodUID and ContainerID are empty for a process outside of pods, and where the kernel did not tell.
	PodUID      string `json:"pod_uid,omitempty"`
	ContainerID string `json:"container_id,omitempty"`
	// PID is 0 and Comm empty where only the cgroup's counter tells of the kill.
	PID  int64     `json:"pid,omitempty"`
	Comm string    `json:"comm,omitempty"`
	At   time.Time `json:"at"`
	// KernelTime says that At is the kernel's own time of the kill, and not when a counter was read, another program told of
	// it, or the report was received.
	KernelTime bool                    `json:"kernel_time,omitempty"`
	Boundary   investigations.Boundary `json:"boundary,omitempty"`
	// Kernel says that the kernel's own report tells of it, Counted that a counter of its cgroup does, and nothing else: then
	// the kill was at most Within before At. Neither is set for kills by user space.
	Kernel  bool          `json:"kernel,omitempty"`
	Counted bool          `json:"counted,omitempty"`
	Within  time.Duration `json:"within,omitempty"`
	// Recorded says that a recording of the last minutes of its pod came with it.
	Recorded bool `json:"recorded,omitempty"`
	// Seq is the number of the agent's report that told of it, by which it is known what was told first in a boot.
	Seq int64 `json:"seq,omitempty"`
}
