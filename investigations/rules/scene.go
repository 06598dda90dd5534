package rules

import (
	"fmt"
	"math"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Rules judges by the rules of this package. The zero value is ready for use, and safe for concurrent use.
type Rules struct{}

var _ investigations.Rules = Rules{}

// New returns the rules.
func New() Rules { return Rules{} }

// Diagnose implements investigations.Rules.
func (Rules) Diagnose(req investigations.Request, ev investigations.Evidence, led *investigations.Ledger) investigations.Diagnosis {
	return judged(req, ev, led).conclude()
}

// judged is the scene of an investigation whose causes are weighed and whose trigger is found.
func judged(req investigations.Request, ev investigations.Evidence, led *investigations.Ledger) *scene {
	s := looked(req, ev, led)
	s.weigh()
	s.findTrigger()
	return s
}

// looked is the scene of an investigation in which it is known what ended, at whose limit, and who used the memory up.
func looked(req investigations.Request, ev investigations.Evidence, led *investigations.Ledger) *scene {
	s := newScene(req, ev, led)
	s.findMechanism()
	s.findBoundary()
	s.findLives()
	s.findNode()
	s.findParties()
	return s
}

// conclude says what follows from cause and trigger.
func (s *scene) conclude() investigations.Diagnosis {
	s.recommend()
	s.adviseInherited()
	s.forecast()
	s.judgeConfidence()
	s.say()
	d := s.diagnosis()
	d.Features = s.features()
	return d
}

// scene is one investigation in the making: the evidence joined around the target, and the answers as they
// are found. Later steps read what earlier ones found.
type scene struct {
	req investigations.Request
	ev  investigations.Evidence
	led *investigations.Ledger

	// What it is about.
	pod       *investigations.Pod
	container string // the target's or the victim's container; "" unknown
	workload  *investigations.Workload
	target    investigations.Target
	node      string
	nodeObj   *investigations.Node
	kills     []*kill // every kernel report with a time and its match, in order of time
	boot      map[string]time.Time
	names     *index                   // what byName found; nil before
	shift     map[string]time.Duration // what is added to a log's times, by its source
	lag       map[string]time.Duration // how far ahead of the time the kubelet has a container's end, by the container's id

	// What happened.
	at        time.Time
	kill      *kill                    // the kernel's report of this kill; nil where there is none
	counted   *counted                 // what only a cgroup's counter tells of it; nil where there is a report, or nothing
	death     *death                   // how a container of the target ended; nil where none did
	reason    *otherReason             // why it ended, where that was no OOM kill
	startKill bool                     // killed before it started (runc's init)
	silent    bool                     // a child was killed, and the container lived on
	userKill  *investigations.UserKill // systemd-oomd's line
	runtime   *runtimeEnd              // the runtime's own out-of-memory error
	evicted   *eviction
	// unreported says that only the runtime's reason speaks for an OOM kill, against a kernel log without one.
	unreported bool
	covers     bool // a kernel log of the node covers the moment without loss
	hasLog     bool // there is a kernel log of the node
	// byAgent says that covers rests on the word of the node's agent alone, and that no kernel log was recorded.
	byAgent bool
	// counters are the kills that cgroups' counters tell of.
	counters []*counted

	mechanism investigations.Mechanism
	boundary  investigations.Boundary
	// limitBytes is the limit that broke, in bytes; 0 unknown.
	limitBytes float64

	lives   []*life // of the culprit's or victim's container, all pods of the workload, by start
	life    *life   // the one that ended in this kill
	traffic points
	view    *nodeView
	victim  *investigations.Party
	culprit *investigations.Party
	// subject is the container whose memory is judged: culprit if of the workload, else victim.
	subjectPod       *investigations.Pod
	subjectContainer string
	// sharedByExcess says that the culprit in a pod was found by what it holds, and not by growth.
	sharedByExcess bool

	hypotheses []hypothesis
	best       hypothesis
	trigger    investigations.Trigger
	change     *investigations.Change
	changeWhy  []string
	// neighbour is the scene of the workload that change is about, where that is a neighbour's; nil else.
	neighbour  *scene
	undo       string // how to take back a change that is no revision of the workload; "" where there is none
	runtimeFit *runtimeFit
	followed   *following // what follows found; nil before
	volume     *investigations.Volume
	startAt    string // where to look first, by a heap profile; "" unknown
	advice     []investigations.Recommendation
	next       *investigations.NextKill
	confidence float64
	caps       []string
	blind      []investigations.BlindSpot
	headline   string
	explain    string
	// influences are how precedents changed the scores.
	influences []investigations.Influence
	// supposed is what is taken for given; nil where nothing is.
	supposed *supposed
}

// hypothesis is a cause with what speaks for and against it.
type hypothesis struct {
	cause investigations.Cause
	score float64
	pro   []string
	con   []string
}

// support adds weight to a hypothesis and cites what the weight rests on; a negative weight is an objection.
func (h *hypothesis) support(weight float64, factIDs ...string) {
	h.score += weight
	for _, id := range factIDs {
		if id == "" {
			continue
		}
		if weight >= 0 {
			h.pro = append(h.pro, id)
		} else {
			h.con = append(h.con, id)
		}
	}
}

// fact adds a fact that the rules computed. Key must name what is said, so that saying it twice is one fact.
func (s *scene) fact(key, tool string, at time.Time, source string, values map[string]float64, format string, args ...any) string {
	return s.led.Add(investigations.Fact{
		Key: "rules/" + key, Tool: tool, At: at.UTC(), Source: source, Values: values, Says: fmt.Sprintf(format, args...),
	})
}

func (s *scene) blindSpot(tool, wouldTell, format string, args ...any) {
	s.blind = append(s.blind, investigations.BlindSpot{Tool: tool, Why: fmt.Sprintf(format, args...), WouldTell: wouldTell})
}

func newScene(req investigations.Request, ev investigations.Evidence, led *investigations.Ledger) *scene {
	s := &scene{
		req: req, ev: ev, led: led, at: req.At, target: req.Target, boot: map[string]time.Time{}, shift: map[string]time.Duration{}, lag: map[string]time.Duration{},
		mechanism: investigations.MechanismUnknown, boundary: investigations.BoundaryUnknown,
		trigger: investigations.TriggerUnknown,
	}
	if s.ev.Pods == nil {
		s.ev.Pods = &investigations.PodEvidence{}
	}
	if s.ev.Rollouts == nil {
		s.ev.Rollouts = &investigations.RolloutEvidence{}
	}
	if s.ev.Metrics == nil {
		s.ev.Metrics = &investigations.MetricEvidence{}
	}
	if s.ev.Kernel == nil {
		s.ev.Kernel = &investigations.KernelEvidence{}
	}
	if s.ev.Logs == nil {
		s.ev.Logs = &investigations.LogEvidence{}
	}
	if s.ev.Profiles == nil {
		s.ev.Profiles = &investigations.ProfileEvidence{}
	}
	s.completePods()
	s.resolve()
	s.nameRecorded()
	s.readClocks()
	s.readShifts()
	s.collectKills()
	return s
}

func (s *scene) diagnosis() investigations.Diagnosis {
	v := investigations.Verdict{
		Mechanism: s.mechanism, Boundary: s.boundary, Cause: s.best.cause, Trigger: s.trigger,
		Change: s.change, Victim: s.victim, Culprit: s.culprit, Confidence: s.confidence,
		Headline: s.headline, Explanation: s.explain, Recommendations: s.advice, NextKill: s.next,
		WrittenBy: investigations.WrittenByRules,
	}
	d := investigations.Diagnosis{
		At: s.at, Target: s.target, Verdict: v, BlindSpots: s.blind, Key: s.killKey(), Influences: s.influences,
	}
	if s.byAgent {
		d.Covered = []string{investigations.ToolKernlog}
	}
	sure := s.sure()
	for _, h := range s.hypotheses {
		d.Hypotheses = append(d.Hypotheses, investigations.Hypothesis{
			Cause: h.cause, Score: round2(sure * clamp(h.score, 0, 0.99)), For: unique(h.pro), Against: unique(h.con),
		})
	}
	return d
}

// sure is the share of a score that is shown: what holds the verdict's confidence down holds for the other causes, too,
// and the scores keep their relation.
func (s *scene) sure() float64 {
	switch {
	case s.supposed != nil:
		return s.supposed.sure
	case s.best.score > 0:
		return math.Min(1, s.confidence/clamp(s.best.score, 0, 0.99))
	}
	return 1
}

// killKey tells this kill from every other; see investigations.KillKey.
func (s *scene) killKey() string {
	switch {
	case s.kill != nil && len(s.kill.report.Killed) > 0:
		r := s.kill.report
		boot := ""
		if b := s.boot[s.kill.log.Source]; !b.IsZero() {
			boot = b.Truncate(time.Minute).Format(time.RFC3339)
		}
		return investigations.KillKey(s.req.Cluster, s.node, boot, fmt.Sprint(r.Killed[0].PID), s.kill.at.UTC().Format(time.RFC3339Nano))
	case s.death != nil && s.pod != nil:
		return investigations.KillKey(s.req.Cluster, s.pod.UID, s.death.container, s.death.term.FinishedAt.UTC().Format(time.RFC3339))
	}
	return investigations.KillKey(s.req.Cluster, s.req.Target.String(), s.req.At.UTC().Format(time.RFC3339))
}
