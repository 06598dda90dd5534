package rules

import (
	"regexp"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// mostFunctions are how many growing functions are compared with those of other incidents.
const mostFunctions = 5

// features are what this incident is compared with others by. What the verdict itself decides is added to them later.
func (s *scene) features() investigations.Features {
	f := investigations.Features{
		Shape: s.shapeWord(), Runtime: s.runtimeWord(), Functions: s.growingFunctions(), Culprit: s.culpritWord(),
		Cluster: s.req.Cluster, Namespace: s.target.Namespace, Workload: s.lasting(s.target.Namespace, s.target.Workload, s.pod), Container: s.container, Node: s.node,
	}
	if s.victim != nil {
		f.Comm = investigations.CleanText(s.victim.Comm, 63)
	}
	if c := s.subjectSpec(); c != nil {
		repository, tag := splitImage(c.Image)
		f.Image, f.Version = investigations.CleanText(repository, 255), investigations.CleanText(tag, 128)
	}
	return f.Of(s.target, investigations.Verdict{
		Mechanism: s.mechanism, Boundary: s.boundary, Cause: s.best.cause, Trigger: s.trigger, Change: s.change, Victim: s.victim,
	})
}

// subjectSpec is the container whose memory is judged; nil where it is not known.
func (s *scene) subjectSpec() *investigations.Container {
	if c := containerSpec(s.subjectPod, s.subjectContainer); c != nil {
		return c
	}
	return containerSpec(s.spec(), s.subjectContainer)
}

// shapeWord names how memory came to its end in the life that ended.
func (s *scene) shapeWord() investigations.Shape {
	if s.life == nil || !s.life.mass.known {
		return investigations.ShapeUnknown
	}
	switch m := s.life.mass; {
	case m.sudden():
		return investigations.ShapeJump
	case s.reason == nil && s.follows().yes:
		return investigations.ShapeTraffic
	case m.growing():
		return investigations.ShapeSteady
	}
	return investigations.ShapePlateau
}

// runtimeWord names the language runtime of the judged container: by its settings and metrics, by the error that it
// left, or by the command.
func (s *scene) runtimeWord() string {
	if s.runtimeFit != nil && s.runtimeFit.runtime != "" {
		return s.runtimeFit.runtime
	}
	r := runtimeFit{flags: readFlags(s.subjectSpec(), 0, func(string, string) string { return "" })}
	s.guessRuntime(&r, s.subjectSpec())
	if r.runtime != "" {
		return r.runtime
	}
	if s.runtime != nil {
		if name, ok := strings.CutSuffix(s.runtime.kind, "_oom"); ok && name != "native" {
			return name
		}
	}
	if s.victim != nil {
		return commRuntimes[strings.TrimRight(strings.ToLower(s.victim.Comm), "0123456789.")]
	}
	return ""
}

// commRuntimes are the runtimes that give their process its name.
var commRuntimes = map[string]string{
	"python": "python", "gunicorn": "python", "celery": "python", "uvicorn": "python", "ruby": "ruby", "puma": "ruby",
	"dotnet": "dotnet", "php": "php", "php-fpm": "php", "java": "java", "node": "node", "deno": "node", "beam.smp": "beam",
}

// growingFunctions are those that hold at least a tenth of the growth between two heap profiles of the judged container.
func (s *scene) growingFunctions() []string {
	for _, g := range s.ev.Profiles.Growth {
		grown := g.AfterBytes - g.BeforeBytes
		if g.Namespace != s.target.Namespace || g.Container != s.subjectContainer || grown <= 0 {
			continue
		}
		var out []string
		for _, f := range g.Functions {
			if len(out) < mostFunctions && f.Bytes*10 >= grown {
				out = append(out, investigations.CleanText(f.Function, 200))
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// culpritWord names who used the memory up, where that is not the victim: another container of its pod, the workload
// of another pod, or a process outside of the pods.
func (s *scene) culpritWord() string {
	c, v := s.culprit, s.victim
	if c == nil || v != nil && c.Pod == v.Pod && c.Container == v.Container && c.Namespace == v.Namespace {
		return ""
	}
	switch {
	case c.Pod == "":
		return investigations.CleanText(c.Comm, 63)
	case v != nil && c.Pod == v.Pod && c.Namespace == v.Namespace:
		return "container " + c.Container
	}
	for i := range s.ev.Pods.Pods {
		if p := &s.ev.Pods.Pods[i]; p.Namespace == c.Namespace && p.Name == c.Pod {
			if w := s.workloadOf(p); w != nil {
				return w.Namespace + "/" + s.lasting(w.Namespace, w.Ref(), p)
			}
		}
	}
	return c.Namespace + "/pod/" + c.Pod
}

// jobRE is the name that the CronJob controller gives a job: the CronJob's, and the minute that it was due, since 1970.
var jobRE = regexp.MustCompile(`^job/(.+)-[0-9]{8}$`)

// lasting is what lives on of a workload where the next incident has another name: of a job that a CronJob made the
// CronJob, of a ReplicaSet that a deployment made the deployment.
func (s *scene) lasting(namespace, ref string, p *investigations.Pod) string {
	if w := s.findWorkload(namespace, ref); w != nil && w.OwnerKind != "" {
		if w.OwnerKind == "cronjob" || w.OwnerKind == "deployment" {
			return w.OwnerKind + "/" + w.OwnerName
		}
		return ref
	}
	if m := jobRE.FindStringSubmatch(ref); m != nil {
		return "cronjob/" + m[1]
	}
	if name, ok := strings.CutPrefix(ref, "replicaset/"); ok && p != nil {
		if hash := p.Labels["pod-template-hash"]; hash != "" && strings.HasSuffix(name, "-"+hash) {
			return "deployment/" + strings.TrimSuffix(name, "-"+hash)
		}
	}
	return ref
}
