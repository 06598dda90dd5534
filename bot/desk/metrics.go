package desk

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// metrics are what Prometheus is told of the desk. Labels come from closed sets.
type metrics struct {
	events, alerts, incidents, ended, failures, slackErrors, votes *prometheus.CounterVec
	tokens                                                         *prometheus.CounterVec
	folded, posts, dropped, rejected, unseen                       prometheus.Counter
	firstVerdict                                                   prometheus.Histogram
}

func newMetrics(to prometheus.Registerer, d *Desk) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "oombot", Name: name, Help: help}, labels)
	}
	single := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "oombot", Name: name, Help: help})
	}
	m := &metrics{
		events:      counter("events_total", "Events taken from the inbox, by kind.", "kind"),
		alerts:      counter("alerts_total", "Alerts, by source and by what became of them.", "source", "became"),
		incidents:   counter("incidents_total", "Incidents that were opened, by what opened them.", "origin"),
		ended:       counter("investigations_total", "Investigations that ended, by how.", "state"),
		failures:    counter("source_errors_total", "Failed looks at a source of evidence or of alerts.", "source"),
		slackErrors: counter("slack_errors_total", "Calls that Slack did not take, by what was done and the kind of error.", "call", "fault"),
		votes:       counter("feedback_total", "Votes on verdicts.", "vote"),
		tokens:      counter("model_tokens_total", "Tokens that models were sent and answered.", "kind"),
		folded:      single("alerts_folded_total", "Incidents that were folded into the thread of another one."),
		unseen:      single("kills_unseen_total", "Incidents of kills that are shown nowhere, since no channel is for them."),
		posts:       single("slack_posts_total", "Messages posted to Slack."),
		dropped:     single("events_given_up_total", "Events that could not be dealt with."),
		rejected:    single("model_rejected_claims_total", "Claims of models that the checks refused."),
		firstVerdict: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "oombot", Name: "first_verdict_seconds", Help: "Seconds from the start of an investigation to the verdict of the rules.",
			Buckets: []float64{.1, .25, .5, 1, 2, 5, 10, 20, 40},
		}),
	}
	for _, s := range []bot.State{bot.StateJudged, bot.StateFailed, bot.StateStopped} {
		m.ended.WithLabelValues(string(s)) // so that a rate has a beginning
	}
	if to == nil {
		return m, nil
	}
	all := []prometheus.Collector{
		m.events, m.alerts, m.incidents, m.ended, m.failures, m.slackErrors, m.votes, m.tokens, m.folded, m.posts, m.dropped, m.rejected, m.unseen, m.firstVerdict,
		gauge("queue_length", "Incidents that wait for their investigation.", func() float64 {
			d.mu.Lock()
			defer d.mu.Unlock()
			return float64(d.queue.length())
		}),
		gauge("investigations_running", "Investigations that run.", func() float64 {
			d.mu.Lock()
			defer d.mu.Unlock()
			return float64(d.queue.running)
		}),
		gauge("posts_waiting", "Messages and files that wait to be posted to Slack.", func() float64 {
			d.mu.Lock()
			defer d.mu.Unlock()
			return float64(len(d.state.posts))
		}),
	}
	var errs []error
	for _, c := range all {
		errs = append(errs, to.Register(c))
	}
	return m, errors.Join(errs...)
}

func gauge(name, help string, f func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "oombot", Name: name, Help: help}, f)
}

// observe counts what a model cost.
func (d *Desk) observe(res *investigations.Result) {
	d.metrics.tokens.WithLabelValues("prompt").Add(float64(res.LLM.PromptTokens))
	d.metrics.tokens.WithLabelValues("completion").Add(float64(res.LLM.CompletionTokens))
	d.metrics.rejected.Add(float64(res.LLM.RejectedClaims))
}
