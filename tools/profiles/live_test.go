package profiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/profiles/pyroscopetest"
)

// goProfile is what Go's runtime reports, with the period that its profiles have.
func goProfile(stacks ...stack) *profile.Profile {
	p := build(goHeap(), stacks...)
	p.PeriodType, p.Period = &profile.ValueType{Type: "space", Unit: "bytes"}, 512<<10
	return p
}

// alloy labels a container as the scraper of Pyroscope's Helm chart does.
func alloy(namespace, pod, container string) map[string]string {
	return map[string]string{
		"namespace": namespace, "pod": pod, "container": container, "service_name": namespace + "/" + container,
	}
}

// pushed are profiles that came every 15 seconds between two moments before the kill, of a heap that grows by 1 MiB
// with each.
func pushed(labels map[string]string, from, to time.Duration) []pyroscopetest.Profile {
	var out []pyroscopetest.Profile
	for ago, n := from, int64(1); ago >= to; ago, n = ago-15*time.Second, n+1 {
		// Scrapers' clocks are no one's.
		at := testAt.Add(-ago + 137*time.Millisecond)
		out = append(out, pyroscopetest.Profile{Name: "memory", Labels: labels, At: at, Data: goProfile(session(n*mib), other(mib))})
	}
	return out
}

func testSubject() investigations.Subject {
	req := testRequest()
	req.Window = investigations.DefaultWindow
	container := []investigations.SubjectContainer{{Name: "checkout", Running: true}}
	return investigations.Subject{
		Request: req, Workload: "deployment/checkout",
		Pods: []investigations.SubjectPod{
			{Namespace: "shop", Name: testPod, IP: "10.0.0.7", Containers: container},
			{Namespace: "shop", Name: oldPod, IP: "10.0.0.8", Containers: container},
		},
	}
}

func serve(t *testing.T, h http.Handler) endpoint.Config {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return endpoint.Config{URL: srv.URL}
}

