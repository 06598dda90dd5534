package names

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const hash = "0123456789abcdef0123456789abcdef"

var discard = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)

func objectOf(t *testing.T, p testPod) *object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(p.json()), &o); err != nil {
		t.Fatal(err)
	}
	return &o
}

func TestStaticPod(t *testing.T) {
	s := newStore(Options{})
	mirror := testPod{uid: "m1", name: "etcd-n1", ids: map[string]string{"etcd": "c0"}, annotations: map[string]string{hashAnnotation: hash, mirrorAnnotation: hash}}
	s.put(objectOf(t, mirror))
	s.put(objectOf(t, mirror)) // seen twice, it is one
	p, ok := s.get(hash)
	if !ok || p.Name != "etcd-n1" || p.nodePod(hash).UID != hash {
		t.Fatalf("the static pod is %+v", p)
	}
	// Who is not the mirror has no claim, and a second mirror makes it nobody's.
	liar := testPod{uid: "x", name: "liar", annotations: map[string]string{hashAnnotation: hash}}
	s.put(objectOf(t, liar))
	if p, ok := s.get(hash); !ok || p.Name != "etcd-n1" {
		t.Errorf("the static pod is %+v", p)
	}
	liar.annotations[mirrorAnnotation] = hash
	s.put(objectOf(t, liar))
	if p, ok := s.get(hash); ok {
		t.Errorf("the static pod is %+v", p)
	}
	s.put(objectOf(t, testPod{uid: "x", name: "liar"}))
	if p, ok := s.get(hash); !ok || p.Name != "etcd-n1" {
		t.Errorf("the static pod is %+v", p)
	}
	// The uid of a pod is its own, whoever claims it.
	s.put(objectOf(t, testPod{uid: "y", name: "liar", annotations: map[string]string{hashAnnotation: "m1", mirrorAnnotation: "m1"}}))
	if p, _ := s.get("m1"); p.Name != "etcd-n1" {
		t.Errorf("the pod is %+v", p)
	}
}

func TestSubject(t *testing.T) {
	s := newStore(Options{Annotations: []string{"pyroscope.io/scrape", "pyroscope.io/port"}})
	in := testPod{
		uid: "u1", name: "checkout", ids: map[string]string{"app": "c1"},
		annotations: map[string]string{"pyroscope.io/scrape": "true", "other": "x", "pyroscope.io/port": strings.Repeat("9", maxAnnotation)},
		spec: `,"containers":[{"name":"app","ports":[{"name":"pprof","containerPort":6060},{"containerPort":1}]}],` +
			`"initContainers":[{"name":"setup"}]`,
		status: `,"initContainerStatuses":[{"name":"setup","containerID":"cri-o://c9","state":{"terminated":{"containerID":"cri-o://c9"}},` +
			`"lastState":{"terminated":{"containerID":"cri-o://c8"}}}]`,
	}
	s.put(objectOf(t, in))
	want := investigations.SubjectPod{
		Namespace: "shop", Name: "checkout", UID: "u1", Node: node, IP: "10.0.0.7", Annotations: map[string]string{"pyroscope.io/scrape": "true"},
		Containers: []investigations.SubjectContainer{
			{Name: "app", IDs: []string{"c1"}, Running: true, Ports: map[string]int32{"pprof": 6060}},
			{Name: "setup", IDs: []string{"c9", "c8"}},
		},
	}
	p, _ := s.get("u1")
	if diff := cmp.Diff(want, p.subject(node)); diff != "" {
		t.Error(diff)
	}
	in.host = true
	s.put(objectOf(t, in))
	if p, _ := s.get("u1"); p.subject(node).IP != "" {
		t.Errorf("a pod in the host's network has the address %s", p.subject(node).IP)
	}
}

// TestBounds fails where what is hostile is kept.
func TestBounds(t *testing.T) {
	s := newStore(Options{})
	long := strings.Repeat("x", 300)
	for _, p := range []testPod{{uid: long, name: "a"}, {uid: "u", name: long}, {uid: "", name: "a"}, {uid: "u"}} {
		s.put(objectOf(t, p))
	}
	if there, _ := s.count(); there != 0 {
		t.Errorf("%d pods are kept", there)
	}
	ids := map[string]string{long: "c", "b": long}
	for i := range 3 * maxContainers {
		ids[fmt.Sprintf("c%d", i)] = fmt.Sprint(i)
	}
	for i := range 3 * maxIDs {
		ids["a"] = fmt.Sprintf("life%d", i)
		s.put(objectOf(t, testPod{uid: "u", name: "a", ids: ids}))
	}
	p, _ := s.get("u")
	if len(p.containers) != maxContainers {
		t.Errorf("%d containers are kept", len(p.containers))
	}
	for _, c := range p.containers {
		if len(c.ids) > maxIDs || len(c.name) > maxName {
			t.Errorf("a container is %d bytes with %d ids", len(c.name), len(c.ids))
		}
	}
	for i := range maxPods + maxGone + 10 {
		s.put(objectOf(t, testPod{uid: fmt.Sprint("v", i), name: "a"}))
	}
	if there, _ := s.count(); there != maxPods+maxGone {
		t.Errorf("%d pods are kept", there)
	}
}

