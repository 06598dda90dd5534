package investigations

import "testing"

func TestSameContainer(t *testing.T) {
	a := &Party{Namespace: "shop", Pod: "a", Container: "app", PID: 1}
	tests := []struct {
		name string
		a, b *Party
		want bool
	}{
		{"another process of it", a, &Party{Namespace: "shop", Pod: "a", Container: "app", PID: 2}, true},
		{"another container", a, &Party{Namespace: "shop", Pod: "a", Container: "proxy"}, false},
		{"another pod", a, &Party{Namespace: "shop", Pod: "b", Container: "app"}, false},
		{"another namespace", a, &Party{Namespace: "pay", Pod: "a", Container: "app"}, false},
		{"two outside of any pod", &Party{Comm: "x"}, &Party{Comm: "x"}, false},
		{"nobody", a, nil, false},
		{"nobody at all", nil, nil, false},
	}
	for _, tt := range tests {
		if got := tt.a.SameContainer(tt.b); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
