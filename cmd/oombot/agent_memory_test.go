package main

import (
	"context"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStaySmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begin, ended := time.Now(), make(chan struct{})
		var at []time.Duration
		go func() { // ends with cancel
			defer close(ended)
			staySmall(ctx, func() { at = append(at, time.Since(begin)) })
		}()
		time.Sleep(150 * time.Second)
		cancel()
		<-ended
		want := []time.Duration{15 * time.Second, 75 * time.Second, 135 * time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("memory is given back after (-want +got):\n%s", diff)
		}
	})
}

func TestCollectOften(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	var got []int
	for _, env := range []map[string]string{{"GOGC": "100"}, {}} {
		(&app{env: env}).collectOften()
		got = append(got, debug.SetGCPercent(100))
	}
	if want := []int{100, agentGCPercent}; !slices.Equal(got, want) {
		t.Errorf("with GOGC=100 and without, garbage is collected at %d %% of what is in use, want %d", got, want)
	}
}