func TestLinger(t *testing.T) {
	now := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	s := newStore(Options{})
	for i := range maxGone + 50 {
		s.put(objectOf(t, testPod{uid: fmt.Sprint("u", i), name: "a"}))
		s.leave(fmt.Sprint("u", i), now.Add(time.Duration(i)*time.Second))
	}
	if _, gone := s.count(); gone != maxGone {
		t.Errorf("%d that are gone are known", gone)
	}
	if _, ok := s.get("u49"); ok {
		t.Error("the oldest stays")
	}
	s.put(objectOf(t, testPod{uid: "new", name: "a"}))
	s.settle(map[string]bool{"new": true}, now.Add(time.Hour))
	if there, gone := s.count(); there != 1 || gone != 0 {
		t.Errorf("after an hour %d are there and %d gone", there, gone)
	}
}

func TestReadList(t *testing.T) {
	one, two := testPod{uid: "u1", name: "one"}.json(), testPod{uid: "u2", name: "two"}.json()
	tests := []struct {
		name, in, version, uids string
		fails                   bool
	}{
		{"whole", `{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[` + one + "," + two + `],"x":[{"y":1}]}`, "7", "u1 u2", false},
		{"null", `{"items":null,"metadata":{"resourceVersion":"7"}}`, "7", "", false},
		{"empty", `{"items":[],"metadata":{}}`, "", "", false},
		{"an odd type", `{"items":[{"metadata":{"uid":"u0"},"spec":{"hostNetwork":"yes"}},` + one + `]}`, "", "u0 u1", false},
		{"cut", `{"items":[` + one + "," + two[:30], "", "u1", true},
		{"cut at the end", `{"items":[` + one + `]`, "", "u1", true},
		{"no list", `[]`, "", "", true},
		{"no items", `{"items":{}}`, "", "", true},
		{"nothing", ``, "", "", true},
		{"a page", `<html>`, "", "", true},
	}
	for _, tt := range tests {
		var uids []string
		version, err := readList(strings.NewReader(tt.in), func(o *object) { uids = append(uids, o.Metadata.UID) })
		if got := strings.Join(uids, " "); (err != nil) != tt.fails || got != tt.uids || version != tt.version && !tt.fails {
			t.Errorf("%s: %q, %s, %v", tt.name, version, got, err)
		}
	}
}

// TestHugePod fails where a pod is read into memory however long it is.
func TestHugePod(t *testing.T) {
	huge := `{"items":[{"metadata":{"uid":"u1","annotations":{"a":"` + strings.Repeat("x", maxObject+maxObject/2) + `"}}}]}`
	_, err := readList(strings.NewReader(huge), func(*object) { t.Error("it is taken") })
	if err == nil || !strings.Contains(err.Error(), "a pod is over") {
		t.Errorf("got %v", err)
	}
	// Many of them are no fault.
	pod := `{"metadata":{"uid":"u1","annotations":{"a":"` + strings.Repeat("x", maxObject/2) + `"}}}`
	n := 0
	if _, err := readList(strings.NewReader(`{"items":[`+pod+","+pod+","+pod+`]}`), func(*object) { n++ }); err != nil || n != 3 {
		t.Errorf("%d pods, %v", n, err)
	}
}

