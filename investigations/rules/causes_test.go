package rules

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// killed is the usual incident: a container limit of 512 MiB that broke.
func killed() *incident { return newIncident().ends("OOMKilled", 137).report(nil) }

// memory sets working set and rss alike, with 12 MiB of cache between them, and the limit.
func (i *incident) memory(pod, container string, hours float64, value func(ago time.Duration) float64) *incident {
	i.series(investigations.QueryWorkingSet, pod, container, hours, value)
	i.series(investigations.QueryRSS, pod, container, hours, func(ago time.Duration) float64 { return value(ago) - 12*mib })
	i.series(investigations.QueryCache, pod, container, hours, steady(12*mib))
	return i.series(investigations.QueryLimit, pod, container, hours, func(time.Duration) float64 { return 512 * mib })
}

// leaking grows from 150 MiB to the limit in each life of three hours, the last of which ends now.
func leaking(ago time.Duration) float64 {
	age := 3 - math.Mod(ago.Hours(), 3)
	return (150 + 362*age/3) * mib
}

// deployment gives the workload two revisions; h1 came into force when its pod was created.
func (i *incident) deployment(before, after investigations.PodTemplate) *incident {
	i.ev.Rollouts.Workloads = []investigations.Workload{{
		Namespace: "shop", Kind: "deployment", Name: "api", Replicas: ptr(int32(2)), Template: after, Current: 12, Source: "kubernetes/deployments.json",
		Revisions: []investigations.Revision{
			{Number: 11, Name: "api-h0", Hash: "h0", Created: testAt.AddDate(0, 0, -9), Template: before, Source: "kubernetes/replicasets.json"},
			{Number: 12, Name: "api-h1", Hash: "h1", Created: i.pod().Created, Template: after, Source: "kubernetes/replicasets.json"},
		},
	}}
	i.ev.Rollouts.HasWorkloads, i.ev.Rollouts.HasRevisions = true, true
	return i
}

func template(image string, limit int64, env ...investigations.EnvVar) investigations.PodTemplate {
	return investigations.PodTemplate{Containers: []investigations.Container{{Name: "api", Kind: investigations.ContainerApp, Image: image, MemoryLimit: ptr(limit), Env: env}}}
}

// earlierPod adds a pod of the revision before, which ended as the new one began.
func (i *incident) earlierPod(value func(ago time.Duration) float64, limit float64) *incident {
	began := testAt.Sub(i.pod().Created)
	cut := func(f func(time.Duration) float64) func(time.Duration) float64 {
		return func(ago time.Duration) float64 { return f(ago) }
	}
	for q, f := range map[string]func(time.Duration) float64{
		investigations.QueryWorkingSet: cut(value), investigations.QueryRSS: cut(value), investigations.QueryLimit: func(time.Duration) float64 { return limit },
	} {
		i.series(q, "api-h0-old", "api", 24, f)
		sr := &i.ev.Metrics.Queries[q].Series[len(i.ev.Metrics.Queries[q].Series)-1]
		n := slices.IndexFunc(sr.T, func(t int64) bool { return t > testAt.Add(-began).UnixMilli() })
		if n > 0 {
			sr.T, sr.V = sr.T[:n], sr.V[:n]
		}
	}
	return i
}

// restarts adds the counter of restarts, one more every three hours.
func (i *incident) restarts() *incident {
	i.container().Restarts = 6
	return i.series(investigations.QueryRestarts, "api-h1-x", "api", 17.9, func(ago time.Duration) float64 {
		return 5 - math.Floor((ago.Hours()-0.001)/3)
	})
}

type expectation struct {
	cause    investigations.Cause
	trigger  investigations.Trigger
	actions  []investigations.Action
	never    []investigations.Action
	revision int64
}

