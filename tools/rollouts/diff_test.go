package rollouts

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func ptr[T any](v T) *T { return &v }

// changed returns a template with one container, after change.
func changed(change func(t *investigations.PodTemplate, c *investigations.Container)) *investigations.PodTemplate {
	t := &investigations.PodTemplate{
		Containers: []investigations.Container{{
			Name: "app", Kind: "app", Image: "app:1", Args: []string{"--listen"}, MemoryLimit: ptr(int64(512 << 20)), MemoryRequest: ptr(int64(256 << 20)),
			Env: []investigations.EnvVar{
				{Name: "GOGC", Value: "100", Digest: "a"}, {Name: "TOKEN", Digest: "b"}, {Name: "HEAP", ConfigMap: "cfg", Key: "heap"},
			},
			EnvFromConfigMaps: []string{"env"},
		}},
		Volumes: []investigations.Volume{{Name: "tmp", Kind: "emptyDir"}, {Name: "cfg", Kind: "configMap", Ref: "cfg-1", ConfigMaps: []string{"cfg-1"}}},
		Labels:  map[string]string{"app": "a"},
	}
	if change != nil {
		change(t, &t.Containers[0])
	}
	return t
}

func TestDifferences(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *investigations.PodTemplate, c *investigations.Container)
		want   []string
	}{
		{"nothing", nil, nil},
		{"image", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Image = "app:2" }, []string{`image of "app": "app:1" -> "app:2"`}},
		{"limit", func(_ *investigations.PodTemplate, c *investigations.Container) { c.MemoryLimit = ptr(int64(1 << 30)) }, []string{`memory limit of "app": 512 MiB -> 1 GiB`}},
		{"limit removed", func(_ *investigations.PodTemplate, c *investigations.Container) { c.MemoryLimit = nil }, []string{`memory limit of "app": 512 MiB -> none`}},
		{"request", func(_ *investigations.PodTemplate, c *investigations.Container) { c.MemoryRequest = nil }, []string{`memory request of "app": 256 MiB -> none`}},
		{"arguments", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Args = []string{"--listen", "-v"} }, []string{`command line of "app": "--listen" -> "--listen -v"`}},
		{"value", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Env[0].Value = "off" }, []string{`variable "GOGC" of "app": "100" -> "off"`}},
		{"value that is not kept", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Env[1].Digest = "c" }, []string{`variable "TOKEN" of "app" changed`}},
		{"variable removed", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Env = c.Env[1:] }, []string{`variable "GOGC" of "app" removed`}},
		{"variables added", func(_ *investigations.PodTemplate, c *investigations.Container) {
			c.Env = append(c.Env, investigations.EnvVar{Name: "GOMEMLIMIT", Value: "450MiB"}, investigations.EnvVar{Name: "KEY", Opaque: true})
		}, []string{`variable "GOMEMLIMIT" of "app" added: "450MiB"`, `variable "KEY" of "app" added`}},
		{
			"other key", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Env[2].Key = "heap2" },
			[]string{`variable "HEAP" of "app": key "heap" of ConfigMap "cfg" -> key "heap2" of ConfigMap "cfg"`},
		},
		{"environment", func(_ *investigations.PodTemplate, c *investigations.Container) { c.EnvFromConfigMaps = nil }, []string{`ConfigMaps in the environment of "app": ["env"] -> []`}},
		{"container added", func(t *investigations.PodTemplate, _ *investigations.Container) {
			t.Containers = append(t.Containers, investigations.Container{Name: "side", Image: "side:1"})
		}, []string{`container "side" added with image "side:1"`}},
		{"container renamed", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Name = "main" }, []string{`container "main" added with image "app:1"`, `container "app" removed`}},
		{"volume in memory", func(t *investigations.PodTemplate, _ *investigations.Container) {
			t.Volumes[0].Memory, t.Volumes[0].SizeLimit = true, ptr(int64(128<<20))
		}, []string{`volume "tmp": emptyDir -> emptyDir in memory of 128 MiB`}},
		{"other ConfigMap", func(t *investigations.PodTemplate, _ *investigations.Container) { t.Volumes[1].Ref = "cfg-2" }, []string{`volume "cfg": configMap "cfg-1" -> configMap "cfg-2"`}},
		{"volume removed", func(t *investigations.PodTemplate, _ *investigations.Container) { t.Volumes = t.Volumes[1:] }, []string{`volume "tmp" removed`}},
		{"pod-level", func(t *investigations.PodTemplate, _ *investigations.Container) {
			t.MemoryLimit, t.MemoryRequest = ptr(int64(1<<30)), ptr(int64(1<<30))
		}, []string{"pod-level memory limit: none -> 1 GiB", "pod-level memory request: none -> 1 GiB"}},
		{"a restart", func(t *investigations.PodTemplate, _ *investigations.Container) {
			t.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": "2026-03-04T02:00:00Z"}
		}, []string{`restarted by hand at "2026-03-04T02:00:00Z"`}},
		{"labels", func(t *investigations.PodTemplate, _ *investigations.Container) { t.Labels["app"] = "b" }, nil},
		{"hostile text", func(_ *investigations.PodTemplate, c *investigations.Container) { c.Image = "\x1b[31m\u202e" }, []string{`image of "app": "app:1" -> "\x1b[31m\u202e"`}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, differences(changed(nil), changed(test.change))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestDifferencesAreBounded(t *testing.T) {
	many := changed(func(t *investigations.PodTemplate, _ *investigations.Container) {
		for i := range 100 {
			t.Volumes = append(t.Volumes, investigations.Volume{Name: fmt.Sprint("v", i)})
		}
	})
	got := differences(changed(nil), many)
	if len(got) != maxDifferences+1 || got[maxDifferences] != "and 92 more" {
		t.Errorf("%d differences, the last: %q", len(got), got[len(got)-1])
	}
}

func TestConfigMapsOf(t *testing.T) {
	template := changed(func(t *investigations.PodTemplate, c *investigations.Container) {
		c.Env = append(c.Env, investigations.EnvVar{Name: "X", ConfigMap: "env", Key: "x"})
		t.Volumes = append(t.Volumes, investigations.Volume{Name: "all", Kind: "projected", ConfigMaps: []string{"one", "cfg"}})
	})
	if diff := cmp.Diff([]string{"env", "cfg", "cfg-1", "one"}, configMapsOf(template)); diff != "" {
		t.Errorf("ConfigMaps (-want +got):\n%s", diff)
	}
	if got := configMapsOf(&investigations.PodTemplate{}); got != nil {
		t.Errorf("ConfigMaps of nothing: %q", got)
	}
}

func TestCurrentRevision(t *testing.T) {
	revisions := []ownedRevision{
		{Revision: investigations.Revision{Number: 1, Name: "a"}},
		{Revision: investigations.Revision{Number: 2, Name: "b"}},
		{Revision: investigations.Revision{Number: 3, Name: "c"}},
	}
	tests := []struct {
		name    string
		current int64
		h       history
		want    int
	}{
		{"by its number", 2, history{}, 1},
		{"by its name", 0, history{name: "a"}, 0},
		{"the newest", 0, history{}, 2},
		{"a number that is gone", 9, history{}, 2},
		{"a name that is gone", 0, history{name: "z"}, 2},
	}
	for _, test := range tests {
		if got := currentRevision(&investigations.Workload{Current: test.current}, revisions, test.h); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}