func TestEvictions(t *testing.T) {
	now := time.Date(2026, 3, 4, 2, 10, 0, 0, time.UTC)
	const memory = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 96Mi. Container app was using 1Gi, request is 0, has larger consumption of memory. "
	at := func(s string) string {
		return `,"conditions":[{"type":"DisruptionTarget","reason":"TerminationByKubelet","lastTransitionTime":"` + s + `"}]`
	}
	failed := func(reason, message, more string) string {
		return fmt.Sprintf(`,"phase":"Failed","reason":%q,"message":%q%s`, reason, message, more)
	}
	tests := []struct {
		name, status string
		first        bool
		want         string
	}{
		{"memory", failed("Evicted", memory, at("2026-03-04T02:09:50Z")), false, "2026-03-04T02:09:50Z"},
		{"memory, at the start", failed("Evicted", memory, at("2026-03-04T02:09:50Z")), true, "2026-03-04T02:09:50Z"},
		{"before the agent's time", failed("Evicted", memory, at("2026-03-04T01:00:00Z")), true, ""},
		{"without a time", failed("Evicted", memory, ""), false, "2026-03-04T02:10:00Z"},
		{"without a time, at the start", failed("Evicted", memory, ""), true, ""},
		{"disk", failed("Evicted", "The node was low on resource: ephemeral-storage. ", ""), false, ""},
		{"another resource", failed("Evicted", "The node was low on resource: memory-map. ", ""), false, ""},
		{"not admitted", failed("Evicted", "The node had condition: [MemoryPressure]. ", ""), false, ""},
		{"preempted", failed("Preempting", memory, ""), false, ""},
		{"running", fmt.Sprintf(`,"phase":"Running","reason":"Evicted","message":%q`, memory), false, ""},
	}
	for _, tt := range tests {
		var told []investigations.UserKill
		e := &evictions{tell: func(k investigations.UserKill) { told = append(told, k) }}
		o := objectOf(t, testPod{uid: "u1", name: "a", status: tt.status})
		e.see(o, tt.first, now)
		e.see(o, tt.first, now)
		if tt.want == "" {
			if len(told) > 0 {
				t.Errorf("%s: %+v", tt.name, told)
			}
			continue
		}
		want, err := time.Parse(time.RFC3339, tt.want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]investigations.UserKill{{
			At: want, Killer: investigations.UserKillKubeletEviction, PodUID: "u1", Text: strings.TrimSpace(memory),
		}}, told); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestEvictedAt takes the end of the last container where the kubelet is too old to tell its decision.
func TestEvictedAt(t *testing.T) {
	o := objectOf(t, testPod{uid: "u1", name: "a"})
	status := `[{"name":"a","state":{"terminated":{"finishedAt":"2026-03-04T02:00:01Z"}}},{"name":"b","state":{"terminated":{"finishedAt":"2026-03-04T02:00:07Z"}}},{"name":"c"}]`
	if err := json.Unmarshal([]byte(status), &o.Status.Containers); err != nil {
		t.Fatal(err)
	}
	if got := evictedAt(o); !got.Equal(time.Date(2026, 3, 4, 2, 0, 7, 0, time.UTC)) {
		t.Errorf("got %s", got)
	}
}

// TestEvictionByWatch has a pod evicted while it is watched.
func TestEvictionByWatch(t *testing.T) {
	a, url := startAPI(t)
	told := make(chan investigations.UserKill, 10)
	n := startNames(t, url, func(k investigations.UserKill) { told <- k })
	eventually(t, "a watch", func() bool { return n.Stats().Watches == 1 })
	p := testPod{uid: "u1", name: "a"}
	a.event("ADDED", p)
	p.status = `,"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory. "`
	a.event("MODIFIED", p)
	a.event("DELETED", p)
	if k := <-told; k.PodUID != "u1" || k.Killer != investigations.UserKillKubeletEviction {
		t.Errorf("told is %+v", k)
	}
	eventually(t, "its end", func() bool { return n.Stats().Gone == 1 })
	if len(told) > 0 {
		t.Errorf("it is told twice: %+v", <-told)
	}
}

func FuzzReadList(f *testing.F) {
	f.Add([]byte(`{"metadata":{"resourceVersion":"7"},"items":[` + testPod{uid: "u1", name: "one", ids: map[string]string{"app": "c1"}}.json() + `]}`))
	f.Add([]byte(`{"items":null}`))
	f.Add([]byte(`{"items"`))
	s := newStore(Options{Annotations: []string{"a"}})
	e := &evictions{tell: func(investigations.UserKill) {}}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		_, err := readList(strings.NewReader(string(data)), func(o *object) {
			n++
			s.put(o)
			e.see(o, false, time.Now())
		})
		if err == nil && n > len(data) {
			t.Errorf("%d pods in %d bytes", n, len(data))
		}
		if err == io.EOF { //nolint:errorlint // it is the end of a stream, and no error of a list that is cut
			t.Error("an end in the midst is no error")
		}
		s.settle(nil, time.Now().Add(-2*linger))
	})
}