func TestCauses(t *testing.T) {
	flat := func(time.Duration) float64 { return 80 }
	daily := func(ago time.Duration) float64 { return 100 + 60*math.Cos(ago.Hours()/24*4*math.Pi) }
	tests := []struct {
		name     string
		incident *incident
		want     expectation
	}{
		{
			"leak, nothing changed",
			killed().restarts().memory("api-h1-x", "api", 17.9, leaking).series(investigations.QueryTraffic, "", "", 18, flat),
			expectation{cause: investigations.CauseLeak, trigger: investigations.TriggerNone, actions: []investigations.Action{investigations.ActionFixLeak}, never: []investigations.Action{investigations.ActionRollback}},
		},
		{
			"leak since a new image",
			killed().restarts().memory("api-h1-x", "api", 17.9, leaking).deployment(template("r/api:1.0", 512*mib), template("r/api:1.1", 512*mib)).earlierPod(steady(190*mib), 512*mib),
			expectation{cause: investigations.CauseLeak, trigger: investigations.TriggerDeploy, revision: 12, actions: []investigations.Action{investigations.ActionRollback, investigations.ActionFixLeak}},
		},
		{
			"leak that the revision before had too",
			killed().restarts().memory("api-h1-x", "api", 17.9, leaking).deployment(template("r/api:1.0", 512*mib), template("r/api:1.1", 512*mib)).earlierPod(leaking, 512*mib),
			expectation{cause: investigations.CauseLeak, trigger: investigations.TriggerNone, never: []investigations.Action{investigations.ActionRollback}},
		},
		{
			"a rollout that only restarted the pods",
			killed().restarts().memory("api-h1-x", "api", 17.9, leaking).deployment(template("r/api:1.0", 512*mib), template("r/api:1.0", 512*mib)).earlierPod(steady(190*mib), 512*mib),
			expectation{cause: investigations.CauseLeak, trigger: investigations.TriggerNone, never: []investigations.Action{investigations.ActionRollback}},
		},
		{
			"plateau at the limit",
			killed().memory("api-h1-x", "api", 17.9, steady(490*mib)).series(investigations.QueryTraffic, "", "", 18, flat),
			expectation{cause: investigations.CauseUndersizedLimit, trigger: investigations.TriggerNone, actions: []investigations.Action{investigations.ActionSetLimit}, never: []investigations.Action{investigations.ActionFixLeak}},
		},
		{
			"limit lowered below the plateau",
			killed().memory("api-h1-x", "api", 17.9, steady(500*mib)).deployment(template("r/api:1.0", 1024*mib), template("r/api:1.0", 512*mib)).earlierPod(steady(640*mib), 1024*mib),
			expectation{cause: investigations.CauseUndersizedLimit, trigger: investigations.TriggerConfigChange, revision: 12, actions: []investigations.Action{investigations.ActionRollback, investigations.ActionSetLimit}},
		},
		{
			"memory follows traffic",
			killed().memory("api-h1-x", "api", 17.9, func(ago time.Duration) float64 {
				return (110 + 2.5*daily(ago)) * mib * (1 + 0.002*float64(int(ago.Seconds())%7))
			}).
				series(investigations.QueryTraffic, "", "", 18, daily).deployment(template("r/api:1.0", 512*mib), template("r/api:1.0", 512*mib)),
			expectation{cause: investigations.CauseUndersizedLimit, trigger: investigations.TriggerTraffic, actions: []investigations.Action{investigations.ActionSetLimit, investigations.ActionScaleOut}},
		},
		{
			"spike between two samples",
			killed().memory("api-h1-x", "api", 17.9, steady(200*mib)).series(investigations.QueryTraffic, "", "", 18, flat),
			expectation{cause: investigations.CauseLoadSpike, trigger: investigations.TriggerUnknown, actions: []investigations.Action{investigations.ActionReduceLoad}, never: []investigations.Action{investigations.ActionFixLeak}},
		},
		{
			"rise that only the flight recorder saw",
			func() *incident {
				i := killed().memory("api-h1-x", "api", 17.9, steady(200*mib))
				sr := investigations.Series{}
				for ago := 900; ago >= 0; ago-- {
					v := 205.0 * mib
					if ago < 20 {
						v = (510 - 15*float64(ago)) * mib
					}
					sr.T, sr.V = append(sr.T, testAt.Add(-time.Duration(ago)*time.Second).UnixMilli()), append(sr.V, v)
				}
				i.ev.Metrics.Recorder = []investigations.Recorder{{Node: "n1", Source: "recorder/n1.json", Series: []investigations.RecorderSeries{{
					Namespace: "shop", Pod: "api-h1-x", Container: "api", Name: "memory.current", Unit: "bytes", Series: sr,
				}}}}
				return i
			}(),
			expectation{cause: investigations.CauseLoadSpike, trigger: investigations.TriggerUnknown, actions: []investigations.Action{investigations.ActionReduceLoad}},
		},
		{
			"burst of traffic",
			killed().memory("api-h1-x", "api", 17.9, func(ago time.Duration) float64 {
				if ago < 6*time.Minute {
					return (510 - ago.Minutes()*50) * mib
				}
				return 205 * mib
			}).series(investigations.QueryTraffic, "", "", 18, func(ago time.Duration) float64 {
				if ago < 6*time.Minute {
					return 300
				}
				return 80
			}),
			expectation{cause: investigations.CauseLoadSpike, trigger: investigations.TriggerTraffic, actions: []investigations.Action{investigations.ActionReduceLoad}},
		},
		{
			"heap above the limit",
			func() *incident {
				i := killed().memory("api-h1-x", "api", 17.9, func(ago time.Duration) float64 { return (300 + 200*(17.9-ago.Hours())/17.9) * mib })
				i.container().Args = []string{"java", "-Xmx640m", "-jar", "a.jar"}
				return i
			}(),
			expectation{cause: investigations.CauseRuntimeMisconfiguration, trigger: investigations.TriggerNone, actions: []investigations.Action{investigations.ActionSetRuntimeCeiling}},
		},
		{
			"files in memory",
			func() *incident {
				i := newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
					r.Stats = map[string]int64{"anon": 60 * mib, "file": 440 * mib, "shmem": 436 * mib}
				}).memory("api-h1-x", "api", 17.9, steady(500*mib))
				i.pod().Volumes = []investigations.Volume{{Name: "scratch", Kind: "emptyDir", Memory: true}}
				return i
			}(),
			expectation{cause: investigations.CauseMemoryBackedVolume, actions: []investigations.Action{investigations.ActionCapVolume}, trigger: investigations.TriggerNone},
		},
		{
			"the kernel's own memory",
			newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
				r.Stats = map[string]int64{"anon": 60 * mib, "file": 4 * mib, "shmem": 0, "kernel": 440 * mib, "slab": 430 * mib}
			}).memory("api-h1-x", "api", 17.9, steady(490*mib)),
			expectation{cause: investigations.CauseKernelMemory, trigger: investigations.TriggerNone},
		},
		{"nothing but the report", killed(), expectation{cause: investigations.CauseInsufficientEvidence, trigger: investigations.TriggerUnknown, actions: []investigations.Action{investigations.ActionCollectMore}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect(t, tt.incident, tt.want) })
	}
}

func expect(t *testing.T, i *incident, want expectation) {
	t.Helper()
	d, led := i.diagnose()
	checkSound(t, d, led)
	v := d.Verdict
	if v.Cause != want.cause || v.Trigger != want.trigger {
		t.Errorf("cause %s, trigger %s; want %s, %s", v.Cause, v.Trigger, want.cause, want.trigger)
		for _, h := range d.Hypotheses {
			t.Logf("%-26s %.2f for %v against %v", h.Cause, h.Score, h.For, h.Against)
		}
		for _, f := range led.Facts() {
			t.Logf("%s %s", f.ID, f.Says)
		}
	}
	if want.revision != 0 && (v.Change == nil || v.Change.Revision != want.revision) {
		t.Errorf("change %+v, want revision %d", v.Change, want.revision)
	}
	has := func(a investigations.Action) bool {
		return slices.ContainsFunc(v.Recommendations, func(r investigations.Recommendation) bool { return r.Action == a })
	}
	for _, a := range want.actions {
		if !has(a) {
			t.Errorf("%s is not recommended: %+v", a, v.Recommendations)
		}
	}
	for _, a := range want.never {
		if has(a) {
			t.Errorf("%s is recommended", a)
		}
	}
}
