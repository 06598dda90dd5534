package announce

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
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
		got, err := PodIP(tt.ip, tt.loopback)
		if (err == nil) != (tt.want != "") || err == nil && got.String() != tt.want {
			t.Errorf("PodIP(%q, %t) = %s, %v, want %q", tt.ip, tt.loopback, got, err, tt.want)
		}
	}
}

func TestOf(t *testing.T) {
	const fam = "profiles.grafana.com/memory."
	tests := []struct {
		name        string
		annotations map[string]string
		url         string
		container   string
		fault       string
	}{
		{"a port", map[string]string{fam + "scrape": "true", fam + "port": "6060"}, "http://10.0.0.7:6060/debug/pprof/heap", "", ""},
		{"a port of the sidecar", map[string]string{fam + "scrape": "true", fam + "port": "9000"}, "http://10.0.0.7:9000/debug/pprof/heap", "proxy", ""},
		{"a port's name", map[string]string{fam + "scrape": "true", fam + "port_name": "pprof"}, "http://10.0.0.7:6061/debug/pprof/heap", "checkout", ""},
		{"the usual name", map[string]string{fam + "scrape": "true"}, "http://10.0.0.7:9000/debug/pprof/heap", "proxy", ""},
		{
			"all",
			map[string]string{fam + "scrape": "true", fam + "port": "6060", fam + "scheme": "https", fam + "path": "/x/pprof/allocs"},
			"https://10.0.0.7:6060/x/pprof/allocs", "", "",
		},
		{"Pyroscope of old", map[string]string{"pyroscope.io/scrape": "true", "pyroscope.io/port": "6060"}, "http://10.0.0.7:6060/debug/pprof/heap", "", ""},
		{"Phlare", map[string]string{"phlare.grafana.com/scrape": "true", "phlare.grafana.com/port": "6060"}, "http://10.0.0.7:6060/debug/pprof/heap", "", ""},
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
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Of(&investigations.SubjectPod{
				Namespace: "shop", Name: "checkout", IP: "10.0.0.7", Annotations: tt.annotations,
				Containers: []investigations.SubjectContainer{
					{Name: "checkout", Ports: map[string]int32{"http": 8080, "pprof": 6061}},
					{Name: "proxy", Ports: map[string]int32{"envoy-metrics": 9000}},
				},
			}, false)
			if tt.fault != "" {
				if err == nil || err.Error() != tt.fault {
					t.Errorf("got %+v, %v, want %s", got, err, tt.fault)
				}
				return
			}
			if err != nil || got.URL != tt.url || got.Container != tt.container {
				t.Errorf("got %+v, %v, want %s of %s", got, err, tt.url, tt.container)
			}
		})
	}
}

// TestNone fails where a pod that announces nothing can't be told from one that announces something odd.
func TestNone(t *testing.T) {
	for text, want := range map[string]bool{"true": false, "false": true, "yes": true, "": true} {
		_, err := Of(&investigations.SubjectPod{IP: "10.0.0.7", Annotations: map[string]string{"pyroscope.io/scrape": text}}, false)
		if err == nil || errors.Is(err, ErrNone) != want {
			t.Errorf("scrape %q: %v", text, err)
		}
	}
	if _, err := Of(&investigations.SubjectPod{IP: "127.0.0.1", Annotations: map[string]string{"pyroscope.io/scrape": "true", "pyroscope.io/port": "1"}}, false); err == nil {
		t.Error("the loopback interface is announced")
	}
}

func TestAnnotations(t *testing.T) {
	got := Annotations()
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || slices.Contains(got, "") {
		t.Errorf("got %q", got)
	}
	for _, want := range []string{"profiles.grafana.com/memory.path", "pyroscope.io/scrape", "parca.dev/port", "phlare.grafana.com/port"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %q", want, got)
		}
	}
}

// TestClient has an endpoint that sends elsewhere, and one that hangs.
func TestClient(t *testing.T) {
	done := make(chan struct{})
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect is followed") }))
	defer elsewhere.Close()
	pod := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-done
			return
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	}))
	defer pod.Close()
	defer close(done)
	t.Setenv("HTTPS_PROXY", elsewhere.URL)
	c := Client(200 * time.Millisecond)
	res, err := c.Get(pod.URL) //nolint:noctx // the client's own timeout is what is tested
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("status %d", res.StatusCode)
	}
	if res, err := c.Get(pod.URL + "/hang"); err == nil { //nolint:noctx // the same
		res.Body.Close()
		t.Error("it hangs for ever")
	}
}
