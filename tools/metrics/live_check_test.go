package metrics

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
)

// checked returns the checks by name.
func checked(t *testing.T, l *Live, s investigations.Subject) map[string]investigations.Check {
	t.Helper()
	out := map[string]investigations.Check{}
	for _, c := range l.Check(context.Background(), s) {
		if c.Tool != investigations.ToolMetrics || c.Says == "" || (c.State != investigations.CheckOK) != (c.Fix != "") {
			t.Errorf("%+v", c)
		}
		out[c.Name] = c
	}
	return out
}

func TestCheck(t *testing.T) {
	series := gauges()
	for i := range series {
		if series[i].metric == "http_requests_total" {
			series[i].metric = "site_requests_total"
		}
	}
	f, url := newFakeServer(t, series...)
	f.before = func(w http.ResponseWriter, path, query string) bool {
		if path == "/api/v1/query_range" && strings.Contains(query, "container_memory_rss") {
			f.refuse(w, http.StatusUnprocessableEntity, "execution", "no such store")
			return true
		}
		return false
	}
	l := newLive(t, url, endpoint.Config{}, LiveOptions{Now: func() time.Time { return testAt.Add(20 * time.Second) }})
	checks := checked(t, l, testSubject())
	tests := []struct {
		name  string
		state investigations.CheckState
		says  string
		fix   string
	}{
		{"reach", investigations.CheckOK, "answers, version 2.42.0", ""},
		{"freshness", investigations.CheckOK, "20 s old", ""},
		{"query container_working_set", investigations.CheckOK, "1 series (container_memory_working_set_bytes)", ""},
		{"query container_limit", investigations.CheckOK, "1 series (kube_pod_container_resource_limits)", ""},
		{"query container_rss", investigations.CheckFail, "no such store", "prometheus.queries.container_rss"},
		{"query traffic", investigations.CheckWarn, "no data for the sample pod", "prometheus.queries.traffic"},
		{"query node_available", investigations.CheckOK, "1 series (node_memory_MemAvailable_bytes by instance)", ""},
	}
	for _, tt := range tests {
		c := checks[tt.name]
		if c.State != tt.state || !strings.Contains(c.Says, tt.says) || !strings.Contains(c.Fix, tt.fix) {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
	if len(checks) != 2+len(specs()) {
		t.Errorf("%d checks", len(checks))
	}
}

func TestCheckFreshness(t *testing.T) {
	_, url := newFakeServer(t, gauges()...)
	for late, want := range map[time.Duration]investigations.CheckState{
		10 * time.Minute: investigations.CheckWarn, 2 * time.Hour: investigations.CheckFail,
	} {
		l := newLive(t, url, endpoint.Config{}, LiveOptions{Now: func() time.Time { return testAt.Add(late) }})
		if c := checked(t, l, testSubject())["freshness"]; c.State != want {
			t.Errorf("%s later: %+v", late, c)
		}
	}
}

func TestCheckWithoutASample(t *testing.T) {
	_, url := newFakeServer(t, gauges()...)
	checks := checked(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), investigations.Subject{})
	if len(checks) != 2 || checks["sample pod"].State != investigations.CheckWarn {
		t.Errorf("%+v", checks)
	}
}

func TestCheckOfAnotherCluster(t *testing.T) {
	series := append(ofCluster(gauges(), "eu", 1, true), ofCluster(gauges(), "us", 2, true)...)
	_, url := newFakeServer(t, series...)
	now := func() time.Time { return testAt.Add(time.Minute) }
	checks := checked(t, newLive(t, url, endpoint.Config{}, LiveOptions{Now: now}), testSubject())
	if c := checks["query"]; c.State != investigations.CheckFail || !strings.Contains(c.Says, "several clusters") {
		t.Errorf("%+v", c)
	}
}
