package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// difference is one field that two pod templates do not share.
type difference struct {
	// kind is image, limit, request, env, args, volume, container, resources, other.
	kind, container, text string
	// old and new are bytes, for limits; 0 none.
	old, new float64
}

// memoryRelevant says whether a difference may change how much memory is used or allowed. Labels, annotations
// and probes do not.
func (d difference) memoryRelevant() bool { return d.kind != "other" }

// diffTemplates compares two templates field by field.
func diffTemplates(a, b investigations.PodTemplate) []difference {
	var out []difference
	add := func(d difference) { out = append(out, d) }
	for i := range b.Containers {
		n := &b.Containers[i]
		o := templateContainer(a, n.Name)
		if o == nil {
			add(difference{kind: "container", container: n.Name, text: fmt.Sprintf("container %s added (%s)", n.Name, n.Image)})
			continue
		}
		for _, d := range diffContainers(o, n) {
			if d.kind == "image" && len(b.Containers) > 1 {
				d.text = strings.Replace(d.text, "image:", "image of "+n.Name+":", 1)
			}
			add(d)
		}
	}
	for i := range a.Containers {
		if templateContainer(b, a.Containers[i].Name) == nil {
			add(difference{kind: "container", container: a.Containers[i].Name, text: "container " + a.Containers[i].Name + " removed"})
		}
	}
	for _, v := range b.Volumes {
		i := slices.IndexFunc(a.Volumes, func(o investigations.Volume) bool { return o.Name == v.Name })
		switch {
		case i < 0:
			add(difference{kind: "volume", text: fmt.Sprintf("volume %s added (%s%s)", v.Name, v.Kind, memoryWord(v))})
		case a.Volumes[i].Memory != v.Memory || bytesPtr(a.Volumes[i].SizeLimit) != bytesPtr(v.SizeLimit):
			add(difference{kind: "env", text: fmt.Sprintf("volume %s: %s -> %s", v.Name, volumeWord(a.Volumes[i]), volumeWord(v))})
		case a.Volumes[i].Ref != v.Ref:
			add(difference{kind: "env", text: fmt.Sprintf("volume %s: %s -> %s", v.Name, a.Volumes[i].Ref, v.Ref)})
		}
	}
	for _, v := range a.Volumes {
		if !slices.ContainsFunc(b.Volumes, func(o investigations.Volume) bool { return o.Name == v.Name }) {
			add(difference{kind: "volume", text: "volume " + v.Name + " removed"})
		}
	}
	out = append(out, diffLimit("pod", "", a.MemoryLimit, b.MemoryLimit)...)
	out = append(out, diffRequest("pod", "", a.MemoryRequest, b.MemoryRequest)...)
	return append(out, diffAnnotations(a, b)...)
}

func memoryWord(v investigations.Volume) string {
	if v.Memory {
		return ", medium Memory"
	}
	return ""
}

func volumeWord(v investigations.Volume) string {
	w := v.Kind + memoryWord(v)
	if v.SizeLimit != nil {
		w += ", sizeLimit " + quantityOf(float64(*v.SizeLimit))
	}
	return w
}

func bytesPtr(p *int64) float64 {
	if p == nil {
		return 0
	}
	return float64(*p)
}

