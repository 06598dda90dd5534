package nodeagent

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Who saw a kill: values of the label seen_by.
const (
	seenByLog     = "kernel_log"
	seenByCounter = "counter"
	seenByUser    = "user_space"
)

// meters are what Prometheus is told of an agent. Labels come from closed sets.
type meters struct {
	records, lost, overrun, unsent prometheus.Counter
	kills                          *prometheus.CounterVec
	lossless                       prometheus.Gauge
}

func newMeters(reg prometheus.Registerer) (*meters, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &meters{
		records: counter("oombot_agent_kernel_records_total", "Records of the kernel log that were read."),
		lost:    counter("oombot_agent_kernel_losses_total", "Places at which records of the kernel log were lost before they were read."),
		overrun: counter("oombot_agent_overruns_total", "Things seen that nobody could take at once, and that were dropped: the agent can't keep up."),
		unsent:  counter("oombot_agent_unsent_total", "Reports that could be neither kept on disk nor in memory."),
		kills: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oombot_agent_kills_total", Help: "Kills for want of memory, by who saw them; those of counters alone were seen by nobody else.",
		}, []string{"seen_by"}),
		lossless: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "oombot_agent_lossless_since_seconds", Help: "Since when (seconds since 1970) nothing of the kernel log was missed; 0: that is not known.",
		}),
	}
	for _, by := range []string{seenByLog, seenByCounter, seenByUser} {
		m.kills.WithLabelValues(by)
	}
	for _, c := range []prometheus.Collector{m.records, m.lost, m.overrun, m.unsent, m.kills, m.lossless} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register a metric: %w", err)
		}
	}
	return m, nil
}
