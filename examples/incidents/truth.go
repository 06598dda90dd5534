package incidents

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// truth is what a right diagnosis says; fields that are left empty are not scored. A list of values means that
// any of them is right.
type truth struct {
	mechanism, boundary, cause, trigger []string
	changeRevision                      int64
	victim, culprit                     *party
	actions, actionsAny, notActions     []string
	limitBetween                        []string
	mentions, blindSpots                []string
	maxConfidence                       float64
}

// party names a victim or culprit as far as the evidence can.
type party struct {
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
	Node      string `json:"node,omitempty"`
	Comm      string `json:"comm,omitempty"`
}

// yaml renders the truth in the order of its fields. JSON values are YAML's flow style.
func (t truth) yaml() ([]byte, error) {
	var b bytes.Buffer
	var failed error
	put := func(key string, v any) {
		j, err := json.Marshal(v)
		if err != nil {
			failed = err
			return
		}
		fmt.Fprintf(&b, "%s: %s\n", key, j)
	}
	choice := func(key string, v []string) {
		switch len(v) {
		case 0:
		case 1:
			put(key, v[0])
		default:
			put(key, v)
		}
	}
	list := func(key string, v []string) {
		if len(v) > 0 {
			put(key, v)
		}
	}
	choice("mechanism", t.mechanism)
	choice("boundary", t.boundary)
	choice("cause", t.cause)
	choice("trigger", t.trigger)
	if t.changeRevision != 0 {
		put("change_revision", t.changeRevision)
	}
	if t.victim != nil {
		put("victim", t.victim)
	}
	if t.culprit != nil {
		put("culprit", t.culprit)
	}
	list("actions", t.actions)
	list("actions_any", t.actionsAny)
	list("not_actions", t.notActions)
	list("limit_between", t.limitBetween)
	list("mentions", t.mentions)
	list("blind_spots", t.blindSpots)
	if t.maxConfidence > 0 {
		put("max_confidence", t.maxConfidence)
	}
	return b.Bytes(), failed
}

// partyOf names a container of a pod.
func partyOf(p *pod, container string) *party {
	return &party{Namespace: p.ns, Pod: p.name, Container: container}
}
