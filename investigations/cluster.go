package investigations

import "time"

// Kinds of a Container within its pod.
const (
	ContainerApp = "app"
	// ContainerInit runs to its end before the app containers start.
	ContainerInit = "init"
	// ContainerSidecar is a native sidecar: an init container with restartPolicy Always (KEP-753).
	ContainerSidecar   = "sidecar"
	ContainerEphemeral = "ephemeral"
)

// PodEvidence is the state of pods, nodes and namespaces.
type PodEvidence struct {
	Pods        []Pod
	Nodes       []Node
	Events      []Event
	LimitRanges []LimitRange
	Quotas      []ResourceQuota
	Namespaces  []Namespace
	// HasPods and its like tell "looked and found none" from "could not look".
	HasPods, HasNodes, HasEvents bool
}

// Pod is what a diagnosis needs of a v1.Pod. Times are zero where the object has none.
type Pod struct {
	Namespace, Name, UID, Node string
	Labels, Annotations        map[string]string
	// OwnerKind is the kind of the controlling owner in lower case ("replicaset"); empty for a bare pod.
	OwnerKind, OwnerName, OwnerUID string
	// QoS is Guaranteed, Burstable or BestEffort.
	QoS           string
	Priority      *int32
	PriorityClass string
	// Phase, Reason and Message are those of the status: Reason "Evicted" is the kubelet's eviction.
	Phase, Reason, Message string
	Created, Started       time.Time
	// Deleted is deletionTimestamp (the request's time plus the grace period); zero where none.
	Deleted             time.Time
	DeletionGraceS      *int64
	TerminationGraceS   *int64
	RestartPolicy       string
	Conditions          []Condition
	Containers          []Container
	Volumes             []Volume
	MemoryRequest       *int64 // pod-level (KEP-2837), bytes
	MemoryLimit         *int64 // pod-level, bytes
	OverheadMemoryBytes int64
	// Source is the file, with the lines of the object where they tell it from others.
	Source string
}

// Condition is a condition of a pod, node or workload; At is when it last changed.
type Condition struct {
	Type, Status, Reason, Message string
	At                            time.Time
}

// Container is a container of a pod or of a pod template, with its status where it is a pod's.
type Container struct {
	Name, Kind, Image, ImageID string
	Command, Args              []string
	Env                        []EnvVar
	// EnvFromConfigMaps are the names of ConfigMaps that the environment takes in whole.
	EnvFromConfigMaps []string
	// MemoryRequest and MemoryLimit are bytes of the spec; nil where not set. A limit below one byte (512m)
	// is rounded up to 1.
	MemoryRequest, MemoryLimit *int64
	// RawMemoryLimit is the limit as it is written, as "512m".
	RawMemoryLimit string
	Mounts         []Mount
	// ResizePolicy of memory: "" , NotRequired or RestartContainer.
	MemoryResizePolicy string
	HasLiveness        bool
	HasStartup         bool

	// What follows is status; zero in a template.

	// ContainerID is without its runtime prefix; of the container that runs now (or ran last).
	ContainerID string
	Restarts    int32
	Ready       bool
	State       ContainerState
	LastState   ContainerState
	// AllocatedLimit is status.containerStatuses[].resources.limits.memory: what the kubelet put in force.
	AllocatedLimit *int64
}

// ContainerState is one state of a container; all fields are zero where there is none.
type ContainerState struct {
	RunningSince                  time.Time
	WaitingReason, WaitingMessage string
	Terminated                    *Termination
}

// Termination is how a container ended.
type Termination struct {
	Reason, Message       string
	ExitCode, Signal      int32
	StartedAt, FinishedAt time.Time
	// ContainerID is without its runtime prefix.
	ContainerID string
}

// EnvVar is one variable of a container. Value is kept only where its name is one that steers a runtime's
// memory (JAVA_TOOL_OPTIONS, GOMEMLIMIT, NODE_OPTIONS and the like); else Digest tells two values apart
// without keeping them.
type EnvVar struct {
	Name, Value, Digest string
	// ConfigMap and Key name where the value comes from, if from a ConfigMap.
	ConfigMap, Key string
	// Opaque says that the value comes from a Secret or a field and is not known.
	Opaque bool
}

// Mount is where a container sees a volume.
type Mount struct {
	Volume, Path string
}

// Volume is a volume of a pod.
type Volume struct {
	Name string
	// Kind is emptyDir, configMap, secret, …
	Kind string
	// Memory says that it is an emptyDir with medium Memory: a tmpfs that counts as the pod's memory.
	Memory bool
	// SizeLimit is in bytes; nil where not set.
	SizeLimit *int64
	// Ref is the name of the ConfigMap, secret or claim, or the host's path.
	Ref string
	// ConfigMaps are the ConfigMaps that it takes in: one, or several where it is projected.
	ConfigMaps []string
}

// Node is a v1.Node.
type Node struct {
	Name             string
	Labels           map[string]string
	CapacityBytes    int64
	AllocatableBytes int64
	Conditions       []Condition
	KernelVersion    string
	KubeletVersion   string
	Runtime          string
	OSImage          string
	// BootID tells reboots apart.
	BootID        string
	SwapBytes     *int64
	Unschedulable bool
	Source        string
}

// Event is a v1.Event or events.k8s.io/v1 Event. First equals Last where there is one occurrence.
type Event struct {
	Namespace, Kind, Name, UID string
	// FieldPath names the container, as spec.containers{app}.
	FieldPath       string
	Type            string
	Reason, Message string
	Component, Host string
	Count           int32
	First, Last     time.Time
	Source          string
}