func newLive(t *testing.T, cfg endpoint.Config, opt LiveOptions) *Live {
	t.Helper()
	l, err := NewLive(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// record returns what a source recorded, and what the bundle's tool reads there.
func record(t *testing.T, l *Live, s investigations.Subject) (files []string, spots []string, ev *investigations.ProfileEvidence) {
	t.Helper()
	rec := bundle.NewRecording()
	if err := l.Record(t.Context(), s, rec); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(rec.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, p)
			if o, ok := rec.Origin(p); !ok || o.Name == "" || o.Source == "" {
				t.Errorf("%s has the origin %+v", p, o)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	res := query(t, rec.FS(), s.Request)
	for _, spot := range rec.BlindSpots(investigations.ToolProfiles) {
		spots = append(spots, spot.Why)
	}
	return files, append(spots, whys(res)...), res.Evidence.Profiles
}

func TestLivePyroscope(t *testing.T) {
	stand := &pyroscopetest.Pyroscope{Profiles: slices.Concat(
		pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute),
		pushed(alloy("shop", testPod, "checkout"), -time.Minute, -2*time.Minute), // after the kill
		pushed(alloy("shop", testPod, "proxy"), time.Hour, time.Minute),
		pushed(alloy("shop", oldPod, "checkout"), 3*time.Hour, 2*time.Hour),
		pushed(alloy("pay", testPod, "checkout"), 2*time.Hour, time.Minute),  // a namesake
		pushed(alloy("shop", "checkout-worker-0", "checkout"), time.Hour, 0), // another workload
	)}
	files, spots, ev := record(t, newLive(t, serve(t, stand), LiveOptions{}), testSubject())
	// Five minutes into the life, the last before the kill, and the last of the old revision; rounded up to seconds.
	want := []string{
		"profiles/shop/" + oldPod + "/checkout/20260304T001710Z.pb.gz",
		"profiles/shop/" + testPod + "/checkout/20260304T012210Z.pb.gz",
		"profiles/shop/" + testPod + "/checkout/20260304T021610Z.pb.gz",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	if len(spots) > 0 {
		t.Errorf("blind spots: %q", spots)
	}
	if len(ev.Growth) != 2 {
		t.Fatalf("%d comparisons: %+v", len(ev.Growth), ev.Growth)
	}
	// 237 profiles came in this life: the last holds 237 MiB and one, and not the sum of several.
	if g := ev.Growth[0]; g.BeforePod != testPod || g.AfterBytes != 238*mib || g.BeforeBytes > 30*mib || g.BeforeBytes < 20*mib ||
		!strings.Contains(g.Functions[0].Function, "session.(*Store") {
		t.Errorf("its own growth is %+v", g)
	}
	if g := ev.Growth[1]; g.BeforePod != oldPod || g.BeforeBytes != 242*mib {
		t.Errorf("the growth since the old revision is %+v", g)
	}
	if diff := cmp.Diff(map[string]int{"Series": 5, "SelectSeries": 4, "SelectMergeProfile": 3}, stand.Calls()); diff != "" {
		t.Errorf("calls: %s", diff)
	}
}

func TestLivePyroscopeVariants(t *testing.T) {
	rename := func(profiles []pyroscopetest.Profile, name string, labels map[string]string) []pyroscopetest.Profile {
		for i := range profiles {
			profiles[i].Name, profiles[i].Labels = name, labels
		}
		return profiles
	}
	hour := func(labels map[string]string) []pyroscopetest.Profile {
		return pushed(labels, time.Hour, time.Minute)
	}
	ofType := func(name string, types ...string) []pyroscopetest.Profile {
		profiles := hour(alloy("shop", testPod, "checkout"))
		for i := range profiles {
			p := profiles[i].Data.Copy()
			p.SampleType = nil
			for j := 0; j < len(types); j += 2 {
				p.SampleType = append(p.SampleType, &profile.ValueType{Type: types[j], Unit: types[j+1]})
			}
			for _, s := range p.Sample {
				s.Value = s.Value[4-len(p.SampleType):]
			}
			profiles[i].Data = p
		}
		return rename(profiles, name, profiles[0].Labels)
	}
	const dir = "profiles/shop/" + testPod + "/checkout"
	tests := []struct {
		name     string
		profiles []pyroscopetest.Profile
		subject  func(*investigations.Subject)
		files    int
		folder   string
		spot     string
	}{
		{name: "OpenTelemetry's labels", profiles: hour(map[string]string{
			"k8s_pod_name": testPod, "k8s_namespace_name": "shop", "k8s_container_name": "checkout",
		}), files: 2, folder: dir},
		{name: "the program's own labels", profiles: hour(map[string]string{"hostname": testPod, "service_name": "checkout"}), files: 2, folder: dir},
		{name: "jemalloc", profiles: ofType("memory", "inuse_objects", "count", "inuse_space", "bytes"), files: 2, folder: dir},
		{name: "Node.js", profiles: ofType("memory", "objects", "count", "space", "bytes"), files: 2, folder: dir},
		{
			name: "allocations only", profiles: ofType("memory", "alloc_in_new_tlab_objects", "count", "alloc_in_new_tlab_bytes", "bytes"),
			spot: "Pyroscope holds allocations, and no profile of what is in use, of shop/" + testPod,
		},
		{name: "no heap", profiles: ofType("process_cpu", "samples", "count", "cpu", "nanoseconds"), spot: "Pyroscope holds no heap profile of shop/" + testPod},
		{name: "nothing", spot: "Pyroscope holds no heap profile of shop/" + testPod},
		{name: "a namesake", profiles: hour(alloy("pay", testPod, "checkout")), spot: "Pyroscope holds no heap profile of shop/" + testPod},
		{name: "another container", profiles: hour(alloy("shop", testPod, "proxy")), spot: "Pyroscope holds no heap profile of shop/" + testPod},
		{
			name: "no container asked", profiles: slices.Concat(hour(alloy("shop", testPod, "checkout")), hour(alloy("shop", testPod, "proxy"))),
			subject: func(s *investigations.Subject) { s.Request.Target.Container = "" }, files: 4,
		},
		{
			name: "a pod that is gone", profiles: hour(alloy("shop", testPod, "checkout")),
			subject: func(s *investigations.Subject) { s.GonePod, s.Pods = true, s.Pods[1:] }, files: 2, folder: dir,
		},
		{
			name: "a workload", profiles: hour(alloy("shop", testPod, "checkout")),
			subject: func(s *investigations.Subject) {
				s.Request.Target = investigations.Target{Namespace: "shop", Workload: "deployment/checkout"}
			}, files: 2, folder: dir,
		},
		{
			name: "only an older pod", profiles: pushed(alloy("shop", oldPod, "checkout"), 3*time.Hour, 2*time.Hour), files: 1,
			spot: `profiles/ holds no heap profile of "shop/` + testPod + `/checkout" that can be read`,
		},
		{
			name: "one only", profiles: pushed(alloy("shop", testPod, "checkout"), time.Minute, time.Minute), files: 1,
			spot: `there is one heap profile of "shop/` + testPod + `/checkout" only, and none to compare it with`,
		},
		{
			name: "a long window", profiles: slices.Concat(
				hour(alloy("shop", testPod, "checkout")), pushed(alloy("shop", oldPod, "checkout"), 100*time.Hour, 99*time.Hour),
			), subject: func(s *investigations.Subject) { s.Request.Window = 30 * 24 * time.Hour }, files: 3,
		},
		{
			name: "a hostile name", profiles: hour(alloy("shop", testPod, "../../etc")),
			subject: func(s *investigations.Subject) { s.Request.Target.Container = "" },
			spot:    `profile of ` + testPod + `/../../etc: not found: "../../etc" is no name of Kubernetes`,
		},
		{
			name:    "a node",
			subject: func(s *investigations.Subject) { s.Request.Target = investigations.Target{Node: "n1"}; s.Pods = nil },
			spot:    `a heap profile is of a pod, and "node/n1" names none`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := testSubject()
			if tt.subject != nil {
				tt.subject(&s)
			}
			stand := &pyroscopetest.Pyroscope{Profiles: tt.profiles}
			files, spots, _ := record(t, newLive(t, serve(t, stand), LiveOptions{}), s)
			kept := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return f == "profiles" })
			if len(kept) != tt.files || tt.folder != "" && !strings.HasPrefix(kept[0], tt.folder) {
				t.Errorf("kept %q", files)
			}
			if got := strings.Join(spots, "\n"); tt.spot == "" && got != "" || !strings.Contains(got, tt.spot) {
				t.Errorf("blind spots: %q", spots)
			}
			calls := 0
			for _, n := range stand.Calls() {
				calls += n
			}
			if calls > 5+maxRanges+2*3*maxContainers {
				t.Errorf("%d calls", calls)
			}
		})
	}
}

