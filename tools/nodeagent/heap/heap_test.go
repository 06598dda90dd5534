package heap

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// profile is a heap profile of this very process, as Go's runtime writes it.
func profile(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("heap").WriteTo(&b, 0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpacked(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// rig is a Heap with a clock, and what it has brought.
type rig struct {
	*Heap
	mu  sync.Mutex
	now time.Time
	got []investigations.NodeProfile
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{now: time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)}
	o.AllowLoopback, o.Log = true, slog.New(slog.DiscardHandler)
	o.OnProfile = func(p investigations.NodeProfile) { r.mu.Lock(); defer r.mu.Unlock(); r.got = append(r.got, p) }
	o.now = func() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.now }
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Heap = h
	return r
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// subject is a pod that serves h on the loopback interface.
func subject(t *testing.T, h http.HandlerFunc) investigations.SubjectPod {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return investigations.SubjectPod{
		Namespace: "shop", Name: "checkout", UID: "u1", IP: "127.0.0.1",
		Annotations: map[string]string{"pyroscope.io/scrape": "true", "pyroscope.io/port": u.Port()},
		Containers:  []investigations.SubjectContainer{{Name: "app", IDs: []string{"c1"}, Running: true}},
	}
}

func TestNear(t *testing.T) {
	data := profile(t)
	var asked atomic.Int32
	pod := subject(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.String() != "/debug/pprof/heap" || r.Header.Get("Authorization") != "" {
			t.Errorf("asked is %s with %v", r.URL, r.Header)
		}
		_, _ = w.Write(data) // the client counts
	})
	r := newRig(t, Options{})
	near := func() { r.Near(t.Context(), pod, "c1"); r.Wait() }
	near()
	want := []investigations.NodeProfile{{Namespace: "shop", Pod: "checkout", Container: "app", At: r.now, Data: data}}
	if diff := cmp.Diff(want, r.got); diff != "" {
		t.Error(diff)
	}
	near()
	r.pass(59 * time.Minute)
	near()
	if asked.Load() != 1 {
		t.Errorf("within an hour it is asked %d times", asked.Load())
	}
	r.pass(time.Minute)
	near()
	if s := r.Stats(); asked.Load() != 2 || s.Taken != 2 || s.Failed != 0 || s.Waived != 0 {
		t.Errorf("after an hour it is asked %d times; the figures are %+v", asked.Load(), s)
	}
}

func TestNearFails(t *testing.T) {
	data := profile(t)
	tests := []struct {
		name    string
		handler http.HandlerFunc
		says    string
	}{
		{"not there", http.NotFound, "status 404"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, "status 302"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello</html>") }, "no profile"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, "empty"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data[:len(data)-20]) }, "cut off"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "over 1048576 bytes"},
		{"silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "Timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int32
			pod := subject(t, func(w http.ResponseWriter, r *http.Request) { asked.Add(1); tt.handler(w, r) })
			r := newRig(t, Options{Timeout: 300 * time.Millisecond, MaxBytes: 1 << 20})
			for range 2 {
				r.Near(t.Context(), pod, "c1")
				r.Wait()
			}
			if s := r.Stats(); asked.Load() != 1 || s.Failed != 1 || s.Taken != 0 || !strings.Contains(s.LastError, tt.says) || len(r.got) > 0 {
				t.Errorf("asked %d times, %+v", asked.Load(), s)
			}
			r.pass(5 * time.Minute)
			r.Near(t.Context(), pod, "c1")
			r.Wait()
			if asked.Load() != 2 {
				t.Errorf("after a while it is asked %d times", asked.Load())
			}
		})
	}
}

// TestLimits has many containers come near their limits at a time.
func TestLimits(t *testing.T) {
	data := profile(t)
	release := make(chan struct{})
	arrived := make(chan struct{}, 10)
	pod := subject(t, func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		_, _ = w.Write(data) // the client counts
	})
	r := newRig(t, Options{PerMinute: 3})
	near := func(i int) {
		p := pod
		p.UID = fmt.Sprint("u", i)
		r.Near(t.Context(), p, "c1")
	}
	for i := range 5 {
		near(i)
	}
	<-arrived
	<-arrived
	if s := r.Stats(); s.Waived != 3 {
		t.Errorf("with two at a time, the figures are %+v", s)
	}
	close(release)
	r.Wait()
	near(2)
	r.Wait()
	near(3)
	r.Wait()
	if s := r.Stats(); s.Taken != 3 || s.Waived != 4 {
		t.Errorf("with three a minute, the figures are %+v", s)
	}
	r.pass(time.Minute)
	near(3)
	r.Wait()
	if s := r.Stats(); s.Taken != 4 {
		t.Errorf("a minute later the figures are %+v", s)
	}
}

