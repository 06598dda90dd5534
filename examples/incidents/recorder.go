package incidents

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// recorder is what a node agent kept of the minutes around a kill.
type recorder struct {
	Version       int              `json:"version"`
	Node          string           `json:"node"`
	From          time.Time        `json:"from"`
	To            time.Time        `json:"to"`
	LosslessSince time.Time        `json:"lossless_since"`
	Series        []recorderSeries `json:"series"`
	Top           []recorderTop    `json:"top"`
}

type recorderSeries struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container"`
	Name      string `json:"name"`
	Unit      string `json:"unit"`
	StepMS    int    `json:"step_ms"`
	// Values are null where the container was not there.
	Values      []*int64 `json:"values"`
	PodUID      string   `json:"pod_uid,omitempty"`
	ContainerID string   `json:"container_id,omitempty"`
}

type recorderTop struct {
	At        time.Time `json:"at"`
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	PID       int       `json:"pid"`
	Comm      string    `json:"comm"`
	RSSBytes  int64     `json:"rss_bytes"`
}

// recordFlight lets the node's agent have watched a container each second, for two minutes before the kill.
func (s *scene) recordFlight(c *container) {
	from, to := s.ago(2*time.Minute), s.at.Add(5*time.Second)
	r := &recorder{Version: 1, Node: s.node.name, From: from, To: to, LosslessSince: s.ago(30 * time.Hour)}
	row := recorderSeries{Namespace: c.pod.ns, Pod: c.pod.name, Container: c.spec.Name, Name: "memory_usage", Unit: "bytes", StepMS: 1000}
	for t := from; !t.After(to); t = t.Add(time.Second) {
		usage := int64(0)
		if l := c.living(t); l != nil {
			usage = l.at(t).usage()
		}
		row.Values = append(row.Values, &usage)
	}
	r.Series = append(r.Series, row)
	for _, before := range []time.Duration{60 * time.Second, time.Second} {
		at := s.ago(before)
		for _, p := range s.processes(c.living(at), at) {
			r.Top = append(r.Top, recorderTop{at, c.pod.ns, c.pod.name, c.spec.Name, p.pid, p.comm, p.anon + p.file + p.shmem})
		}
	}
	s.recorders[s.node.name] = r
}

// largestRecorded is how many of a node's largest containers an agent's recording has beside those of the victim's pod.
const largestRecorded = 5

// recordNode lets the node's agent have recorded what it attaches to a kill: the containers of the victim's pod and the
// largest of the node, each second, up to the last one before it, and the largest processes of each every five seconds.
func (s *scene) recordNode(back time.Duration) {
	from, to := s.ago(back), s.ago(300*time.Millisecond)
	r := &recorder{Version: 1, Node: s.node.name, From: from, To: to, LosslessSince: s.ago(30 * time.Hour), Series: []recorderSeries{}, Top: []recorderTop{}}
	for _, c := range s.recordedContainers() {
		s.recordContainer(r, c)
		for at := from; at.Before(to); at = at.Add(5 * time.Second) {
			if l := c.living(at); l != nil {
				s.recordProcesses(r, l, at)
			}
		}
	}
	s.recorders[s.node.name] = r
}

// recordedContainers are those that a recording of the scene's kill has.
func (s *scene) recordedContainers() []*container {
	last := s.ago(time.Second)
	size := func(c *container) int64 { return c.living(last).at(last).usage() }
	var own, others []*container
	for _, p := range s.pods {
		for _, c := range p.containers {
			switch {
			case p.node != s.node || c.living(last) == nil:
			case s.truth.victim != nil && p.ns == s.truth.victim.Namespace && p.name == s.truth.victim.Pod:
				own = append(own, c)
			default:
				others = append(others, c)
			}
		}
	}
	slices.SortStableFunc(others, func(a, b *container) int { return cmp.Compare(size(b), size(a)) })
	return append(own, others[:min(len(others), largestRecorded)]...)
}

// recordContainer adds the series of a container.
func (s *scene) recordContainer(r *recorder, c *container) {
	id := c.living(s.ago(time.Second)).id
	for _, of := range []struct {
		name  string
		value func(memory) int64
	}{
		{"current", memory.usage},
		{"anon", func(m memory) int64 { return m.anon }},
		{"file", memory.file},
		{"shmem", func(m memory) int64 { return m.shmem }},
		{"limit", func(memory) int64 { return c.limit() }},
	} {
		if of.name == "limit" && c.limit() == 0 {
			continue
		}
		row := recorderSeries{
			Namespace: c.pod.ns, Pod: c.pod.name, Container: c.spec.Name, Name: of.name, Unit: "bytes", StepMS: 1000, PodUID: c.pod.uid, ContainerID: id,
		}
		for at := r.From; !at.After(r.To); at = at.Add(time.Second) {
			var v *int64
			if l := c.living(at); l != nil {
				read := of.value(l.at(at))
				v = &read
			}
			row.Values = append(row.Values, v)
		}
		r.Series = append(r.Series, row)
	}
}

// recordProcesses adds readings of the largest processes of a container.
func (s *scene) recordProcesses(r *recorder, l *life, at time.Time) {
	const largest = 3
	all := s.processes(l, at)
	slices.SortStableFunc(all, func(a, b process) int { return cmp.Compare(b.anon+b.shmem, a.anon+a.shmem) })
	for _, p := range all[:min(len(all), largest)] {
		r.Top = append(r.Top, recorderTop{at, l.c.pod.ns, l.c.pod.name, l.c.spec.Name, p.pid, p.comm, p.anon + p.file + p.shmem})
	}
}

// renderRecorders writes recorder/NODE.json.
func (s *scene) renderRecorders(files map[string][]byte) error {
	for name, r := range s.recorders {
		b, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("render recorder: %w", err)
		}
		files["recorder/"+name+".json"] = append(b, '\n')
	}
	return nil
}
