package profiles

import (
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
	"github.com/oombot/oombot/tools/toolstest"
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
	return files, append(spots, toolstest.Whys(res)...), res.Evidence.Profiles
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
