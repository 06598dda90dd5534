package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func ptr[T any](v T) *T { return &v }

func TestQuantityAndRounding(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		bytes float64
		want  string
	}{
		{512 * mib, "512Mi"}, {1 << 30, "1Gi"}, {1536 * mib, "1536Mi"}, {1000, "1000"}, {4096, "4Ki"},
	} {
		if got := quantityOf(tt.bytes); got != tt.want {
			t.Errorf("quantityOf(%v) = %s, want %s", tt.bytes, got, tt.want)
		}
	}
	for _, tt := range []struct{ in, want float64 }{{500 * mib, 512 * mib}, {513 * mib, 576 * mib}, {3000 * mib, 3072 * mib}, {9 << 30, 9 << 30}} {
		if got := roundUp(tt.in); got != tt.want {
			t.Errorf("roundUp(%v MiB) = %v MiB, want %v", tt.in/mib, got/mib, tt.want/mib)
		}
	}
}

func TestReadFlags(t *testing.T) {
	const mib = 1 << 20
	none := func(string, string) string { return "" }
	limit := float64(1024 * mib)
	tests := []struct {
		name string
		c    investigations.Container
		want flags
	}{
		{
			"xmx in args",
			investigations.Container{Command: []string{"java"}, Args: []string{"-Xmx900m", "-jar", "a.jar"}},
			flags{runtime: "java", text: "-Xmx900m", where: "the command line", heap: 900 * mib},
		},
		{
			"last xmx wins",
			investigations.Container{Args: []string{"java", "-Xmx256m", "-Xmx2g"}},
			flags{runtime: "java", text: "-Xmx2g", where: "the command line", heap: 2048 * mib},
		},
		{
			"percentage",
			investigations.Container{Env: []investigations.EnvVar{{Name: "JAVA_TOOL_OPTIONS", Value: "-XX:MaxRAMPercentage=75.0 -XX:MaxMetaspaceSize=128m"}}},
			flags{runtime: "java", text: "-XX:MaxRAMPercentage=75.0", where: "JAVA_TOOL_OPTIONS", heap: 768 * mib, metaspace: 128 * mib},
		},
		{
			"_JAVA_OPTIONS overrides",
			investigations.Container{Args: []string{"java", "-Xmx300m"}, Env: []investigations.EnvVar{{Name: "_JAVA_OPTIONS", Value: "-Xmx400m"}}},
			flags{runtime: "java", text: "-Xmx400m", where: "_JAVA_OPTIONS", heap: 400 * mib},
		},
		{
			"node",
			investigations.Container{Env: []investigations.EnvVar{{Name: "NODE_OPTIONS", Value: "--max-old-space-size=960"}}},
			flags{runtime: "node", text: "--max-old-space-size=960", where: "NODE_OPTIONS", heap: 960 * mib},
		},
		{
			"go",
			investigations.Container{Env: []investigations.EnvVar{{Name: "GOMEMLIMIT", Value: "900MiB"}}},
			flags{runtime: "go", text: "GOMEMLIMIT=900MiB", where: "the environment", heap: 900 * mib},
		},
		{
			"go off",
			investigations.Container{Env: []investigations.EnvVar{{Name: "GOMEMLIMIT", Value: "off"}}},
			flags{runtime: "go", text: "GOMEMLIMIT=off", where: "the environment", off: true},
		},
		{"nothing", investigations.Container{Args: []string{"--verbose"}}, flags{}},
	}
	for _, tt := range tests {
		if got := readFlags(&tt.c, limit, none); got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.name, got, tt.want)
		}
	}
	fromMap := investigations.Container{Env: []investigations.EnvVar{{Name: "JAVA_OPTS", ConfigMap: "jvm", Key: "opts"}}}
	got := readFlags(&fromMap, limit, func(m, k string) string { return map[string]string{"jvm/opts": "-Xmx1g"}[m+"/"+k] })
	if got.heap != 1024*mib {
		t.Errorf("value of a ConfigMap: heap = %v", got.heap)
	}
}

func TestDiffTemplates(t *testing.T) {
	a := investigations.PodTemplate{Containers: []investigations.Container{{
		Name: "app", Image: "r/app:1.0", MemoryLimit: ptr(int64(512 << 20)),
		Env: []investigations.EnvVar{{Name: "A", Digest: "1"}, {Name: "GONE", Digest: "x"}},
	}}}
	b := investigations.PodTemplate{
		Containers: []investigations.Container{
			{Name: "app", Image: "r/app:1.1", MemoryLimit: ptr(int64(256 << 20)), Env: []investigations.EnvVar{{Name: "A", Digest: "2"}, {Name: "GOMEMLIMIT", Value: "200MiB"}}},
			{Name: "proxy", Image: "envoy:9"},
		},
		Volumes:     []investigations.Volume{{Name: "scratch", Kind: "emptyDir", Memory: true}},
		Annotations: map[string]string{"kubectl.kubernetes.io/restartedAt": "now"},
	}
	var got []string
	relevant := 0
	for _, d := range diffTemplates(a, b) {
		got = append(got, d.text)
		if d.memoryRelevant() {
			relevant++
		}
	}
	want := []string{
		"image of app: 1.0 -> 1.1", "memory limit of app: 512Mi -> 256Mi", "env A: (value not shown) -> (value not shown)",
		"env GOMEMLIMIT added 200MiB", "env GONE removed", "container proxy added (envoy:9)",
		"volume scratch added (emptyDir, medium Memory)", "restarted by hand (restartedAt)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("differences (-want +got):\n%s", d)
	}
	if relevant != len(want)-1 {
		t.Errorf("%d of %d differences count for memory, want all but the restart", relevant, len(want))
	}
	if d := diffTemplates(b, b); len(d) != 0 {
		t.Errorf("a template differs from itself: %v", d)
	}
}

