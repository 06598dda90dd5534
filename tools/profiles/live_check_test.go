package profiles

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/profiles/pyroscopetest"
)

func TestCheck(t *testing.T) {
	labels := alloy("shop", testPod, "checkout")
	processor := func() []pyroscopetest.Profile {
		p := pushed(labels, time.Minute, time.Minute)
		p[0].Name, p[0].Data.SampleType = "process_cpu", []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}
		for _, s := range p[0].Data.Sample {
			s.Value = s.Value[:1]
		}
		return p
	}
	annotated := podServer(t, func(w http.ResponseWriter, _ *http.Request) { _ = goProfile(session(mib)).Write(w) })
	broken := podServer(t, http.NotFound)
	tests := []struct {
		name     string
		profiles []pyroscopetest.Profile
		tenant   string
		none     bool
		pod      map[string]string
		sample   func(*investigations.Subject)
		want     []string
	}{
		{name: "all is well", profiles: pushed(labels, time.Hour, time.Minute), want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"ok heap profiles: Pyroscope holds memory:inuse_space:bytes:space:bytes",
			"ok profiles of a pod: Pyroscope holds heap profiles of shop/" + testPod + " by the label pod",
		}},
		{name: "no sample", profiles: pushed(labels, time.Hour, time.Minute), sample: func(s *investigations.Subject) { *s = investigations.Subject{} }, want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"ok heap profiles: Pyroscope holds memory:inuse_space:bytes:space:bytes",
		}},
		{name: "stale", profiles: pushed(labels, time.Hour, 20*time.Minute), want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"ok heap profiles: Pyroscope holds memory:inuse_space:bytes:space:bytes",
			"warn profiles of a pod: the last heap profile of shop/" + testPod + " is 19m55s old",
		}},
		{name: "no container", profiles: pushed(map[string]string{"hostname": testPod}, time.Hour, time.Minute), want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"ok heap profiles: Pyroscope holds memory:inuse_space:bytes:space:bytes",
			"warn profiles of a pod: the heap profiles of shop/" + testPod + " name no container",
		}},
		{name: "of others", profiles: pushed(alloy("pay", "bill-0", "bill"), time.Hour, time.Minute), want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"ok heap profiles: Pyroscope holds memory:inuse_space:bytes:space:bytes",
			"warn profiles of a pod: Pyroscope holds no heap profile of shop/" + testPod + " within the last hour",
		}},
		{name: "of a sibling", profiles: pushed(alloy("shop", oldPod, "checkout"), time.Hour, time.Minute), want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"ok heap profiles: Pyroscope holds memory:inuse_space:bytes:space:bytes",
			"warn profiles of a pod: Pyroscope holds profiles of other pods of the workload of shop/" + testPod + " only",
		}},
		{name: "the processor only", profiles: processor(), want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"warn heap profiles: Pyroscope holds no profile of memory in use, only process_cpu:cpu:nanoseconds:space:bytes",
		}},
		{name: "empty", want: []string{
			"ok reach Pyroscope: Pyroscope answers",
			"warn heap profiles: Pyroscope received no profile within the last hour",
		}},
		{name: "no tenant", tenant: "a", want: []string{"fail reach Pyroscope: forbidden: Pyroscope refused to answer (401 Unauthorized): " +
			"check pyroscope.bearer_token_file, .basic_user and the tenant in pyroscope.headers"}},
		{name: "nothing", none: true, want: []string{"warn profile source: no profile source is configured"}},
		{name: "a pod", none: true, pod: annotated, want: []string{
			fmt.Sprintf("ok pprof endpoint of %s: http://127.0.0.1:%d/debug/pprof/heap serves a heap profile", testPod, portOf(t, annotated)),
		}},
		{name: "a pod without pprof", none: true, pod: broken, want: []string{
			"fail pprof endpoint of " + testPod + ": not found: status 404",
		}},
		{name: "a pod without a port", none: true, pod: map[string]string{"phlare.grafana.com/scrape": "true"}, want: []string{
			"warn pprof endpoint of " + testPod + ": its annotations name no port that it has: give phlare.grafana.com/port",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := endpoint.Config{}
			if !tt.none {
				cfg = serve(t, &pyroscopetest.Pyroscope{Profiles: tt.profiles, Tenant: tt.tenant})
			}
			opt := scrapeOptions()
			opt.Now = func() time.Time { return testAt }
			s := testSubject()
			s.Pods[0].IP, s.Pods[0].Annotations = "127.0.0.1", tt.pod
			if tt.sample != nil {
				tt.sample(&s)
			}
			var got []string
			for _, c := range newLive(t, cfg, opt).Check(t.Context(), s) {
				got = append(got, fmt.Sprintf("%s %s: %s", c.State, c.Name, c.Says))
				if c.Tool != investigations.ToolProfiles || (c.State == investigations.CheckOK) != (c.Fix == "") {
					t.Errorf("%+v has a wrong tool or fix", c)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDescribeNamesPermissions(t *testing.T) {
	d := newLive(t, endpoint.Config{}, LiveOptions{ScrapePods: true}).Describe()
	if d.Name != investigations.ToolProfiles || !slices.ContainsFunc(d.Permissions, func(p string) bool { return strings.Contains(p, "pprof") }) {
		t.Errorf("described as %+v", d)
	}
}
