package metrics

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
)

// ofCluster returns series of another value, with the label cluster, and ids of other containers.
func ofCluster(series []fakeSeries, cluster string, value float64, others bool) []fakeSeries {
	var out []fakeSeries
	for _, s := range series {
		s.labels = maps.Clone(s.labels)
		if s.labels == nil {
			s.labels = map[string]string{}
		}
		s.labels["cluster"], s.value = cluster, value
		if id, ok := s.labels["id"]; ok && others {
			s.labels["id"] = strings.NewReplacer("ab", "cd", "1a2b3c4d", "99999999").Replace(id)
		}
		if !strings.Contains(s.asked, "[2700s]") {
			// Once the cluster is known, only its series are asked for.
			s.asked = `cluster="` + cluster + `"`
		}
		out = append(out, s)
	}
	return out
}

func TestRecordTellsClustersApart(t *testing.T) {
	tests := []struct {
		name, cluster string
		proven        bool
		want          string
		missed        error
		says          string
	}{
		{"by name", "us", false, `"2"`, nil, ""},
		{"by the containers' ids", "", true, `"1"`, nil, ""},
		{"by the ids, against a name that no series has", "prod", true, `"1"`, nil, ""},
		{"not at all", "", false, "", investigations.ErrNotConfigured, `with the label cluster "eu", "us": set cluster`},
		{"no series of the name", "prod", false, "", investigations.ErrNotFound, `no series of the cluster "prod", but of "eu", "us"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			series := append(ofCluster(gauges(), "eu", 1, !tt.proven), ofCluster(gauges(), "us", 2, true)...)
			f, url := newFakeServer(t, series...)
			rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{Cluster: tt.cluster}), testSubject())
			if tt.missed != nil {
				if why := rec.Missed("metrics"); !errors.Is(why, tt.missed) || !strings.Contains(why.Error(), tt.says) {
					t.Errorf("missed: %v", why)
				}
				return
			}
			got := file(t, rec, investigations.QueryWorkingSet)
			if !strings.Contains(got, tt.want) || strings.Count(got, `"metric"`) != 1 {
				t.Errorf("%.400s", got)
			}
			for _, q := range f.asked() {
				if strings.HasPrefix(q, "last_over_time") && !strings.Contains(q, `,cluster="`) {
					t.Errorf("asked of all clusters: %s", q)
				}
			}
		})
	}
}

func TestRecordOfOneClusterAsksWithoutItsName(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	record(t, newLive(t, url, endpoint.Config{}, LiveOptions{Cluster: "eu"}), testSubject())
	for _, q := range f.asked() {
		if strings.Contains(q, "cluster=") {
			t.Error(q)
		}
	}
	// One round of requests to look around, and one request for each query.
	if n := len(f.asked()); n > 10+len(specs()) {
		t.Errorf("%d requests", n)
	}
}

// TestRecordWithoutLabels has a cAdvisor whose series say only in which cgroup they were measured.
func TestRecordWithoutLabels(t *testing.T) {
	var series []fakeSeries
	for _, s := range gauges() {
		if id, ok := s.labels["id"]; ok {
			s.labels, s.asked = map[string]string{"id": id, "node": "n1"}, "id=~"
		}
		series = append(series, s)
	}
	_, url := newFakeServer(t, series...)
	rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
	res := query(t, rec.FS(), testSubject().Request)
	for _, name := range []string{investigations.QueryWorkingSet, investigations.QueryRSS, investigations.QueryNodePods} {
		s := res.Evidence.Metrics.Queries[name].Series
		if len(s) != 1 || s[0].Namespace != "shop" || s[0].Pod != "api-7c9d8f6b5-x2x4p" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestRecordFindsTheNode(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	s := testSubject()
	s.Node, s.NodeAddresses, s.GonePod, s.Pods = "", nil, true, nil
	record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), s)
	if !slices.ContainsFunc(f.asked(), func(q string) bool { return strings.Contains(q, `node="n1"`) }) {
		t.Error("the node was not taken from the pod's series")
	}
}

func TestMasked(t *testing.T) {
	id := strings.Repeat("ab", 32)
	tests := []struct{ name, value, want string }{
		{"pod", "api-1", "api-1"},
		{"id", "/kubepods/burstable/pod" + id[:32] + "/" + id, "/kubepods/burstable/pod" + id[:32] + "/" + id},
		{"container_id", "containerd://" + id, "containerd://" + id},
		{"name", id, id},
		{"password", "hunter2", "[redacted]"},
		{"uri", "/login?token=abc", "/login?token=[redacted]"},
		{"backend", "postgres://app:s3cret@db/shop", "postgres://app:[redacted]@db/shop"},
	}
	for _, tt := range tests {
		if got := masked(tt.name, tt.value); got != tt.want {
			t.Errorf("%s=%s: %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
}
