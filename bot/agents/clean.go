package agents

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// How long texts may be, in bytes, and lists that stand in a report.
const (
	maxWord    = 64
	maxPath    = 1024
	maxCommand = 512
	maxSays    = 500
	maxFault   = 200
	maxFaults  = 20
	maxStats   = 300
	maxChild   = 500
	maxMissing = 20
	maxKilled  = 10_000
	// maxRise is how many kills a counter may have risen by: no kernel kills as often between two readings.
	maxRise = 1_000_000
)

// longestRecording bounds the time that a recording is of.
const longestRecording = 24 * time.Hour

// cleaner makes a report fit to be stored. Texts repeat: each is looked at once.
type cleaner struct {
	faults []string
	// known are texts that were cleaned, and places names that were judged, as long as there are not too many.
	known  map[bounds]string
	places map[[3]string]bool
}

// bounds is a text and how long it may be.
type bounds struct {
	text  string
	limit int
}

const maxKnown = 50_000

func newCleaner() *cleaner {
	return &cleaner{known: map[bounds]string{}, places: map[[3]string]bool{}}
}

// text redacts a text and puts it on one line of at most limit bytes.
func (c *cleaner) text(s *string, limit int) {
	if *s == "" {
		return
	}
	key := bounds{*s, limit}
	if clean, ok := c.known[key]; ok {
		*s = clean
		return
	}
	// What is cut off can't be told, so that only as much is looked at as can matter.
	clean := strings.ToValidUTF8(key.text[:min(len(key.text), 16*limit)], "\uFFFD")
	clean = investigations.CleanText(redact.Text(clean), limit)
	if len(key.text) <= maxPath && len(c.known) < maxKnown {
		c.known[key] = clean
	}
	*s = clean
}

// fits empties a text that is not of a shape.
func fits(s *string, shape *regexp.Regexp) {
	if !shape.MatchString(*s) {
		*s = ""
	}
}

func (c *cleaner) fault(format string, args ...any) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fmt.Sprintf(format, args...))
	}
}

func (c *cleaner) report(r *investigations.NodeReport) {
	fits(&r.BootID, boot)
	if h := r.Heartbeat; h != nil {
		c.text(&h.Reader, maxWord)
		c.text(&h.Version, maxWord)
		h.Faults = h.Faults[:min(len(h.Faults), maxFaults)]
		for i := range h.Faults {
			c.text(&h.Faults[i], maxFault)
		}
	}
	for i := range r.Reports {
		c.kernel(&r.Reports[i])
	}
	r.Counted = slices.DeleteFunc(r.Counted, func(k investigations.CountedKill) bool {
		if k.Kills < 1 {
			c.fault("a counter that rose by %d kills tells of none", k.Kills)
		}
		return k.Kills < 1
	})
	for i := range r.Counted {
		k := &r.Counted[i]
		k.Kills = min(k.Kills, maxRise)
		c.text(&k.Path, maxPath)
		fits(&k.PodUID, uid)
		fits(&k.ContainerID, container)
		k.PIDs, k.Among = k.PIDs[:min(len(k.PIDs), maxKilled)], k.Among[:min(len(k.Among), maxKilled)]
		k.WithinMS = min(max(k.WithinMS, 0), time.Hour.Milliseconds())
	}
	for i := range r.UserKills {
		u := &r.UserKills[i]
		c.text(&u.Killer, maxWord)
		c.text(&u.Path, maxPath)
		c.text(&u.Comm, maxWord)
		c.text(&u.Text, maxSays)
		fits(&u.PodUID, uid)
		fits(&u.ContainerID, container)
	}
	r.Pods = slices.DeleteFunc(r.Pods, func(p investigations.NodePod) bool { return !c.pod(&p) })
	r.Profiles = slices.DeleteFunc(r.Profiles, func(p investigations.NodeProfile) bool {
		ok := isLabel(p.Namespace) && isNode(p.Pod) && isLabel(p.Container) && len(p.Data) > 0
		if !ok {
			c.fault("a profile of %s is empty, or of something that can't be a container", quoted(p.Namespace+"/"+p.Pod+"/"+p.Container))
		}
		return !ok
	})
	if r.Recorder != nil && !c.recording(r.Recorder, r.Node) {
		r.Recorder = nil
	}
}

