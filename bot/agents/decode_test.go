package agents

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/redact/redacttest"
	"github.com/oombot/oombot/memory/nodes"
)

// secret is what a process may have been called.
const secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"

// TestDecodeCleans has a secret, control characters and endless text wherever a text may stand.
func TestDecodeCleans(t *testing.T) {
	evil := "token=" + secret + "\x1b[31m\n\u202e" + strings.Repeat("x", 5000)
	at := moment
	r := investigations.NodeReport{
		Version: 1, Node: "n1", BootID: evil,
		Heartbeat: &investigations.NodeHeartbeat{Reader: evil, Version: evil, Faults: []string{evil}},
		Reports: []investigations.KernelReport{{
			At: &at, Host: evil, Kind: evil, Constraint: evil, OOMMemcg: evil, TaskMemcg: evil, Boundary: investigations.Boundary(evil), PodUID: evil,
			ContainerID: evil, QoS: evil, InvokedBy: &investigations.KernelInvoker{Comm: evil, GFPMask: evil}, Stats: map[string]int64{evil: 1},
			StatsPath: evil, Children: map[string]map[string]int64{evil: {evil: 1}}, Kernel: evil, Missing: []string{evil},
			Killed: []investigations.KernelKill{{PID: 1, Comm: evil}}, Tasks: []investigations.KernelTask{{PID: 1, Comm: evil}},
		}},
		Counted:   []investigations.CountedKill{{At: at, Path: evil, PodUID: evil, ContainerID: evil, Kills: 1}},
		UserKills: []investigations.UserKill{{At: at, Killer: evil, Path: evil, PodUID: evil, ContainerID: evil, Comm: evil, Text: evil}},
		Pods: []investigations.NodePod{
			{UID: evil, Namespace: "a", Name: "b"},
			{UID: "u", Namespace: evil, Name: "b"},
			{UID: "u", Namespace: "a", Name: evil},
			{UID: "u", Namespace: "a", Name: "b", Containers: []investigations.NodeContainer{{ID: evil, Name: "x"}, {ID: "y", Name: evil}}},
		},
		Recorder: &investigations.NodeRecording{
			Version: 1, Node: evil, From: at, To: at,
			Series: []investigations.NodeRecorderSeries{
				{Namespace: evil, Name: "current", StepMS: 1}, {Name: evil, StepMS: 1}, {Name: "current", StepMS: 0}, {Name: "pressure_some", Unit: evil, StepMS: 1, PodUID: evil},
			},
			Top: []investigations.NodeRecorderTop{{Pod: evil}, {PID: 1, Comm: evil, Command: "java --token=" + secret + " " + evil, PodUID: evil}},
		},
		Profiles: []investigations.NodeProfile{{Namespace: "..", Pod: "b", Container: "c", Data: []byte("x")}, {Namespace: "a", Pod: "b", Container: "c"}},
	}
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	got, faults, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, &got)
	if len(faults) < 5 || len(got.Pods) != 1 || len(got.Recorder.Series) != 1 || len(got.Recorder.Top) != 1 || len(got.Profiles) != 0 || got.Recorder.Node != "n1" {
		t.Errorf("%d faults %q, left is %+v", len(faults), faults, got)
	}
	if c := got.Recorder.Top[0].Command; !strings.HasPrefix(c, "java --token=[redacted]") {
		t.Errorf("the command is %s", c)
	}
	if k := got.Reports[0]; k.PodUID != "" || k.Boundary != investigations.BoundaryUnknown || !strings.HasPrefix(k.Killed[0].Comm, "token=[redacted]") {
		t.Errorf("%+v", k)
	}
	for _, f := range faults {
		if strings.Contains(f, secret) || len(f) > 400 {
			t.Errorf("a fault says %s", f)
		}
	}
}

