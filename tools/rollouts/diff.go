package rollouts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// maxDifferences is how many differences a fact names.
const maxDifferences = 8

// differences says in short phrases what changed from one template to the next.
func differences(from, to *investigations.PodTemplate) []string {
	var d diff
	for i := range to.Containers {
		d.container(container(from, to.Containers[i].Name), &to.Containers[i])
	}
	for i := range from.Containers {
		if name := from.Containers[i].Name; container(to, name) == nil {
			d.add("container %.60q removed", name)
		}
	}
	d.volumes(from.Volumes, to.Volumes)
	d.amount("pod-level memory limit", from.MemoryLimit, to.MemoryLimit)
	d.amount("pod-level memory request", from.MemoryRequest, to.MemoryRequest)
	const restarted = "kubectl.kubernetes.io/restartedAt"
	if a, b := from.Annotations[restarted], to.Annotations[restarted]; a != b && b != "" {
		d.add("restarted by hand at %.40q", b)
	}
	if rest := len(d.found) - maxDifferences; rest > 0 {
		d.found = append(d.found[:maxDifferences], fmt.Sprintf("and %d more", rest))
	}
	return d.found
}

// diff collects differences.
type diff struct{ found []string }

func (d *diff) add(format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf(format, args...))
}

func (d *diff) amount(what string, from, to *int64) {
	if a, b := amount(from), amount(to); a != b {
		d.add("%s: %s -> %s", what, a, b)
	}
}

func amount(b *int64) string {
	if b == nil {
		return "none"
	}
	return investigations.FormatBytes(*b)
}

func container(t *investigations.PodTemplate, name string) *investigations.Container {
	for i := range t.Containers {
		if t.Containers[i].Name == name {
			return &t.Containers[i]
		}
	}
	return nil
}

func (d *diff) container(from, to *investigations.Container) {
	name := fmt.Sprintf("%.60q", to.Name)
	if from == nil {
		d.add("container %s added with image %.120q", name, to.Image)
		return
	}
	if from.Image != to.Image {
		d.add("image of %s: %.120q -> %.120q", name, from.Image, to.Image)
	}
	d.amount("memory limit of "+name, from.MemoryLimit, to.MemoryLimit)
	d.amount("memory request of "+name, from.MemoryRequest, to.MemoryRequest)
	if a, b := commandLine(from), commandLine(to); a != b {
		d.add("command line of %s: %s -> %s", name, investigations.Quote(a, 120), investigations.Quote(b, 120))
	}
	d.env(name, from.Env, to.Env)
	if !slices.Equal(from.EnvFromConfigMaps, to.EnvFromConfigMaps) {
		d.add("ConfigMaps in the environment of %s: %.100q -> %.100q", name, from.EnvFromConfigMaps, to.EnvFromConfigMaps)
	}
}

func commandLine(c *investigations.Container) string {
	return strings.Join(slices.Concat(c.Command, c.Args), " ")
}

func (d *diff) env(name string, from, to []investigations.EnvVar) {
	find := func(list []investigations.EnvVar, key string) (investigations.EnvVar, bool) {
		i := slices.IndexFunc(list, func(e investigations.EnvVar) bool { return e.Name == key })
		if i < 0 {
			return investigations.EnvVar{}, false
		}
		return list[i], true
	}
	for _, e := range to {
		switch old, ok := find(from, e.Name); {
		case !ok:
			d.add("variable %.60q of %s added%s", e.Name, name, value(e, ": "))
		case old != e && value(old, "") != value(e, ""):
			d.add("variable %.60q of %s:%s ->%s", e.Name, name, value(old, " "), value(e, " "))
		case old != e:
			d.add("variable %.60q of %s changed", e.Name, name)
		}
	}
	for _, e := range from {
		if _, ok := find(to, e.Name); !ok {
			d.add("variable %.60q of %s removed", e.Name, name)
		}
	}
}

// value shows a variable's value where it is kept, after a lead.
func value(e investigations.EnvVar, lead string) string {
	switch {
	case e.Value != "":
		return lead + investigations.Quote(e.Value, 120)
	case e.ConfigMap != "":
		return lead + fmt.Sprintf("key %.60q of ConfigMap %.60q", e.Key, e.ConfigMap)
	}
	return ""
}

func (d *diff) volumes(from, to []investigations.Volume) {
	index := func(list []investigations.Volume, name string) int {
		return slices.IndexFunc(list, func(v investigations.Volume) bool { return v.Name == name })
	}
	for _, v := range to {
		i := index(from, v.Name)
		if i < 0 {
			d.add("volume %.60q added: %s", v.Name, volume(v))
		} else if a, b := volume(from[i]), volume(v); a != b {
			d.add("volume %.60q: %s -> %s", v.Name, a, b)
		}
	}
	for _, v := range from {
		if index(to, v.Name) < 0 {
			d.add("volume %.60q removed", v.Name)
		}
	}
}

func volume(v investigations.Volume) string {
	says := v.Kind
	if v.Memory {
		says += " in memory"
	}
	if v.SizeLimit != nil {
		says += " of " + investigations.FormatBytes(*v.SizeLimit)
	}
	if v.Ref != "" {
		says += fmt.Sprintf(" %.60q", v.Ref)
	}
	return says
}
