package names

import (
	"encoding/json"
	"strings"
	"time"
)

// object is what is read of a v1.Pod. All of it may have been written by somebody hostile.
type object struct {
	Metadata struct {
		UID             string      `json:"uid"`
		Namespace       string      `json:"namespace"`
		Name            string      `json:"name"`
		ResourceVersion string      `json:"resourceVersion"`
		Annotations     annotations `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		NodeName       string          `json:"nodeName"`
		HostNetwork    bool            `json:"hostNetwork"`
		Containers     []specContainer `json:"containers"`
		InitContainers []specContainer `json:"initContainers"`
	} `json:"spec"`
	Status struct {
		Phase      string            `json:"phase"`
		Reason     string            `json:"reason"`
		Message    string            `json:"message"`
		PodIP      string            `json:"podIP"`
		Conditions []condition       `json:"conditions"`
		Containers []containerStatus `json:"containerStatuses"`
		Init       []containerStatus `json:"initContainerStatuses"`
		Ephemeral  []containerStatus `json:"ephemeralContainerStatuses"`
	} `json:"status"`
}

type specContainer struct {
	Name  string `json:"name"`
	Ports []struct {
		Name          string `json:"name"`
		ContainerPort int32  `json:"containerPort"`
	} `json:"ports"`
}

type condition struct {
	Type               string    `json:"type"`
	Reason             string    `json:"reason"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

type containerStatus struct {
	Name        string         `json:"name"`
	ContainerID string         `json:"containerID"`
	State       containerState `json:"state"`
	LastState   containerState `json:"lastState"`
}

type containerState struct {
	Running    *struct{} `json:"running"`
	Terminated *struct {
		ContainerID string    `json:"containerID"`
		FinishedAt  time.Time `json:"finishedAt"`
	} `json:"terminated"`
}

// annotations are those of a pod that are short: others can be a quarter of a megabyte, and none that matters is.
type annotations map[string]string

// maxAnnotation is above the longest value that is of use.
const maxAnnotation = 512

// UnmarshalJSON leaves out what is too long.
func (a *annotations) UnmarshalJSON(data []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for key, raw := range all {
		var value string
		if len(raw) > maxAnnotation || json.Unmarshal(raw, &value) != nil {
			continue
		}
		if *a == nil {
			*a = annotations{}
		}
		(*a)[key] = value
	}
	return nil
}

// bare is a container's id without the name of its runtime: containerd://ID.
func bare(id string) string {
	if _, after, ok := strings.Cut(id, "://"); ok {
		id = after
	}
	if len(id) > 128 {
		return ""
	}
	return id
}

// ids are those that a status tells of, the present one first.
func (c *containerStatus) ids() []string {
	out := []string{bare(c.ContainerID)}
	for _, s := range []containerState{c.State, c.LastState} {
		if s.Terminated != nil {
			out = append(out, bare(s.Terminated.ContainerID))
		}
	}
	return out
}
