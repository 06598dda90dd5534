package profiles

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/announce"
	"github.com/oombot/oombot/tools/endpoint"
)

// TestAnnounced takes an endpoint whose port is no container's for one of the container that runs.
func TestAnnounced(t *testing.T) {
	s := testSubject()
	s.Pods[0].Annotations = map[string]string{"pyroscope.io/scrape": "true", "pyroscope.io/port": "6060"}
	l := newLive(t, endpoint.Config{}, LiveOptions{ScrapePods: true})
	got, err := l.announced(newPlan(s), &s.Pods[0])
	want := announce.Endpoint{URL: "http://10.0.0.7:6060/debug/pprof/heap", Container: "checkout"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	s.Pods[0].Annotations = nil
	if _, err := l.announced(newPlan(s), &s.Pods[0]); !errors.Is(err, announce.ErrNone) {
		t.Errorf("without annotations: %v", err)
	}
}

// podServer is a pod that serves pprof on the loopback interface, and its annotations.
func podServer(t *testing.T, h http.HandlerFunc) map[string]string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"profiles.grafana.com/memory.scrape": "true", "profiles.grafana.com/memory.port": u.Port()}
}

func scrapeOptions() LiveOptions {
	return LiveOptions{ScrapePods: true, AllowLoopback: true, Now: func() time.Time { return testAt.Add(time.Minute) }}
}

func TestLivePods(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	serveHeap := func(n int64) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r.Method+" "+r.URL.String())
			for _, h := range []string{"Authorization", "Cookie", "X-Scope-Orgid"} {
				if r.Header.Get(h) != "" {
					t.Errorf("the pod is given %s", h)
				}
			}
			_ = goProfile(session(n)).Write(w)
		}
	}
	s := testSubject()
	s.Pods = append([]investigations.SubjectPod{s.Pods[0], s.Pods[1], s.Pods[1]}, s.Pods[1])
	s.Pods[2].Name = "checkout-7c9d8f6b5-zzzzz"
	s.Pods[3].Name, s.Pods[3].Containers = "checkout-5d4f7c8b9-aaaaa", []investigations.SubjectContainer{{Name: "checkout"}} // it has ended
	s.Pods[1], s.Pods[3] = s.Pods[3], s.Pods[1]
	for i := range s.Pods {
		s.Pods[i].IP = "127.0.0.1"
		s.Pods[i].Annotations = podServer(t, serveHeap(int64(i+1)*mib))
	}
	files, spots, ev := record(t, newLive(t, endpoint.Config{}, scrapeOptions()), s)
	want := []string{
		"profiles/shop/" + oldPod + "/checkout/20260304T021809Z.pb.gz",
		"profiles/shop/" + testPod + "/checkout/20260304T021809Z.pb.gz",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	if len(ev.Profiles) != 2 || ev.Profiles[0].InUseBytes != mib {
		t.Errorf("profiles %+v, blind spots %q", ev.Profiles, spots)
	}
	if diff := cmp.Diff([]string{"GET /debug/pprof/heap", "GET /debug/pprof/heap"}, seen); diff != "" {
		t.Error(diff)
	}

	seen = nil
	l := newLive(t, endpoint.Config{}, LiveOptions{AllowLoopback: true})
	if files, _, _ := record(t, l, s); len(seen) > 0 || slices.Contains(files, want[0]) {
		t.Errorf("pods are read where that is not allowed: %q", seen)
	}
	l = newLive(t, endpoint.Config{}, LiveOptions{ScrapePods: true})
	if _, spots, _ := record(t, l, s); len(seen) > 0 || !strings.Contains(strings.Join(spots, "\n"), "its address 127.0.0.1 is no pod's") {
		t.Errorf("the loopback interface is asked: %q, %q", seen, spots)
	}
}

func TestLivePodsFail(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	reached := false
	elsewhere := podServer(t, func(http.ResponseWriter, *http.Request) { reached = true })
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    error
		says    string
	}{
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, investigations.ErrForbidden, "status 403"},
		{"not there", http.NotFound, investigations.ErrNotFound, "status 404"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:"+elsewhere["profiles.grafana.com/memory.port"]+"/latest/meta-data", http.StatusFound)
		}, investigations.ErrUnavailable, "status 302"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>secret</html>") }, investigations.ErrUnavailable, "the profile can't be read"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, investigations.ErrUnavailable, "it is empty"},
		{"of the processor", func(w http.ResponseWriter, _ *http.Request) {
			_ = build([]*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}, session(1)).Write(w)
		}, investigations.ErrNotFound, "is no heap profile"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			for range 40 {
				if _, err := w.Write(make([]byte, mib)); err != nil {
					return
				}
			}
		}, investigations.ErrTooLarge, "more than 33554432 bytes"},
		{"silent", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-done:
			}
		}, investigations.ErrUnavailable, "deadline exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := testSubject()
			s.Pods = s.Pods[:1]
			s.Pods[0].IP, s.Pods[0].Annotations = "127.0.0.1", podServer(t, tt.handler)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			sink := &missSink{}
			if err := newLive(t, endpoint.Config{}, scrapeOptions()).Record(ctx, s, sink); err != nil {
				t.Fatal(err)
			}
			err := sink.missed["profiles"]
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "<html>") {
				t.Errorf("missed for %v", err)
			}
		})
	}
	if reached {
		t.Error("a redirect is followed")
	}
}

