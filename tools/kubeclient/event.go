package kubeclient

import (
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
)

// Event is an event in either of its shapes: core/v1, which kubectl prints, and events.k8s.io/v1, which says
// the same in other words.
type Event struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Namespace         string      `json:"namespace"`
		CreationTimestamp metav1.Time `json:"creationTimestamp"`
	} `json:"metadata"`
	Type   string `json:"type"`
	Reason string `json:"reason"`

	InvolvedObject corev1.ObjectReference `json:"involvedObject"`
	Regarding      corev1.ObjectReference `json:"regarding"`
	Message        string                 `json:"message"`
	Note           string                 `json:"note"`

	Source           corev1.EventSource `json:"source"`
	DeprecatedSource corev1.EventSource `json:"deprecatedSource"`
	// ReportingComponent is ReportingController in events.k8s.io/v1.
	ReportingComponent  string `json:"reportingComponent"`
	ReportingController string `json:"reportingController"`
	ReportingInstance   string `json:"reportingInstance"`

	FirstTimestamp           metav1.Time      `json:"firstTimestamp"`
	DeprecatedFirstTimestamp metav1.Time      `json:"deprecatedFirstTimestamp"`
	LastTimestamp            metav1.Time      `json:"lastTimestamp"`
	DeprecatedLastTimestamp  metav1.Time      `json:"deprecatedLastTimestamp"`
	EventTime                metav1.MicroTime `json:"eventTime"`
	Count                    int32            `json:"count"`
	DeprecatedCount          int32            `json:"deprecatedCount"`
	Series                   *struct {
		Count            int32            `json:"count"`
		LastObservedTime metav1.MicroTime `json:"lastObservedTime"`
	} `json:"series"`
}

// Event converts an event; source is where it was found.
func (c *Converter) Event(from *Event, source string) (investigations.Event, error) {
	object := from.InvolvedObject
	if object.Name == "" {
		object = from.Regarding
	}
	if object.Name == "" {
		return investigations.Event{}, errors.New("it is about no object")
	}
	e := investigations.Event{
		Namespace: c.text(first(object.Namespace, from.Metadata.Namespace)), Kind: c.text(object.Kind), Name: c.text(object.Name),
		UID: c.text(string(object.UID)), FieldPath: c.text(object.FieldPath),
		Type: c.text(from.Type), Reason: c.text(from.Reason), Message: c.text(clip(first(from.Message, from.Note))),
		Component: c.text(first(from.Source.Component, from.DeprecatedSource.Component, from.ReportingController, from.ReportingComponent)),
		Host:      c.text(first(from.Source.Host, from.DeprecatedSource.Host)),
		Count:     max(from.Count, from.DeprecatedCount, 1),
		First:     firstTime(from.FirstTimestamp.Time, from.DeprecatedFirstTimestamp.Time, from.EventTime.Time),
		Last:      firstTime(from.LastTimestamp.Time, from.DeprecatedLastTimestamp.Time),
		Source:    source,
	}
	if e.Host == "" && e.Component == "kubelet" {
		e.Host = c.text(from.ReportingInstance)
	}
	if s := from.Series; s != nil {
		e.Count = max(e.Count, s.Count)
		if last := s.LastObservedTime.UTC(); !s.LastObservedTime.IsZero() && last.After(e.Last) {
			e.Last = last
		}
	}
	e.First = firstTime(e.First, e.Last, from.Metadata.CreationTimestamp.Time)
	e.Last = firstTime(e.Last, e.First)
	return e, nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func firstTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t.UTC()
		}
	}
	return time.Time{}
}