// TestLiveTellsLives fails where a profile of an earlier life of the container is taken for the beginning of this one.
func TestLiveTellsLives(t *testing.T) {
	labels := alloy("shop", testPod, "checkout")
	restarted := testAt.Add(-90 * time.Minute)
	stand := &pyroscopetest.Pyroscope{Profiles: slices.Concat(
		pushed(labels, 5*time.Hour, 90*time.Minute), pushed(labels, 90*time.Minute, time.Minute),
	)}
	for name, started := range map[string][]time.Time{
		"as the cluster says": {testAt.Add(time.Minute), restarted}, "as the heap fell": nil,
	} {
		t.Run(name, func(t *testing.T) {
			s := testSubject()
			s.Pods[0].Containers = []investigations.SubjectContainer{{Name: "checkout", Started: started}}
			_, _, ev := record(t, newLive(t, serve(t, stand), LiveOptions{}), s)
			if len(ev.Growth) == 0 {
				t.Fatal("nothing is compared")
			}
			if at := ev.Growth[0].Before; at.Before(restarted) || at.After(restarted.Add(10*time.Minute)) {
				t.Errorf("compared with %s, and the life began at %s", at, restarted)
			}
		})
	}
}

func TestLivePyroscopeFails(t *testing.T) {
	status := func(code int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) })
	}
	tests := []struct {
		name    string
		handler http.Handler
		want    error
		says    string
	}{
		{"no tenant", &pyroscopetest.Pyroscope{Tenant: "a"}, investigations.ErrForbidden, "check pyroscope.bearer_token_file, .basic_user and the tenant in pyroscope.headers"},
		{"forbidden", status(http.StatusForbidden, "no"), investigations.ErrForbidden, "Pyroscope refused to answer"},
		{"another service", status(http.StatusNotFound, "not here"), investigations.ErrUnavailable, "there is no Pyroscope API at pyroscope.url"},
		{"broken", status(http.StatusInternalServerError, "password=hunter2"), investigations.ErrUnavailable, "Pyroscope: "},
		{"throttled", status(http.StatusTooManyRequests, "slow down"), investigations.ErrUnavailable, "Pyroscope: "},
		{"garbage", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			fmt.Fprint(w, "\xff\xff\xff\xff")
		}), investigations.ErrUnavailable, "Pyroscope: "},
		{"a page", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }), investigations.ErrUnavailable, "Pyroscope: "},
		{"cut off", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "x")
		}), investigations.ErrUnavailable, "Pyroscope: "},
		{"too large", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			for range 33 {
				_, _ = w.Write(make([]byte, mib))
			}
		}), investigations.ErrTooLarge, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sink := &missSink{}
			if err := newLive(t, serve(t, tt.handler), LiveOptions{}).Record(t.Context(), testSubject(), sink); err != nil {
				t.Fatal(err)
			}
			if err := sink.missed["profiles"]; !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("missed for %v", err)
			}
		})
	}
}