// pod says whether something can be a pod. Containers that can't be are left out.
func (c *cleaner) pod(p *investigations.NodePod) bool {
	if !uid.MatchString(p.UID) || !isLabel(p.Namespace) || !isNode(p.Name) {
		c.fault("%s can't be a pod", quoted(p.Namespace+"/"+p.Name))
		return false
	}
	p.Containers = slices.DeleteFunc(p.Containers, func(n investigations.NodeContainer) bool {
		return !container.MatchString(n.ID) || !isLabel(n.Name)
	})
	return true
}

func (c *cleaner) kernel(r *investigations.KernelReport) {
	for _, s := range []*string{&r.Host, &r.Constraint, &r.Kind, &r.QoS, &r.Kernel} {
		c.text(s, maxWord)
	}
	for _, s := range []*string{&r.OOMMemcg, &r.TaskMemcg, &r.StatsPath} {
		c.text(s, maxPath)
	}
	if !slices.Contains(investigations.Boundaries, r.Boundary) {
		r.Boundary = investigations.BoundaryUnknown
	}
	fits(&r.PodUID, uid)
	fits(&r.ContainerID, container)
	if u := r.UptimeS; u != nil && (*u < 0 || *u > 1e10) {
		r.UptimeS = nil
	}
	if r.InvokedBy != nil {
		c.text(&r.InvokedBy.Comm, maxWord)
		c.text(&r.InvokedBy.GFPMask, maxFault)
	}
	r.Missing = r.Missing[:min(len(r.Missing), maxMissing)]
	for i := range r.Missing {
		c.text(&r.Missing[i], maxWord)
	}
	r.Killed = r.Killed[:min(len(r.Killed), maxKilled)]
	for i := range r.Killed {
		c.text(&r.Killed[i].Comm, maxWord)
	}
	for i := range r.Tasks {
		c.text(&r.Tasks[i].Comm, maxWord)
	}
	r.Stats = c.stats(r.Stats)
	r.Children = bounded(r.Children, maxChild, func(path string, of map[string]int64) (string, map[string]int64) {
		c.text(&path, maxPath)
		return path, c.stats(of)
	})
}

func (c *cleaner) stats(of map[string]int64) map[string]int64 {
	return bounded(of, maxStats, func(name string, v int64) (string, int64) {
		c.text(&name, maxWord)
		return name, v
	})
}

// bounded returns at most so many of a map's entries, the first by their names, each changed.
func bounded[T any](of map[string]T, most int, change func(string, T) (string, T)) map[string]T {
	if of == nil {
		return nil
	}
	out := make(map[string]T, min(len(of), most))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if len(out) == most {
			break
		}
		key, v := change(name, of[name])
		out[key] = v
	}
	return out
}

// recording says whether a recording can be one. What is of no possible name or step is left out of it.
func (c *cleaner) recording(r *investigations.NodeRecording, node string) bool {
	r.Node = node // it speaks for no other
	if r.To.Sub(r.From) > longestRecording {
		c.fault("the recording is of more than %s, and left out", longestRecording)
		return false
	}
	r.Series = slices.DeleteFunc(r.Series, func(s investigations.NodeRecorderSeries) bool {
		ok := s.StepMS > 0 && c.place(s.Namespace, s.Pod, s.Container) && label.MatchString(strings.ReplaceAll(s.Name, "_", "-"))
		if !ok {
			c.fault("the series %s of %s can't be one, and is left out", quoted(s.Name), quoted(s.Namespace+"/"+s.Pod+"/"+s.Container))
		}
		return !ok
	})
	for i := range r.Series {
		s := &r.Series[i]
		c.text(&s.Name, maxWord)
		c.text(&s.Unit, maxWord)
		fits(&s.PodUID, uid)
		fits(&s.ContainerID, container)
	}
	r.Top = slices.DeleteFunc(r.Top, func(p investigations.NodeRecorderTop) bool {
		return !c.place(p.Namespace, p.Pod, p.Container)
	})
	for i := range r.Top {
		p := &r.Top[i]
		c.text(&p.Comm, maxWord)
		c.text(&p.Command, maxCommand)
		fits(&p.PodUID, uid)
		fits(&p.ContainerID, container)
	}
	return true
}

// place says whether something can be a container, a pod, or nothing that has a name.
func (c *cleaner) place(namespace, pod, container string) bool {
	key := [3]string{namespace, pod, container}
	ok, known := c.places[key]
	if !known {
		ok = (namespace == "" || isLabel(namespace)) && (pod == "" || isNode(pod)) && (container == "" || isLabel(container))
		if len(c.places) < maxKnown {
			c.places[key] = ok
		}
	}
	return ok
}
