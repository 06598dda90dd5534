package alerts

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParseAlertmanager reads a message of 1,000 alerts.
func BenchmarkParseAlertmanager(b *testing.B) {
	entries := make([]string, 1000)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{"status":"firing","labels":{"alertname":"KubernetesContainerOomKiller","container":"checkout","namespace":"shop",
			"pod":"checkout-7c9d8f6b5-x2x4p","instance":"10.42.0.17:8080","job":"kube-state-metrics","severity":"warning","uid":"%d"},
			"annotations":{"summary":"Container checkout in pod shop/checkout-7c9d8f6b5-x2x4p has been OOMKilled 1 times in the last 10 minutes."},
			"startsAt":"2026-03-04T02:17:39.112Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus.example:9090/graph?g0.expr=x","fingerprint":"%016x"}`, i, i)
	}
	body := []byte(`{"version":"4","groupKey":"k","status":"firing","alerts":[` + strings.Join(entries, ",") + `]}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if m, err := ParseAlertmanager(body); err != nil || len(m.Alerts) != len(entries) {
			b.Fatal(len(m.Alerts), err)
		}
	}
}

// BenchmarkTargets searches a text of ten lists of labels.
func BenchmarkTargets(b *testing.B) {
	text := strings.Repeat("Labels:\n - alertname = KubernetesContainerOomKiller\n - container = checkout\n - namespace = shop\n"+
		" - pod = checkout-7c9d8f6b5-x2x4p\nAnnotations:\n - summary = Pod shop/checkout-7c9d8f6b5-x2x4p (checkout) was OOMKilled\n", 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if len(Targets(text)) != 1 {
			b.Fatal(Targets(text))
		}
	}
}

// BenchmarkHostileText searches texts that were made to take long.
func BenchmarkHostileText(b *testing.B) {
	for _, unit := range []string{"a/b ", "pod=a-0 ", "pod a ", "x-0 ", "= ", "pod: ", "((((", "namespace\n", "[FIRING a-0 of ", "*_`~"} {
		text := strings.Repeat(unit, maxText/len(unit))
		b.Run(unit, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Targets(text)
			}
		})
	}
}
