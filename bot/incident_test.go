package bot_test

import (
	"fmt"
	"testing"

	"github.com/oombot/oombot/bot"
)

// TestPodsAreCountedOnce has the pods of two incidents named again and again, more than an incident lists.
func TestPodsAreCountedOnce(t *testing.T) {
	var a, b bot.Incident
	for range 3 {
		for n := range 60 {
			a.AddPod(fmt.Sprintf("checkout-%d", n))
			b.AddPod(fmt.Sprintf("checkout-%d", n+20))
		}
	}
	a.AddPod("")
	if a.PodCount != 60 || len(a.Pods) != bot.MaxPods {
		t.Errorf("of 60 pods it counts %d and lists %d", a.PodCount, len(a.Pods))
	}
	a.AddPods(&b)
	if a.PodCount != 80 {
		t.Errorf("with those of another incident there are %d, want 80", a.PodCount)
	}
	if !a.HasPod("checkout-0") || !a.HasPod("checkout-79") || a.HasPod("checkout-80") {
		t.Error("it does not know its pods from others")
	}
	for n := range 5000 {
		a.AddPod(fmt.Sprintf("batch-%d", n))
	}
	if want := bot.MaxPods + bot.MaxMorePods; a.PodCount > want || a.PodCount < want-1 {
		t.Errorf("it counts %d pods, want as many as it can tell apart: %d", a.PodCount, want)
	}
}
