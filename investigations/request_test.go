package investigations

import (
	"testing"
	"time"
)

func TestTargetString(t *testing.T) {
	tests := []struct {
		target Target
		want   string
	}{
		{Target{}, "unknown target"},
		{Target{Namespace: "shop"}, "unknown target"},
		{Target{Namespace: "shop", Pod: "checkout-1"}, "shop/checkout-1"},
		{Target{Namespace: "shop", Pod: "checkout-1", Container: "app", Workload: "deployment/checkout", Node: "n1"}, "shop/checkout-1/app"},
		{Target{Namespace: "shop", Workload: "deployment/checkout", Node: "n1"}, "shop/deployment/checkout"},
		{Target{Node: "n1"}, "node/n1"},
	}
	for _, tt := range tests {
		if got := tt.target.String(); got != tt.want {
			t.Errorf("%+v = %q, want %q", tt.target, got, tt.want)
		}
	}
}

func TestRequestFrom(t *testing.T) {
	for window, back := range map[time.Duration]time.Duration{0: DefaultWindow, -time.Hour: DefaultWindow, 6 * time.Hour: 6 * time.Hour} {
		if got, want := (Request{At: killedAt, Window: window}).From(), killedAt.Add(-back); !got.Equal(want) {
			t.Errorf("a window of %s starts at %s, want %s", window, got, want)
		}
	}
}