// TestWithoutSecrets fails where a secret is in a profile's bytes, and where the program's own names are not.
func TestWithoutSecrets(t *testing.T) {
	p := goProfile(stack{mib, []string{"secret::Store::put", "auth.(*Token).Get"}})
	const aws, token = "AKIAIOSFODNN7EXAMPLE", "ghp_0123456789abcdefghijABCDEFGHIJ012345"
	p.Comments = []string{"started with --password=hunter2"}
	p.DocURL = "https://u:hunter2@example.com/"
	p.Sample[0].Label = map[string][]string{"tenant": {"shop", aws}, "api_key": {"hunter2"}, "route": {"/checkout"}}
	p.Sample[0].NumLabel = map[string][]int64{"bytes": {4096}}
	p.Function[0].Filename = "https://u:hunter2@cdn.example.com/app.js"
	p.Mapping = []*profile.Mapping{{ID: 1, File: "/srv/" + token + "/app"}}
	var raw bytes.Buffer
	if err := p.WriteUncompressed(&raw); err != nil {
		t.Fatal(err)
	}
	clean, err := withoutSecrets(raw.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	text, err := unpack(bytes.NewReader(clean))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", aws, token} {
		if !bytes.Contains(raw.Bytes(), []byte(secret)) || bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s is in the profile", secret)
		}
	}
	for _, name := range []string{"secret::Store::put", "auth.(*Token).Get", "/checkout", "shop", "tenant", "https://u:", "/app.js"} {
		if !bytes.Contains(text, []byte(name)) {
			t.Errorf("%s is not in the profile any more", name)
		}
	}
	h, err := parse(text)
	if err != nil || h.InUseBytes != mib {
		t.Errorf("the profile holds %+v, %v", h, err)
	}
}

// TestRedacted gives profiles as they come from elsewhere, compressed or not.
func TestRedacted(t *testing.T) {
	p := goProfile(session(mib))
	p.Sample[0].Label = map[string][]string{"api_key": {"hunter2"}, "route": {"/checkout"}}
	var raw, zipped, other bytes.Buffer
	if err := errors.Join(p.WriteUncompressed(&raw), p.Write(&zipped)); err != nil {
		t.Fatal(err)
	}
	p.SampleType[0].Type, p.SampleType[1].Type = "samples", "cpu"
	p.SampleType = p.SampleType[:2]
	p.Sample[0].Value = p.Sample[0].Value[:2]
	p.DefaultSampleType = ""
	if err := p.Write(&other); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data []byte
		most int64
		want error
	}{
		"compressed":        {zipped.Bytes(), MaxParsed, nil},
		"as it is":          {raw.Bytes(), MaxParsed, nil},
		"takes too much":    {zipped.Bytes(), 1000, investigations.ErrTooLarge},
		"unpacks too much":  {gzipped(t, make([]byte, maxUnpacked+1)), MaxParsed, investigations.ErrTooLarge},
		"cut off":           {zipped.Bytes()[:zipped.Len()/2], MaxParsed, investigations.ErrUnavailable},
		"nothing":           {nil, MaxParsed, investigations.ErrUnavailable},
		"something else":    {[]byte("heap"), MaxParsed, investigations.ErrUnavailable},
		"none of a program": {other.Bytes(), MaxParsed, investigations.ErrNotFound},
	} {
		clean, err := Redacted(tt.data, tt.most)
		if !errors.Is(err, tt.want) || tt.want != nil && clean != nil {
			t.Errorf("%s: %d bytes, %v; want %v", name, len(clean), err, tt.want)
		}
		if tt.want != nil {
			continue
		}
		text, err := unpack(bytes.NewReader(clean))
		if err != nil || bytes.Contains(text, []byte("hunter2")) || !bytes.Contains(text, []byte("/checkout")) {
			t.Errorf("%s: %v, %q", name, err, text)
		}
		if again, err := Redacted(clean, tt.most); err != nil || !bytes.Equal(again, clean) {
			t.Errorf("%s: what is clean is changed, %v", name, err)
		}
	}
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzWithoutSecrets(f *testing.F) {
	var raw bytes.Buffer
	if err := goProfile(session(mib)).WriteUncompressed(&raw); err != nil {
		f.Fatal(err)
	}
	f.Add(raw.Bytes())
	f.Add([]byte{0x12, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		clean, err := withoutSecrets(data)
		if err != nil {
			return
		}
		text, err := unpack(bytes.NewReader(clean))
		if err != nil {
			t.Fatalf("what is kept can't be unpacked: %v", err)
		}
		if _, err := parse(text); err != nil {
			t.Fatalf("what is kept can't be read: %v", err)
		}
	})
}

func portOf(t *testing.T, annotations map[string]string) int {
	t.Helper()
	n, err := strconv.Atoi(annotations["profiles.grafana.com/memory.port"])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