// LimitRange holds a namespace's defaults for containers, and its bounds.
type LimitRange struct {
	Namespace, Name string
	Created         time.Time
	// DefaultLimit and the others are bytes of memory for containers; nil where not set.
	DefaultLimit, DefaultRequest, Max, Min *int64
	PodMax                                 *int64
	Changed                                []ManagedChange
	Source                                 string
}

// ResourceQuota holds a namespace's quota of memory, in bytes; nil where not set.
type ResourceQuota struct {
	Namespace, Name                                    string
	HardLimits, UsedLimits, HardRequests, UsedRequests *int64
	Source                                             string
}

// Namespace is a v1.Namespace.
type Namespace struct {
	Name             string
	Labels           map[string]string
	Created, Deleted time.Time
	Source           string
}

// ManagedChange is one entry of managedFields: who changed what part, and when.
type ManagedChange struct {
	Manager, Operation string
	At                 time.Time
	// Memory says that the entry owns a memory request or limit of a container.
	Memory bool
	// Fields are the paths owned, in dots, at most 200 of them.
	Fields []string
}

// RolloutEvidence is how workloads changed.
type RolloutEvidence struct {
	Workloads   []Workload
	ConfigMaps  []ConfigMap
	Autoscalers []Autoscaler
	GitOps      []GitOps
	// Priorities are the PriorityClasses.
	Priorities []PriorityClass
	// HasWorkloads says that at least one of the workload kinds could be read.
	HasWorkloads bool
	// HasRevisions says that replicasets or controllerrevisions could be read.
	HasRevisions bool
}

// Workload is a controller of pods: deployment, statefulset, daemonset, job, cronjob, or a bare replicaset.
type Workload struct {
	Namespace string
	// Kind is lower case.
	Kind, Name, UID      string
	OwnerKind, OwnerName string
	Labels, Annotations  map[string]string
	Created              time.Time
	Replicas             *int32
	// Current is the revision in force; 0 where unknown.
	Current int64
	// Revisions are in ascending order of Number; the template in force is the last where Current is unknown.
	Revisions []Revision
	// Template is the spec's own.
	Template PodTemplate
	// Conditions hold a deployment's Progressing, with the time of its last update, and a job's.
	Conditions []Condition
	// Schedule is a cronjob's; with CRON_TZ=ZONE in front where it has a time zone of its own.
	Schedule string
	// StartTime and CompletionTime are a job's; a cronjob's StartTime is when it was last due.
	StartTime, CompletionTime time.Time
	// Changed are managedFields entries on the spec.
	Changed []ManagedChange
	Source  string
}

// Ref returns the workload as kind/name.
func (w Workload) Ref() string { return w.Kind + "/" + w.Name }

// Revision is one version of a workload's pod template.
type Revision struct {
	Number int64
	// Name is the ReplicaSet's or ControllerRevision's.
	Name, UID string
	// Hash is the label that the revision's pods carry (pod-template-hash, controller-revision-hash).
	Hash string
	// Created is when the object was made. A rollback raises the number of an old object, so this may be
	// long before the revision came into force; see RolledOutAt.
	Created time.Time
	// RolledOutAt is the best knowledge of when the revision (last) came into force: zero where only Created
	// is known.
	RolledOutAt time.Time
	// Replicas is the wanted count now.
	Replicas int32
	Template PodTemplate
	Source   string
}

// PodTemplate is the part of a template that a memory diagnosis compares.
type PodTemplate struct {
	Containers                 []Container
	Volumes                    []Volume
	Labels, Annotations        map[string]string
	MemoryRequest, MemoryLimit *int64
	PriorityClass              string
	TerminationGraceS          *int64
	NodeSelector               map[string]string
	ServiceAccount             string
}

// ConfigMap is a ConfigMap, without its values but for those that steer memory.
type ConfigMap struct {
	Namespace, Name string
	Created         time.Time
	// Data holds the values of keys that steer a runtime's memory; of a file, the lines that do.
	Data    map[string]string
	Keys    []string
	Changed []ManagedChange
	// HasManagedFields is false where the time of the last change can't be known.
	HasManagedFields bool
	Source           string
}

// PriorityClass is a scheduling.k8s.io PriorityClass.
type PriorityClass struct {
	Name  string
	Value int32
	// Default says that pods without a class have this one.
	Default bool
	Source  string
}

// Autoscaler is a HorizontalPodAutoscaler ("hpa") or VerticalPodAutoscaler ("vpa").
type Autoscaler struct {
	Kind, Namespace, Name string
	// Target is kind/name.
	Target string
	// OnMemory says that an HPA scales on memory.
	OnMemory          bool
	Min, Max, Current int32
	// Mode is a VPA's updateMode.
	Mode string
	// MemoryTargets are a VPA's recommendations by container, in bytes.
	MemoryTargets map[string]int64
	Source        string
}

// GitOps is an Argo CD Application, a Flux Kustomization or HelmRelease.
type GitOps struct {
	Kind, Namespace, Name string
	// Revision is what was last applied, and At when.
	Revision string
	At       time.Time
	// Resources are what it manages, as far as it says; empty: unknown.
	Resources []string // namespace/kind/name
	Suspended bool
	AutoSync  bool
	Source    string
}
