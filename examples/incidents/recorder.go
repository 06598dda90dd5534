package incidents

import (
	"encoding/json"
	"fmt"
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
	Namespace string  `json:"namespace"`
	Pod       string  `json:"pod"`
	Container string  `json:"container"`
	Name      string  `json:"name"`
	Unit      string  `json:"unit"`
	StepMS    int     `json:"step_ms"`
	Values    []int64 `json:"values"`
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
	row := recorderSeries{c.pod.ns, c.pod.name, c.spec.Name, "memory_usage", "bytes", 1000, nil}
	for t := from; !t.After(to); t = t.Add(time.Second) {
		usage := int64(0)
		if l := c.living(t); l != nil {
			usage = l.at(t).usage()
		}
		row.Values = append(row.Values, usage)
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