func TestLivePyroscopeHangs(t *testing.T) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	stand := &pyroscopetest.Pyroscope{Profiles: pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute)}
	for _, procedure := range []string{"Series", "SelectSeries", "SelectMergeProfile"} {
		t.Run(procedure, func(t *testing.T) {
			cfg := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/"+procedure) {
					_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client is gone
					select {
					case <-r.Context().Done():
					case <-done:
					}
					return
				}
				stand.ServeHTTP(w, r)
			}))
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			sink := &missSink{}
			start := time.Now()
			if err := newLive(t, cfg, LiveOptions{}).Record(ctx, testSubject(), sink); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			if err := sink.missed["profiles"]; !errors.Is(err, investigations.ErrUnavailable) || !strings.Contains(err.Error(), "did not answer in time") {
				t.Errorf("missed for %v", err)
			}
		})
	}
}

// TestLiveKeepsWhatItGot fails where one profile that can't be had costs the others.
func TestLiveKeepsWhatItGot(t *testing.T) {
	stand := &pyroscopetest.Pyroscope{Profiles: slices.Concat(
		pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute),
		pushed(alloy("shop", oldPod, "checkout"), 3*time.Hour, 2*time.Hour),
	)}
	large := strings.Repeat("x", maxUnpacked)
	for i := range stand.Profiles {
		if stand.Profiles[i].Labels["pod"] == oldPod {
			stand.Profiles[i].Data.Sample[0].Location[0].Line[0].Function.Name = large
		}
	}
	files, spots, _ := record(t, newLive(t, serve(t, stand), LiveOptions{}), testSubject())
	if len(files) != 2 || !strings.Contains(strings.Join(spots, "\n"), "profile of "+oldPod+"/checkout: too large") {
		t.Errorf("kept %q, blind spots %q", files, spots)
	}
}

func TestLiveTenantAndPath(t *testing.T) {
	stand := &pyroscopetest.Pyroscope{Tenant: "shop-team", Profiles: pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute)}
	cfg := serve(t, http.StripPrefix("/pyroscope", stand))
	cfg.URL += "/pyroscope/"
	cfg.Headers = map[string]string{"X-Scope-OrgID": "shop-team"}
	if files, spots, _ := record(t, newLive(t, cfg, LiveOptions{}), testSubject()); len(files) != 2 || len(spots) > 0 {
		t.Errorf("kept %q, blind spots %q", files, spots)
	}
}

func TestLiveNotConfigured(t *testing.T) {
	sink := &missSink{}
	if err := newLive(t, endpoint.Config{}, LiveOptions{ScrapePods: true}).Record(t.Context(), testSubject(), sink); err != nil {
		t.Fatal(err)
	}
	if err := sink.missed["profiles"]; !errors.Is(err, investigations.ErrNotConfigured) || !strings.Contains(err.Error(), "set pyroscope.url") {
		t.Errorf("missed for %v", err)
	}
	if _, err := NewLive(endpoint.Config{URL: "pyroscope:4040"}, LiveOptions{}); err == nil {
		t.Error("an address that is none is taken")
	}
}

// missSink takes what was missed only.
type missSink struct{ missed map[string]error }

func (s *missSink) Keep(string, investigations.Origin, []byte) {}
func (s *missSink) Miss(path string, _ investigations.Origin, why error) {
	if s.missed == nil {
		s.missed = map[string]error{}
	}
	s.missed[path] = why
}
func (s *missSink) Blind(investigations.BlindSpot) {}