func diffContainers(o, n *investigations.Container) []difference {
	var out []difference
	add := func(kind, format string, args ...any) {
		out = append(out, difference{kind: kind, container: n.Name, text: fmt.Sprintf(format, args...)})
	}
	if o.Image != n.Image {
		add("image", "image: %s -> %s", imageWord(o.Image, n.Image), imageWord(n.Image, o.Image))
	}
	for _, d := range diffLimit(n.Name, n.Name, o.MemoryLimit, n.MemoryLimit) {
		d.text = fmt.Sprintf("memory limit of %s: %s -> %s", n.Name, limitWord(o), limitWord(n))
		out = append(out, d)
	}
	out = append(out, diffRequest(n.Name, n.Name, o.MemoryRequest, n.MemoryRequest)...)
	if a, b := strings.Join(append(slices.Clone(o.Command), o.Args...), " "), strings.Join(append(slices.Clone(n.Command), n.Args...), " "); a != b {
		add("args", "args of %s: %s -> %s", n.Name, clip(a), clip(b))
	}
	envOld, envNew := map[string]investigations.EnvVar{}, map[string]investigations.EnvVar{}
	for _, e := range o.Env {
		envOld[e.Name] = e
	}
	for _, e := range n.Env {
		envNew[e.Name] = e
	}
	for _, name := range slices.Sorted(maps.Keys(envNew)) {
		was, had := envOld[name]
		switch {
		case !had:
			add("env", "env %s added%s", name, envWord(envNew[name]))
		case was != envNew[name]:
			add("env", "env %s:%s ->%s", name, envWord(was), envWord(envNew[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(envOld)) {
		if _, has := envNew[name]; !has {
			add("env", "env %s removed", name)
		}
	}
	if !slices.Equal(o.EnvFromConfigMaps, n.EnvFromConfigMaps) {
		add("env", "envFrom of %s: %v -> %v", n.Name, o.EnvFromConfigMaps, n.EnvFromConfigMaps)
	}
	if o.HasLiveness != n.HasLiveness || o.HasStartup != n.HasStartup {
		add("other", "probes of %s changed", n.Name)
	}
	return out
}

func diffLimit(what, container string, a, b *int64) []difference {
	if bytesPtr(a) == bytesPtr(b) {
		return nil
	}
	return []difference{{
		kind: "limit", container: container, old: bytesPtr(a), new: bytesPtr(b),
		text: fmt.Sprintf("memory limit of %s: %s -> %s", what, quantityOrNone(a), quantityOrNone(b)),
	}}
}

func diffRequest(what, container string, a, b *int64) []difference {
	if bytesPtr(a) == bytesPtr(b) {
		return nil
	}
	return []difference{{kind: "request", container: container, text: fmt.Sprintf("memory request of %s: %s -> %s", what, quantityOrNone(a), quantityOrNone(b))}}
}

// diffAnnotations keeps what forces new pods without a change of theirs: a restart, or a checksum of
// configuration.
func diffAnnotations(a, b investigations.PodTemplate) []difference {
	var out []difference
	for _, k := range slices.Sorted(maps.Keys(b.Annotations)) {
		if a.Annotations[k] == b.Annotations[k] {
			continue
		}
		switch {
		case k == "kubectl.kubernetes.io/restartedAt":
			out = append(out, difference{kind: "other", text: "restarted by hand (restartedAt)"})
		case strings.HasPrefix(k, "checksum/") || strings.Contains(k, "config-hash") || strings.Contains(k, "configmap"):
			out = append(out, difference{kind: "env", text: "annotation " + clip(k) + " changed: new configuration"})
		}
	}
	return out
}

// limitWord is a container's memory limit as a quantity, and as it is written where that is no size that a program fits
// in: 512m is a fraction of a byte.
func limitWord(c *investigations.Container) string {
	if c.MemoryLimit != nil && *c.MemoryLimit < 1<<20 && c.RawMemoryLimit != "" {
		return investigations.CleanText(c.RawMemoryLimit, 40)
	}
	return quantityOrNone(c.MemoryLimit)
}

func quantityOrNone(p *int64) string {
	if p == nil {
		return "none"
	}
	return quantityOf(float64(*p))
}

func envWord(e investigations.EnvVar) string {
	switch {
	case e.Value != "":
		return " " + clip(e.Value)
	case e.ConfigMap != "":
		return " from ConfigMap " + e.ConfigMap
	}
	return " (value not shown)"
}

// imageWord shortens an image to its tag where the repository stays the same.
func imageWord(image, other string) string {
	r1, t1 := splitImage(image)
	r2, _ := splitImage(other)
	if r1 == r2 && t1 != "" {
		return clip(t1)
	}
	return clip(image)
}

// splitImage separates an image's repository from its tag or digest.
func splitImage(image string) (repository, tag string) {
	if i := strings.IndexByte(image, '@'); i >= 0 {
		return image[:i], image[i+1:]
	}
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, ""
}

func clip(s string) string { return investigations.CleanText(s, 80) }

// revisionByHash returns the workload's revision of that template hash; nil where it is not known.
func (s *scene) revisionByHash(hash string) *investigations.Revision {
	if s.workload == nil || hash == "" {
		return nil
	}
	for i := range s.workload.Revisions {
		r := &s.workload.Revisions[i]
		if r.Hash == hash || strings.HasSuffix(r.Name, "-"+hash) {
			return r
		}
	}
	return nil
}

// revisionBefore returns the revision that was in force before r: the next lower number.
func (s *scene) revisionBefore(r *investigations.Revision) *investigations.Revision {
	var prev *investigations.Revision
	for i := range s.workload.Revisions {
		o := &s.workload.Revisions[i]
		if o.Number < r.Number && (prev == nil || o.Number > prev.Number) {
			prev = o
		}
	}
	return prev
}

// rolledOut is when a revision (last) came into force: as the object's own history tells; else its creation,
// unless another revision's pods were started since (a rollback raises the number of an old ReplicaSet); else
// when its first pod that is known started.
func (s *scene) rolledOut(r *investigations.Revision) time.Time {
	first := s.firstPod(r)
	// A ReplicaSet that had its number raised again is older than its time in force.
	reused := false
	for i := range s.workload.Revisions {
		o := &s.workload.Revisions[i]
		if o.Number < r.Number && o.Created.After(r.Created) {
			reused = true
		}
	}
	switch {
	case !r.RolledOutAt.IsZero() && (first.IsZero() || !r.RolledOutAt.After(first.Add(10*time.Minute))) && !r.RolledOutAt.Before(r.Created):
		if !reused || first.IsZero() || first.Sub(r.RolledOutAt) < 24*time.Hour {
			return r.RolledOutAt
		}
	case reused && !first.IsZero():
		return first
	}
	if reused && !first.IsZero() {
		return first
	}
	return r.Created
}

// firstPod is the start of the first known pod or life of a revision.
func (s *scene) firstPod(r *investigations.Revision) time.Time {
	var first time.Time
	note := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for i := range s.ev.Pods.Pods {
		if p := &s.ev.Pods.Pods[i]; p.OwnerName == r.Name && p.Namespace == s.workload.Namespace || r.Hash != "" && s.belongs(p) && s.hashOf(p.Namespace, p.Name) == r.Hash {
			note(p.Created)
		}
	}
	for _, l := range s.lives {
		if l.born && l.hash != "" && (l.hash == r.Hash || strings.HasSuffix(r.Name, "-"+l.hash)) {
			note(fromSeconds(l.start))
		}
	}
	return first
}
