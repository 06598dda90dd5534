package profiles

import (
	"bytes"
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
	"github.com/oombot/oombot/tools/endpoint"
)

func TestPodIP(t *testing.T) {
	tests := []struct {
		ip       string
		loopback bool
		want     string
	}{
		{"10.0.0.7", false, "10.0.0.7"},
		{"fd00::7", false, "fd00::7"},
		{"::ffff:10.0.0.7", false, "10.0.0.7"},
		{"100.64.1.2", false, "100.64.1.2"},
		{"127.0.0.1", true, "127.0.0.1"},
		{"127.0.0.1", false, ""},
		{"::1", false, ""},
		{"::ffff:127.0.0.1", false, ""},
		{"169.254.169.254", false, ""},
		{"169.254.169.254", true, ""},
		{"::ffff:169.254.169.254", false, ""},
		{"fe80::1", false, ""},
		{"fe80::1%eth0", false, ""},
		{"fd00::7%eth0", false, ""},
		{"fd00:ec2::254", false, ""},
		{"100.100.100.200", false, ""},
		{"168.63.129.16", false, ""},
		{"0.0.0.0", false, ""},
		{"::", false, ""},
		{"224.0.0.1", false, ""},
		{"255.255.255.255", false, ""},
		{"", false, ""},
		{"localhost", true, ""},
		{"10.0.0.7:80", false, ""},
		{"10.0.0.7/../", false, ""},
		{"0x7f000001", true, ""},
		{"2130706433", true, ""},
		{"010.0.0.1", false, ""},
	}
	for _, tt := range tests {
		got, err := podIP(tt.ip, tt.loopback)
		if (err == nil) != (tt.want != "") || err == nil && got.String() != tt.want {
			t.Errorf("podIP(%q, %t) = %s, %v, want %q", tt.ip, tt.loopback, got, err, tt.want)
		}
	}
}

func TestAnnounced(t *testing.T) {
	const fam = "profiles.grafana.com/memory."
	tests := []struct {
		name        string
		annotations map[string]string
		url         string
		container   string
		fault       string
	}{
		{"a port", map[string]string{fam + "scrape": "true", fam + "port": "6060"}, "http://10.0.0.7:6060/debug/pprof/heap", "checkout", ""},
		{"a port of the sidecar", map[string]string{fam + "scrape": "true", fam + "port": "9000"}, "http://10.0.0.7:9000/debug/pprof/heap", "proxy", ""},
		{"a port's name", map[string]string{fam + "scrape": "true", fam + "port_name": "pprof"}, "http://10.0.0.7:6061/debug/pprof/heap", "checkout", ""},
		{"the usual name", map[string]string{fam + "scrape": "true"}, "http://10.0.0.7:9000/debug/pprof/heap", "proxy", ""},
		{
			"all",
			map[string]string{fam + "scrape": "true", fam + "port": "6060", fam + "scheme": "https", fam + "path": "/x/pprof/allocs"},
			"https://10.0.0.7:6060/x/pprof/allocs", "checkout", "",
		},
		{"Pyroscope of old", map[string]string{"pyroscope.io/scrape": "true", "pyroscope.io/port": "6060"}, "http://10.0.0.7:6060/debug/pprof/heap", "checkout", ""},
		{"Phlare", map[string]string{"phlare.grafana.com/scrape": "true", "phlare.grafana.com/port": "6060"}, "http://10.0.0.7:6060/debug/pprof/heap", "checkout", ""},
		{"Parca", map[string]string{"parca.dev/scrape": "true", "parca.dev/port": "pprof"}, "http://10.0.0.7:6061/debug/pprof/heap", "checkout", ""},
		{"none", nil, "", "", "it announces no pprof endpoint"},
		{"not now", map[string]string{fam + "scrape": "false", fam + "port": "6060"}, "", "", "it announces no pprof endpoint"},
		{"the processor", map[string]string{"profiles.grafana.com/cpu.scrape": "true", "profiles.grafana.com/cpu.port": "6060"}, "", "", "it announces no pprof endpoint"},
		{"metrics", map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "6060"}, "", "", "it announces no pprof endpoint"},
		{"no such name", map[string]string{fam + "scrape": "true", fam + "port_name": "debug"}, "", "", "its annotations name no port that it has: give " + fam + "port"},
		{"no port", map[string]string{fam + "scrape": "true", fam + "port": "6060@evil"}, "", "", "its annotation " + fam + "port is no port"},
		{"port 0", map[string]string{fam + "scrape": "true", fam + "port": "0"}, "", "", "its annotation " + fam + "port is no port"},
		{"port 65536", map[string]string{fam + "scrape": "true", fam + "port": "65536"}, "", "", "its annotation " + fam + "port is no port"},
		{"another scheme", map[string]string{fam + "scrape": "true", fam + "port": "1", fam + "scheme": "file"}, "", "", "its annotation " + fam + "scheme is neither http nor https"},
	}
	for _, path := range []string{
		"/", "/metrics", "debug/pprof/heap", "@evil/pprof", "//evil/pprof", "/a/../pprof", "/pprof?seconds=999", "/pprof#x", "/pprof%2f..",
		"/pprof\r\nHost: evil", "/pprof x", "/pprof\\", "/pprof/é", "/pprof" + strings.Repeat("x", 300),
	} {
		tests = append(tests, struct {
			name        string
			annotations map[string]string
			url         string
			container   string
			fault       string
		}{
			"path " + path,
			map[string]string{fam + "scrape": "true", fam + "port": "6060", fam + "path": path},
			"", "",
			"its annotation " + fam + "path is no path of a profile: it begins with / and holds pprof",
		})
	}
	l := newLive(t, endpoint.Config{}, LiveOptions{ScrapePods: true})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := testSubject()
			s.Pods[0].Annotations = tt.annotations
			s.Pods[0].Containers = []investigations.SubjectContainer{
				{Name: "checkout", Ports: map[string]int32{"http": 8080, "pprof": 6061}},
				{Name: "proxy", Ports: map[string]int32{"envoy-metrics": 9000}},
			}
			got, err := l.announced(newPlan(s), &s.Pods[0])
			if tt.fault != "" {
				if err == nil || err.Error() != tt.fault {
					t.Errorf("got %+v, %v, want %s", got, err, tt.fault)
				}
				return
			}
			if err != nil || got.url != tt.url || got.container != tt.container {
				t.Errorf("got %+v, %v, want %s of %s", got, err, tt.url, tt.container)
			}
		})
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
