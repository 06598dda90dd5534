package bot

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// smallDisk mounts a file system of some MiB until the test ends.
func smallDisk(t testing.TB, mib int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a small file system can be mounted by root only")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all space that a folder's file system has, and returns what gives it back.
func fill(t testing.TB, dir string) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; size /= 2 {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		err = nil
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			t.Error(err)
		}
	}
}

// fillers is a webhook of so many alerts that the configuration mutes.
func fillers(n, count int) string {
	var pods []string
	for i := range count {
		pods = append(pods, fmt.Sprintf("filler/%d-%d-%s", n, i, strings.Repeat("x", 150)))
	}
	return strings.ReplaceAll(managerBody("firing", pods...), "ContainerOOMKilled", "Filler")
}

// TestDiskFull has the file system of the memory file be full: nothing is acknowledged that can't be written, and all of
// it comes again and is told of once there is space.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 64)
	s := newSlack(t, slackfake.Options{AckTimeout: time.Second, RetryDelay: 500 * time.Millisecond, MaxRetries: 200})
	oombot.AddChannel(t, s, second)
	config := strings.Replace(configuration, "{auto: true}", `{auto: true, mute: ["Filler"]}, C0SECOND: {}`, 1)
	r := startServe(t, s, dir, config, "--bundles", examples)
	free := fill(t, dir)

	// What is free within the file is used up, and kept so.
	var refused atomic.Int64
	var pressure sync.WaitGroup
	stop := make(chan struct{})
	pressure.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if r.post(t, "/webhooks/alertmanager", fillers(n, 1+99/(1+int(refused.Load())))) == http.StatusServiceUnavailable {
				refused.Add(1)
				time.Sleep(50 * time.Millisecond)
			}
		}
	})
	oombot.Until(t, "webhooks are answered 503", func() bool { return refused.Load() > 5 })
	r.WaitReadiness(t, http.StatusServiceUnavailable)

	if _, err := s.Mention("U0ADA", channel, "investigate "+spike); err != nil {
		t.Fatal(err)
	}
	x := &sender{bot: r}
	var sent sync.WaitGroup
	sent.Go(func() { x.send(t, leak) })
	// A short text may find room between what is removed and what is written; one of 16 KiB hardly does.
	var asked []string
	oombot.Until(t, "a mention is not acknowledged, and comes again", func() bool {
		if len(asked) < 20 {
			ts, err := s.Mention("U0ADA", second, "help"+strings.Repeat("\nIt is red again.", 1000))
			if err != nil {
				t.Fatal(err)
			}
			asked = append(asked, ts)
			time.Sleep(300 * time.Millisecond)
		}
		return slices.ContainsFunc(s.Deliveries(), func(d *slackfake.Delivery) bool { return d.Attempts() > 1 })
	})
	if status, says := oombot.Get(t, r.URL+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(says, "inbox") {
		t.Errorf("while the disk is full /readyz answers %d: %s", status, says)
	}
	close(stop)
	pressure.Wait()
	free()
	sent.Wait()
	r.WaitReadiness(t, http.StatusOK)
	waitVerdict(t, s, podOf(leak))
	waitVerdict(t, s, podOf(spike))
	oombot.Wait(t, s, "all is acknowledged", (*slackfake.Server).Settled)
	for _, d := range s.Deliveries() {
		if d.Failed() {
			t.Errorf("a delivery of %s was never acknowledged", d.EventType)
		}
	}
	once(t, s, leak, spike)
	for _, ts := range asked {
		oombot.Wait(t, s, "one answer to each mention", func(s *slackfake.Server) bool { return len(s.Replies(second, ts)) == 2 })
	}
}
