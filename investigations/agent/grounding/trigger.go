package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// How far a verb that says that something set it off may stand from what did, in words.
const (
	afterVerb  = 6
	beforeVerb = 4
)

// triggersOf are the triggers that a label of triggerWords may stand for.
var triggersOf = map[string][]investigations.Trigger{
	"image":      {investigations.TriggerDeploy},
	"regression": {investigations.TriggerDeploy},
	"deploy":     {investigations.TriggerDeploy, investigations.TriggerConfigChange},
	"change":     {investigations.TriggerDeploy, investigations.TriggerConfigChange},
	"config":     {investigations.TriggerConfigChange},
	"traffic":    {investigations.TriggerTraffic},
	"load":       {investigations.TriggerTraffic, investigations.TriggerScheduledJob},
	"job":        {investigations.TriggerScheduledJob},
	"nothing":    {investigations.TriggerNone, investigations.TriggerUnknown, investigations.TriggerTraffic, investigations.TriggerScheduledJob},
	"unknown":    {investigations.TriggerUnknown, investigations.TriggerNone},
}

// checkTrigger refuses a clause that says of another event than the verdict's that it set it off, or of the verdict's that it
// did not. That something was there, or came before, passes.
func (r *reader) checkTrigger(c *clause) {
	if c.unreal {
		return
	}
	hits := triggerWords.find(c.words)
	verbs := triggerVerbs.find(c.words)
	for _, h := range hits {
		if h.label == "none" || covers(hits, h) || h.label == "unknown" && h.to == len(c.words) && c.words[h.to-1] == "not" {
			continue
		}
		agrees := r.triggerAgrees(h.label)
		if h.label == "nothing" || h.label == "unknown" {
			if !agrees && !c.rival && !r.measured(c) {
				r.refuse(Contradiction, fmt.Sprintf("it says that nothing known set it off; the verdict's trigger is %s", words(string(r.verdict.Trigger))))
			}
			continue
		}
		claimed, spread := linked(c, h, verbs)
		claimed = claimed || h.label == "regression"
		negated := c.negates(h) || spread
		if negated && !spread && agrees && happened(verbs) && (h.label == "deploy" || h.label == "image" || h.label == "change" && r.verdict.Change != nil) {
			r.refuse(Contradiction, fmt.Sprintf("it denies the change that the verdict names as the trigger, %s", words(string(r.verdict.Trigger))))
			continue
		}
		switch {
		case negated && (claimed || spread) && agrees && !c.past && h.label != "traffic" && h.label != "load":
			r.refuse(Contradiction, fmt.Sprintf("it denies the trigger of the verdict, %s", words(string(r.verdict.Trigger))))
		case negated && agrees && (claimed || spread) && h.label == "traffic" && r.verdict.Trigger == investigations.TriggerTraffic:
			r.refuse(Contradiction, "it denies the trigger of the verdict, traffic")
		case claimed && !negated && !agrees && (!c.rival || r.headline):
			r.refuse(Contradiction, fmt.Sprintf("it says that it was set off by %s; the verdict's trigger is %s", event(h.label), words(string(r.verdict.Trigger))))
		}
	}
}

// happened reports whether a verb says no more than that something was there.
func happened(verbs []hit) bool {
	return slices.ContainsFunc(verbs, func(v hit) bool { return v.label == "exist" })
}

func (r *reader) triggerAgrees(label string) bool {
	v := r.verdict
	switch {
	case slices.Contains(triggersOf[label], v.Trigger):
		return true
	case label == "config" && v.Change != nil:
		what := strings.ToLower(strings.Join(v.Change.What, " "))
		for _, w := range []string{"limit", "request", "env", "arg", "configmap", "->"} {
			if strings.Contains(what, w) && w != "->" {
				return true
			}
		}
	case label == "load":
		return v.Cause == investigations.CauseLoadSpike
	case label == "traffic", label == "job":
		return v.Cause == investigations.CauseLoadSpike && v.Trigger == investigations.TriggerUnknown
	}
	return false
}

// linked reports whether a verb says of the event that it set it off, and whether one clears it of that.
func linked(c *clause, h hit, verbs []hit) (claimed, spread bool) {
	claimed = c.causal
	for _, v := range verbs {
		switch v.label {
		case "after":
			if reasons(c, h, v) {
				continue
			}
			claimed = claimed || v.to <= h.from+1 && v.from < h.from && h.from-v.to <= afterVerb
		case "before":
			if leaks := strings.HasPrefix(c.words[v.from], "leak"); leaks && (c.past || likewise(c) || h.label == "traffic" || h.label == "load" || h.label == "job") {
				continue
			}
			claimed = claimed || v.from >= h.to-1 && v.from-h.to <= beforeVerb
		case "spread":
			spread = spread || v.from >= h.to-1 && v.from-h.to <= beforeVerb || v.to <= h.from && h.from-v.to <= 2 && strings.HasPrefix(c.words[v.from], "rule")
		}
	}
	return claimed, spread
}

// reasons reports whether "since" tells why and not since when: "since traffic was flat".
func reasons(c *clause, h, v hit) bool {
	if c.words[v.from] != "since" || v.to > h.from {
		return false
	}
	for _, w := range c.words[v.to:h.from] {
		if !dating[w] { // "since Argo CD undoes manual changes"
			return true
		}
	}
	if v.from > 0 && h.label != "traffic" && h.label != "load" && counted[nounStem(c.words[v.from-1])] { // "five lives since the deploy"
		return true
	}
	if h.to >= len(c.words) {
		return false
	}
	switch c.words[h.to] {
	case "is", "was", "are", "were", "stayed", "remained", "fell", "declined", "did", "dropped":
		return true
	}
	return false
}

// dating are words that may stand between "since" and the event that something dates from.
var dating = wordsOf("the a an this that its it's their our last latest new newest newer recent first second third most very same of to about around roughly rollout release deploy deployment revision image version change update upgrade faulty bad latest's morning yesterday today nightly current in for container memory lower config configuration then when both " + number)

// likewise reports whether a clause sets its subject beside another one.
func likewise(c *clause) bool {
	return slices.ContainsFunc(c.words, func(w string) bool { return w == "too" || w == "also" || w == "well" || w == "likewise" || w == "both" })
}

// measured reports whether a clause that says that nothing changed tells of what the facts hold of it, as of traffic.
func (r *reader) measured(c *clause) bool {
	for _, h := range directionWords.find(c.words) {
		if strings.HasPrefix(h.label, "s:") && h.label != "s:entity" {
			return true
		}
	}
	return false
}

func event(label string) string {
	switch label {
	case "image", "regression":
		return "a new image"
	case "deploy", "change":
		return "a change of the workload"
	case "config":
		return "a change of configuration"
	case "traffic", "load":
		return "load"
	}
	return "a job"
}