// checkReport holds what is true of every report that was decoded: it can be stored, and holds no secret and no text that
// is long or not printable.
func checkReport(t *testing.T, r *investigations.NodeReport) {
	t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatalf("it can't be written: %v", err)
	}
	if strings.Contains(string(body), secret) {
		t.Errorf("it tells a secret: %.2000s", body)
	}
	var all any
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	checkTexts(t, "", all)
}

func checkTexts(t *testing.T, name string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			checkTexts(t, "", key)
			checkTexts(t, key, value)
		}
	case []any:
		for _, value := range v {
			checkTexts(t, name, value)
		}
	case string:
		if name != "data" && (len(v) > maxPath || investigations.CleanText(v, len(v)) != v) {
			t.Errorf("%s is not clean: %.100q", name, v)
		}
	}
}

// TestDecodeKeepsNames has everything that a real report holds pass as it is.
func TestDecodeKeepsNames(t *testing.T) {
	path := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_1234_5678_9abc_0123456789ab.slice/cri-containerd-" + containerID + ".scope"
	r := investigations.NodeReport{
		Version: 1, Node: "ip-10-0-0-1.eu-west-1.compute.internal", BootID: "7e0a2c1e-8a7e-4a53-9d07-2f1f6e0b7f11", Seq: 4,
		Heartbeat: &investigations.NodeHeartbeat{At: moment, Reader: "syslog", Version: "1.2.3", LosslessSince: &moment, Faults: []string{"no pressure"}},
		Reports: []investigations.KernelReport{{
			At: &moment, UptimeS: ptr(5.5), Missing: []string{"tasks"}, Kind: "memcg", Constraint: "CONSTRAINT_MEMCG", OOMMemcg: path, TaskMemcg: path,
			Boundary: "container", PodUID: podUID, ContainerID: containerID, QoS: "Burstable", StatsPath: path, Stats: map[string]int64{"anon": 1},
			Children:  map[string]map[string]int64{path: {"file": 2}},
			InvokedBy: &investigations.KernelInvoker{Comm: "kworker/u8:2", GFPMask: "0xcc0(GFP_KERNEL)"},
			Killed:    []investigations.KernelKill{{PID: 1, Comm: "C2 CompilerThre"}}, Tasks: []investigations.KernelTask{{PID: 1, Comm: "(sd-pam)"}},
			Kernel: "6.1.0-18-amd64", Host: "n1",
		}},
		Counted:   []investigations.CountedKill{{At: moment, WithinMS: 1000, Path: path, PodUID: podUID, ContainerID: containerID, Kills: 2, PIDs: []int64{3}}},
		UserKills: []investigations.UserKill{{At: moment, Killer: "systemd-oomd", Path: path, PodUID: podUID, Text: "Killed " + path + " due to memory pressure"}},
		Pods: []investigations.NodePod{{
			UID: "0123456789abcdef0123456789abcdef", Namespace: "kube-system", Name: "etcd-n1.example.com",
			Containers: []investigations.NodeContainer{{ID: containerID, Name: "etcd"}},
		}},
		Recorder: &investigations.NodeRecording{
			Version: 1, Node: "ip-10-0-0-1.eu-west-1.compute.internal", From: moment.Add(-time.Minute), To: moment,
			Series: []investigations.NodeRecorderSeries{{Namespace: "shop", Pod: "a", Container: "b", PodUID: podUID, Name: "pressure_some", Unit: "percent", StepMS: 1000, Values: investigations.Samples{1, 2}}},
			Top:    []investigations.NodeRecorderTop{{At: moment, PID: 1, Comm: "java", Command: "java -Xmx512m -jar /app/app.jar", RSSBytes: 4}},
		},
		Profiles: []investigations.NodeProfile{{Namespace: "a", Pod: "b", Container: "c", At: moment, Data: []byte("gz")}},
	}
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	got, faults, err := Decode(body)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Error(diff)
	}
}

