package functions

import (
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// restartedAt is what kubectl rollout restart writes into a template.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// differences collects what differs between two revisions.
type differences struct {
	workload *investigations.Workload
	from, to *investigations.Revision
	found    []*sentence
}

// diff tells what differs between two revisions, each difference as a fact.
func diff(w *investigations.Workload, from, to *investigations.Revision, a *answer) {
	if from == nil || to == nil {
		a.note("nothing to compare: two revisions of %s are needed, and kept is %d", quote(w.Ref(), 120), len(w.Revisions))
		return
	}
	d := &differences{workload: w, from: from, to: to}
	d.containers()
	d.volumes()
	d.amount(d.line(), "pod_limit", "the pod-level memory limit", from.Template.MemoryLimit, to.Template.MemoryLimit)
	d.amount(d.line(), "pod_request", "the pod-level memory request", from.Template.MemoryRequest, to.Template.MemoryRequest)
	if x, y := from.Template.PriorityClass, to.Template.PriorityClass; x != y {
		d.add().and("the priority class went from %s to %s", quote(x, 60), quote(y, 60))
	}
	if x, y := from.Template.Annotations[restartedAt], to.Template.Annotations[restartedAt]; x != y && y != "" {
		d.add().and("it was restarted by hand at %s", quote(y, 40))
	}
	at := to.RolledOutAt
	if at.IsZero() {
		at = to.Created
	}
	if len(d.found) == 0 {
		d.add().and("nothing changed of what decides over memory: images, resources, command lines, environment, volumes")
	}
	for _, t := range d.found {
		a.add(at, to.Source, t)
	}
}

// line begins a sentence on a difference.
func (d *differences) line() *sentence {
	return say("from revision %s to %s of %s ", countOf("from_revision", d.from.Number), countOf("to_revision", d.to.Number), quote(d.workload.Namespace+"/"+d.workload.Ref(), 160))
}

// add begins a difference that there is.
func (d *differences) add() *sentence {
	t := d.line()
	d.found = append(d.found, t)
	return t
}

// amount takes a difference of two amounts of memory.
func (d *differences) amount(t *sentence, key, what string, from, to *int64) {
	if from == nil && to == nil || from != nil && to != nil && *from == *to {
		return
	}
	t.and("%s went from ", what).orNone("from_"+key, from).and(" to ").orNone("to_"+key, to)
	d.found = append(d.found, t)
}

func (d *differences) containers() {
	find := func(r *investigations.Revision, name string) *investigations.Container {
		for i := range r.Template.Containers {
			if r.Template.Containers[i].Name == name {
				return &r.Template.Containers[i]
			}
		}
		return nil
	}
	for i := range d.to.Template.Containers {
		c := &d.to.Template.Containers[i]
		if old := find(d.from, c.Name); old != nil {
			d.container(old, c)
		} else {
			containerSpec(d.add().and("container %s was added", quote(c.Name, 60)), c)
		}
	}
	for i := range d.from.Template.Containers {
		if c := &d.from.Template.Containers[i]; find(d.to, c.Name) == nil {
			d.add().and("container %s was removed", quote(c.Name, 60))
		}
	}
}

func (d *differences) container(from, to *investigations.Container) {
	name := quote(to.Name, 60)
	if from.Image != to.Image {
		d.add().and("the image of %s went from %s to %s", name, quote(from.Image, 140), quote(to.Image, 140))
	}
	d.amount(d.line(), "limit", "the memory limit of "+name, from.MemoryLimit, to.MemoryLimit)
	d.amount(d.line(), "request", "the memory request of "+name, from.MemoryRequest, to.MemoryRequest)
	line := func(c *investigations.Container) string { return strings.Join(slices.Concat(c.Command, c.Args), " ") }
	if x, y := line(from), line(to); x != y {
		x, y = aroundDifference(x, y)
		d.add().and("the command line of %s went from %s to %s", name, quote(x, 160), quote(y, 160))
	}
	d.env(name, from.Env, to.Env)
	if x, y := from.EnvFromConfigMaps, to.EnvFromConfigMaps; !slices.Equal(x, y) {
		d.add().and("the ConfigMaps in the environment of %s went from %s to %s", name, quote(strings.Join(x, " "), 100), quote(strings.Join(y, " "), 100))
	}
	if from.HasLiveness != to.HasLiveness {
		verb := "was removed"
		if to.HasLiveness {
			verb = "was added"
		}
		d.add().and("the liveness probe of %s %s", name, verb)
	}
}

// aroundDifference cuts what two long texts have in common at their begin, but for some words, so that the difference is
// not cut off.
func aroundDifference(x, y string) (string, string) {
	const lead = 40
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	if n = strings.LastIndexByte(x[:max(0, n-lead)], ' '); n <= 0 {
		return x, y
	}
	return "…" + x[n:], "…" + y[n:]
}

func (d *differences) env(container string, from, to []investigations.EnvVar) {
	find := func(list []investigations.EnvVar, name string) *investigations.EnvVar {
		i := slices.IndexFunc(list, func(e investigations.EnvVar) bool { return e.Name == name })
		if i < 0 {
			return nil
		}
		return &list[i]
	}
	for i := range to {
		e := &to[i]
		name := quote(e.Name, 80)
		switch old := find(from, e.Name); {
		case old == nil:
			d.add().and("variable %s of %s was added%s", name, container, envWords(e, ": "))
		case *old == *e:
		case envWords(old, "") != envWords(e, ""):
			d.add().and("variable %s of %s went from %s to %s", name, container, orHidden(envWords(old, "")), orHidden(envWords(e, "")))
		default:
			d.add().and("variable %s of %s changed; its value is not kept", name, container)
		}
	}
	for i := range from {
		if find(to, from[i].Name) == nil {
			d.add().and("variable %s of %s was removed", quote(from[i].Name, 80), container)
		}
	}
}

// envWords say a variable's value, where it is kept, behind a lead.
func envWords(e *investigations.EnvVar, lead string) string {
	switch {
	case e.Value != "":
		return lead + quoteValue(e.Name, e.Value, 100)
	case e.ConfigMap != "":
		return lead + "key " + quote(e.Key, 60) + " of ConfigMap " + quote(e.ConfigMap, 80)
	case e.Opaque:
		return lead + "a value from a Secret or a field"
	}
	return ""
}

func orHidden(text string) string {
	if text == "" {
		return "a value that is not kept"
	}
	return text
}

func (d *differences) volumes() {
	index := func(list []investigations.Volume, name string) int {
		return slices.IndexFunc(list, func(v investigations.Volume) bool { return v.Name == name })
	}
	was, is := d.from.Template.Volumes, d.to.Template.Volumes
	for i := range is {
		name := quote(is[i].Name, 60)
		k := index(was, is[i].Name)
		if k < 0 {
			volumeWords(d.add().and("volume %s was added: ", name), "volume", &is[i])
			continue
		}
		if volumeWords(say(""), "", &was[k]).text.String() != volumeWords(say(""), "", &is[i]).text.String() {
			t := volumeWords(d.add().and("volume %s went from ", name), "from_volume", &was[k])
			volumeWords(t.and(" to "), "to_volume", &is[i])
		}
	}
	for i := range was {
		if index(is, was[i].Name) < 0 {
			d.add().and("volume %s was removed", quote(was[i].Name, 60))
		}
	}
}

// volumeWords append what a volume is.
func volumeWords(t *sentence, key string, v *investigations.Volume) *sentence {
	t.and("%s", quote(v.Kind, 40))
	if v.Memory {
		t.and(" in memory")
	}
	if v.SizeLimit != nil {
		t.and(" of at most %s", bytesOf(key, *v.SizeLimit))
	} else if v.Memory {
		t.and(" without a size limit")
	}
	if v.Ref != "" {
		t.and(" %s", quote(v.Ref, 100))
	}
	return t
}

// latest returns the newest of changes, by time; ok is false where there is none.
func latest(changes []investigations.ManagedChange) (c investigations.ManagedChange, ok bool) {
	for _, x := range changes {
		if !x.At.IsZero() && (!ok || x.At.After(c.At)) {
			c, ok = x, true
		}
	}
	return c, ok
}