// TestStrangers fails where anything but the pod itself is asked.
func TestStrangers(t *testing.T) {
	pod := subject(t, func(http.ResponseWriter, *http.Request) { t.Error("it is asked") })
	none, another := pod, pod
	none.Annotations = nil
	another.Containers = []investigations.SubjectContainer{
		{Name: "app", IDs: []string{"c1"}, Running: true}, {Name: "proxy", IDs: []string{"c2"}, Running: true},
	}
	r := newRig(t, Options{})
	r.o.AllowLoopback = false
	r.Near(t.Context(), none, "c1")
	r.Near(t.Context(), another, "")
	r.Wait()
	if s := r.Stats(); s != (Stats{}) {
		t.Errorf("the figures are %+v", s)
	}
	for _, ip := range []string{"127.0.0.1", "169.254.169.254", ""} {
		pod.IP, pod.UID = ip, "u"+ip
		r.Near(t.Context(), pod, "c1")
		r.Wait()
		if s := r.Stats(); !strings.Contains(s.LastError, "address") {
			t.Errorf("%q: the figures are %+v", ip, s)
		}
	}
}

func TestWhose(t *testing.T) {
	pod := investigations.SubjectPod{Containers: []investigations.SubjectContainer{
		{Name: "app", IDs: []string{"c1", "c0"}, Running: true}, {Name: "proxy", IDs: []string{"c2"}, Running: true}, {Name: "setup", IDs: []string{"c3"}},
	}}
	sole := pod
	sole.Containers = pod.Containers[1:]
	tests := []struct {
		name          string
		pod           investigations.SubjectPod
		id, announced string
		want          string
		ok            bool
	}{
		{"its own port", pod, "c1", "app", "app", true},
		{"a life before", pod, "c0", "app", "app", true},
		{"another's port", pod, "c2", "app", "app", false},
		{"nobody's port", pod, "c2", "", "proxy", true},
		{"the pod's limit", pod, "", "app", "app", true},
		{"the pod's limit, nobody's port", pod, "", "", "", false},
		{"the pod's limit, one container", sole, "", "", "proxy", true},
		{"an unknown container", pod, "c9", "app", "app", true},
	}
	for _, tt := range tests {
		if got, ok := whose(&tt.pod, tt.id, tt.announced); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: %q, %t", tt.name, got, ok)
		}
	}
}

func TestPacked(t *testing.T) {
	data := profile(t)
	plain := unpacked(t, data)
	got, err := packed(plain)
	if err != nil || !bytes.Equal(unpacked(t, got), plain) {
		t.Errorf("a plain profile: %v", err)
	}
	bomb, err := pack(append(bytes.Clone(plain), make([]byte, maxUnpacked)...))
	if err != nil {
		t.Fatal(err)
	}
	long, err := pack(append(append(bytes.Clone(plain), 0x32, 0xff, 0xff, 0xff, 0x0f), make([]byte, maxUnpacked)...))
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{
		"a bomb": bomb, "a long string": long, "no gzip": {0x1f, 0x8b, 1, 2}, "cut off": plain[:len(plain)-3], "text": []byte("heap profile: 1: 2 [3: 4] @ heap/1048576"),
		"no strings": {0x0a, 0}, "no types": {0x32, 0}, "a group": {0x0a, 0, 0x32, 0, 0x0b},
	} {
		if _, err := packed(in); err == nil {
			t.Errorf("%s is taken for a profile", name)
		} else if name == "a long string" && !errors.Is(err, investigations.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewFails(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("nobody takes the profiles")
	}
	if len(Annotations()) == 0 {
		t.Error("no annotations are needed")
	}
}

// TestEnd has the agent end while a request is running.
func TestEnd(t *testing.T) {
	arrived := make(chan struct{})
	pod := subject(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	r := newRig(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	r.Near(ctx, pod, "c1")
	<-arrived
	cancel()
	r.Wait()
	if s := r.Stats(); s.Failed != 1 {
		t.Errorf("the figures are %+v", s)
	}
}

func FuzzPacked(f *testing.F) {
	data := profile(f)
	f.Add(data)
	f.Add(unpacked(f, data))
	f.Add([]byte{0x0a, 0, 0x32, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := packed(in)
		if err != nil {
			return
		}
		if _, err := packed(out); err != nil {
			t.Errorf("what is taken for a profile is none when packed: %v", err)
		}
	})
}