func TestCommandsAreShellSafe(t *testing.T) {
	got := setResources("shop", "deployment/a b; rm -rf /", "c$(id)", "--limits=memory=512Mi")
	want := `kubectl set resources -n shop 'deployment/a b; rm -rf /' -c 'c$(id)' --limits=memory=512Mi`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := kubectl("scale", "deployment/a\x1b[31m"); got != "" {
		t.Errorf("a name with an escape sequence became a command: %q", got)
	}
	if got := setResources("shop", "job/x", "c", "--limits=memory=1Gi"); got != "" {
		t.Errorf("a job's template can't be changed, but got %q", got)
	}
}

func TestNameAffinity(t *testing.T) {
	c := investigations.Container{Name: "log-shipper", Image: "registry.example/team/fluent-bit:2.1@sha256:00", Command: []string{"/usr/bin/averylongcommandname"}}
	for comm, want := range map[string]int{"averylongcomman": 3, "log-shipper": 2, "fluent-bit": 1, "java": 0, "": 0} {
		if got := nameAffinity(c, comm); got != want {
			t.Errorf("nameAffinity(%q) = %d, want %d", comm, got, want)
		}
	}
}

func TestAdjOf(t *testing.T) {
	node := float64(16 << 30)
	p := &investigations.Pod{QoS: "Burstable"}
	c := investigations.Container{MemoryRequest: ptr(int64(512 << 20))}
	if got := adjOf(p, c, node); got != 969 {
		t.Errorf("adj of 512Mi on 16Gi = %d, want 969", got)
	}
	if got := adjOf(&investigations.Pod{QoS: "Guaranteed"}, c, node); got != -997 {
		t.Errorf("Guaranteed = %d", got)
	}
	if got := adjOf(p, investigations.Container{MemoryRequest: ptr(int64(16 << 30))}, node); got != 3 {
		t.Errorf("the whole node = %d, want the floor of 3", got)
	}
	if got := adjOf(&investigations.Pod{QoS: "BestEffort"}, investigations.Container{}, node); got != 1000 {
		t.Errorf("BestEffort = %d", got)
	}
}

func TestHeadlineIsCutByRunes(t *testing.T) {
	got := cutRunes(strings.Repeat("ü", 300), 160)
	if n := len([]rune(got)); n != 160 {
		t.Errorf("length = %d runes, want 160", n)
	}
}

func TestRolledOutOfARollback(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := &investigations.Workload{Namespace: "shop", Kind: "deployment", Name: "api", Revisions: []investigations.Revision{
		{Number: 7, Name: "api-b", Hash: "b", Created: day.AddDate(0, 0, 10)},
		{Number: 8, Name: "api-a", Hash: "a", Created: day}, // an old ReplicaSet, raised again
	}}
	s := &scene{workload: w, ev: investigations.Evidence{
		Pods:     &investigations.PodEvidence{Pods: []investigations.Pod{{Namespace: "shop", Name: "api-a-1", OwnerKind: "replicaset", OwnerName: "api-a", Created: day.AddDate(0, 0, 20)}}},
		Rollouts: &investigations.RolloutEvidence{Workloads: []investigations.Workload{*w}},
	}}
	if got := s.rolledOut(&w.Revisions[1]); !got.Equal(day.AddDate(0, 0, 20)) {
		t.Errorf("rolled out at %v, want when its first pod started", got)
	}
	if got := s.rolledOut(&w.Revisions[0]); !got.Equal(day.AddDate(0, 0, 10)) {
		t.Errorf("rolled out at %v, want its creation", got)
	}
}

// TestRequestsToSet advises a request for who uses more than he asked for, and for nobody of whom no use is known.
func TestRequestsToSet(t *testing.T) {
	pod := func(name string) *investigations.Pod { return &investigations.Pod{Namespace: "shop", Name: name} }
	above := &holder{pod: pod("above"), name: "shop/above", usage: 3 << 30, request: 1 << 30}
	unknown := &holder{pod: pod("unknown"), name: "shop/unknown"}
	for name, tt := range map[string]struct {
		view nodeView
		want []string
	}{
		"one is above":     {nodeView{total: 8 << 30, holders: []*holder{above, unknown}}, []string{"3Gi"}},
		"nothing is known": {nodeView{holders: []*holder{unknown}}, []string{""}},
	} {
		i := newIncident()
		s := newScene(i.req, i.ev, investigations.NewLedger(nil))
		s.view = &tt.view
		s.adviseOvercommit()
		var got []string
		for _, r := range s.advice {
			if r.Action == investigations.ActionSetRequest {
				got = append(got, r.Value)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: it advises requests of %q, want %q", name, got, tt.want)
		}
	}
}
