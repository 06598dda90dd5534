package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
)

func TestLastSeen(t *testing.T) {
	seen := testAt.Add(-time.Hour)
	tests := []struct {
		name, cluster, answer string
		at                    time.Time
		node                  string
	}{
		{"never", "", `[]`, time.Time{}, ""},
		{"on two nodes", "", fmt.Sprintf(`[{"metric":{"node":"n1"},"value":[0,"%d"]},{"metric":{"node":"n2"},"value":[0,"%d"]}]`, seen.Unix(), seen.Unix()-60), seen, "n1"},
		{"on a node without a label", "eu.1", fmt.Sprintf(`[{"metric":{},"value":[0,"%d"]}]`, seen.Unix()), seen, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, url := newFakeServer(t)
			f.before = func(w http.ResponseWriter, _, query string) bool {
				if strings.Contains(query, "cluster=") != (tt.cluster != "") || tt.cluster != "" && !strings.Contains(query, `eu\\.1`) {
					t.Errorf("asked %s", query)
				}
				fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":%s}}`, tt.answer)
				return true
			}
			l := newLive(t, url, endpoint.Config{}, LiveOptions{Cluster: tt.cluster})
			at, node, err := l.LastSeen(context.Background(), "shop", "api-1", testAt)
			if err != nil || !at.Equal(tt.at) || node != tt.node {
				t.Errorf("%s on %q, %v", at, node, err)
			}
		})
	}
}

func TestLastSeenFails(t *testing.T) {
	f, url := newFakeServer(t)
	f.before = func(w http.ResponseWriter, _, _ string) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	l := newLive(t, url, endpoint.Config{}, LiveOptions{})
	if _, _, err := l.LastSeen(context.Background(), "shop", "api-1", testAt); !errors.Is(err, investigations.ErrForbidden) {
		t.Error(err)
	}
	none, err := NewLive(endpoint.Config{}, LiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if at, _, err := none.LastSeen(context.Background(), "shop", "api-1", testAt); err != nil || !at.IsZero() {
		t.Errorf("%s, %v", at, err)
	}
}

func TestLastKill(t *testing.T) {
	killed := testAt.Add(-3 * time.Hour)
	f, url := newFakeServer(t)
	f.before = func(w http.ResponseWriter, _, query string) bool {
		if !strings.Contains(query, `pod=~"a\\.b|web-1"`) || !strings.Contains(query, "[86400s:1m]") {
			t.Errorf("asked %s", query)
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"%d"]}]}}`, killed.Unix())
		return true
	}
	l := newLive(t, url, endpoint.Config{}, LiveOptions{})
	at, err := l.LastKill(t.Context(), "shop", []string{"web-1", "a.b"}, testAt.Add(-24*time.Hour), testAt)
	if err != nil || !at.Equal(killed) {
		t.Errorf("%s, %v", at, err)
	}
	if at, err := l.LastKill(t.Context(), "shop", nil, testAt, testAt); err != nil || !at.IsZero() {
		t.Errorf("of no pods: %s, %v", at, err)
	}
	f.before = func(w http.ResponseWriter, _, _ string) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	if _, err := l.LastKill(t.Context(), "shop", []string{"x"}, testAt, testAt); !errors.Is(err, investigations.ErrForbidden) {
		t.Error(err)
	}
}