// TestDecodeCounts leaves out counters that tell of no kill, and takes none for what no kernel counts.
func TestDecodeCounts(t *testing.T) {
	for kills, want := range map[string]int64{"1": 1, "20": 20, "0": 0, "-3": 0, "9223372036854775807": maxRise} {
		r, faults, err := Decode([]byte(`{"version": 1, "node": "n1", "counted": [{"at": "2026-03-04T02:17:09Z", "path": "/a", "kills": ` + kills + `}]}`))
		var got int64
		for _, k := range r.Counted {
			got += k.Kills
		}
		if err != nil || got != want || (len(faults) > 0) != (want == 0) {
			t.Errorf("%s kills: %d, %q, %v", kills, got, faults, err)
		}
	}
}

// TestDecodeLongRecording leaves out a recording of weeks, and keeps the rest.
func TestDecodeLongRecording(t *testing.T) {
	body := strings.Replace(contract, `"from": "2026-03-04T02:02:09Z"`, `"from": "2026-01-04T02:02:09Z"`, 1)
	r, faults, err := Decode([]byte(body))
	if err != nil || r.Recorder != nil || len(r.Reports) != 1 || len(faults) != 1 {
		t.Errorf("%v, %q, %+v", err, faults, r.Recorder)
	}
}

// TestScan counts in all shapes of JSON as the decoder sees it.
func TestScan(t *testing.T) {
	for text, want := range map[string][3]int{
		`{"a":[1,2,"x",null],"values":[1,null,3],"b":"values"}`:    {3, 3, 4},
		`[["values",[1,2]],{"x":{"values":[1,2,[3]]}}]`:            {7, 2, 4},
		`{"a":"\"[[[\\","values":[ 1 , 2.5e3 ],"values":[-1]}`:     {3, 3, 0},
		`{"values":{"values":[true,false]},"c":["[","]","{\"}"]}`:  {4, 2, 3},
		`{"averyveryverylongname":[1],"":[1],"\u0076alues":[1,2]}`: {4, 0, 4},
	} {
		s := &scan{body: []byte(text)}
		for s.at < len(s.body) {
			if err := s.next(); err != nil {
				t.Fatal(err)
			}
		}
		if got := [3]int{s.objects, s.values, s.scalars}; got != want || len(s.open) > 0 {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// FuzzDecode decodes anything: what passes is clean, can be settled and kept, and makes alerts that hold.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(contract))
	f.Add([]byte(manyKills(3)))
	f.Add([]byte(`{"version":1,"node":"n1","heartbeat":true,"counted":[{"at":"2026-03-04T02:17:09Z","pod_uid":"u","pids":[1]}],"user_kills":[{"at":"0000-01-01T00:00:00+14:00","killer":"systemd-oomd","pod_uid":"u"}]}`))
	f.Add([]byte(`{"version":1,"node":"n1","reports":[{"killed":[{"comm":"` + secret + `"}],"uptime_s":1e300}],"profiles":[{"data":"AA=="}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, faults, err := Decode(body)
		if err != nil {
			if len(err.Error()) > 500 || investigations.CleanText(err.Error(), 500) != err.Error() {
				t.Errorf("the error is %q", err)
			}
			return
		}
		if len(faults) > maxFaults {
			t.Errorf("%d faults", len(faults))
		}
		all := killings(&r)
		nodes.Settle(&r, now)
		checkTimes(t, &r)
		who := newDirectory(&r)
		for _, k := range settle(all, now) {
			checkAlert(t, k.alert(who))
		}
	})
}

func checkTimes(t *testing.T, r *investigations.NodeReport) {
	t.Helper()
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("it can't be stored: %v", err)
	}
	for i := range r.Reports {
		if at := r.Reports[i].At; at == nil || at.After(now.Add(2*time.Minute)) {
			t.Errorf("a report is of %v", at)
		}
	}
}

func checkAlert(t *testing.T, a bot.Alert) {
	t.Helper()
	if a.ID == "" || len(a.ID) > maxID || a.Title == "" || len(a.Title) > maxTitle || a.Kill == nil || a.StartsAt.IsZero() || len(a.Targets) > 1 {
		t.Errorf("%+v", a)
	}
	for _, s := range []string{a.ID, a.Title, a.Name, a.Kill.Comm, a.Kill.PodUID} {
		if investigations.CleanText(s, len(s)) != s || redact.Text(s) != s {
			t.Errorf("not clean: %q", s)
		}
	}
	for _, target := range a.Targets {
		if target.Pod == "" && target.Node == "" || target.Pod != "" && !isNode(target.Pod) || target.Namespace != "" && !isLabel(target.Namespace) {
			t.Errorf("a target is %+v", target)
		}
	}
}

// TestErrorsTellNoSecrets has what can't be read hold a secret.
func TestErrorsTellNoSecrets(t *testing.T) {
	for _, body := range []string{
		`{"version":"` + secret + `"}`, `{"version":1,"node":"` + secret + `"}`, `{"version":1,"node":"n1","reports":{"` + secret + `":1}}`,
		`{"version":1,"node":"n1","counted":[{"at":"` + secret + `"}]}`, `{"` + secret, `{"version":1,"node":"n1","profiles":[{"data":"` + secret + `"}]}`,
	} {
		_, _, err := Decode([]byte(body))
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestPlantedSecrets has all that must not be told stand in commands and lines of killers.
func TestPlantedSecrets(t *testing.T) {
	planted := 0
	for _, p := range redacttest.Kinds() {
		if strings.Contains(p.Text, "\n") || len(p.Text) > maxSays {
			continue
		}
		planted++
		text, err := json.Marshal(p.Text)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"version":1,"node":"n1","user_kills":[{"at":"2026-03-04T02:17:09Z","killer":"x","text":%s}],"recorder":{"top":[{"comm":"a","command":%s}]}}`, text, text)
		r, _, err := Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{r.UserKills[0].Text, r.Recorder.Top[0].Command} {
			if leak := p.Leaks(s); leak != "" {
				t.Errorf("%s is told: %s", p.Name, leak)
			}
		}
	}
	if planted < 10 {
		t.Errorf("%d were planted", planted)
	}
}

// BenchmarkDecode decodes a report of twenty kills with tables of tasks and a recording of fifty series.
func BenchmarkDecode(b *testing.B) {
	r := investigations.NodeReport{Version: 1, Node: "n1", BootID: "b", Recorder: &investigations.NodeRecording{From: moment.Add(-15 * time.Minute), To: moment}}
	for i := range 20 {
		k := kernel(time.Duration(i)*time.Second, podUID, containerID, investigations.BoundaryContainer, int64(i))
		for j := range 300 {
			k.Tasks = append(k.Tasks, investigations.KernelTask{PID: int64(j), Comm: fmt.Sprintf("process-%d", j), RSSPages: rand.Int64N(1e6)})
		}
		r.Reports = append(r.Reports, k)
	}
	for i := range 50 {
		s := investigations.NodeRecorderSeries{Namespace: "shop", Pod: fmt.Sprint("p-", i), Container: "app", Name: "current", Unit: "bytes", StepMS: 1000}
		for range 900 {
			s.Values = append(s.Values, float64(rand.Int64N(1e9)))
		}
		r.Recorder.Series = append(r.Recorder.Series, s)
	}
	body, err := json.Marshal(r)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, _, err := Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}

var errTooLarge = investigations.ErrTooLarge

// TestTooLarge is told apart from what can't be read.
func TestTooLarge(t *testing.T) {
	_, _, err := Decode([]byte(`{"version":1,"node":"n1","profiles":[{},{},{},{},{},{},{},{},{},{},{}]}`))
	if !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
	_, _, err = Decode([]byte(`{"version":1,"node":"n1","profiles":7}`))
	if err == nil || errors.Is(err, errTooLarge) {
		t.Error(err)
	}
}
