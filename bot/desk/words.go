package desk

import (
	"regexp"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// verb is what a person wants.
type verb string

const (
	verbInvestigate verb = "investigate"
	verbRerun       verb = "rerun"
	verbAsk         verb = "ask"
	verbHistory     verb = "history"
	verbSimilar     verb = "similar"
	verbMute        verb = "mute"
	verbUnmute      verb = "unmute"
	verbStop        verb = "stop"
	verbHelp        verb = "help"
	verbEvidence    verb = "evidence"
	// verbNone is talk that is not for the bot, or not understood.
	verbNone verb = ""
)

// command is what a person wrote, understood.
type command struct {
	verb verb
	// target is as on the command line, or a name alone; empty where none is named.
	target string
	// span is how long to mute; at and window are those of an investigation.
	span   time.Duration
	at     time.Time
	window time.Duration
	text   string
	// wrong says what of it can't be understood, and how to write it.
	wrong string
}

var (
	// A target as people write it: names of Kubernetes with at most two slashes; a colon stands for the last of them.
	slashed = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*(?:[/:][a-z0-9][a-z0-9._-]*){1,2}$`)
	name    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*[a-z0-9]$|^[a-z0-9]$`)
	// Words that begin a question.
	asks = regexp.MustCompile(`(?i)^(?:why|what|who|whose|which|when|where|how|is|was|were|did|does|do|are|has|had|have|can|could|should|would|will)\b`)
	// Words that begin a question without a question mark.
	explains = regexp.MustCompile(`(?i)^(?:why|what|who|which|how|ask)\b`)
	// What somebody asks who wants to know why something died.
	died = regexp.MustCompile(`(?i)\b(?:kill(?:s|ed|ing)?|died|dead|dying|die|oom(?:s|ed|[ -]?kill(?:s|ed)?)?|crash(?:es|ed|ing)?|restart(?:s|ed|ing)?|evict(?:s|ed)?|happen(?:s|ed|ing)?|wrong|memory|137)\b`)
)

// verbs are the words that begin a command.
var verbs = map[string]verb{
	"investigate": verbInvestigate, "check": verbInvestigate, "diagnose": verbInvestigate, "analyze": verbInvestigate, "analyse": verbInvestigate,
	"rerun": verbRerun, "re-run": verbRerun, "retry": verbRerun, "again": verbRerun,
	"why": verbAsk, "ask": verbAsk,
	"history": verbHistory, "similar": verbSimilar, "mute": verbMute, "unmute": verbUnmute,
	"stop": verbStop, "help": verbHelp, "evidence": verbEvidence,
}

// understand reads what a person wrote. inThread says that it stands in an incident's thread, where a question is one
// to that incident.
func understand(text string, inThread bool) command {
	text = strings.TrimSpace(strings.Trim(strings.TrimSpace(text), "`"))
	words := strings.Fields(strings.NewReplacer("`", " ", "“", " ", "”", " ", `"`, " ", ",", " ").Replace(text))
	c := command{text: text}
	if len(words) == 0 {
		c.verb = verbHelp
		return c
	}
	first := strings.ToLower(strings.Trim(words[0], ":!?."))
	if first == "please" && len(words) > 1 {
		words = words[1:]
		first = strings.ToLower(strings.Trim(words[0], ":!?."))
	}
	c.verb = verbs[first]
	switch c.verb {
	case verbInvestigate:
		return c.investigate(words[1:], inThread)
	case verbMute, verbUnmute:
		return c.mute(words[1:])
	case verbHistory, verbSimilar, verbEvidence:
		c.target = targetIn(words[1:])
		return c
	case verbAsk:
		if first == "ask" {
			c.text = strings.TrimSpace(text[len(words[0]):])
		}
		return c.question(words, inThread)
	case verbRerun, verbStop, verbHelp:
		return c
	}
	return c.question(words, inThread)
}

// meant says whether words in a thread, in which the bot is not mentioned, are for it all the same: a question, or an
// order and nothing else. What people tell each other begins with such words too.
func (c command) meant() bool {
	words := len(strings.Fields(c.text))
	switch {
	case c.verb == verbNone, c.wrong != "", strings.Contains(c.text, "<@"), strings.Contains(c.text, "<!"):
		return false
	case c.verb == verbAsk:
		return words <= 40 && (strings.HasSuffix(strings.TrimSpace(c.text), "?") || explains.MatchString(c.text))
	case c.verb == verbInvestigate:
		return strings.Contains(c.target, "/") && words <= 8
	case c.verb == verbMute || c.verb == verbUnmute:
		return words <= 3
	}
	return words == 1 || words == 2 && (c.target != "" || strings.Contains(strings.ToLower(c.text), "please"))
}

// investigate reads what follows the verb: a target, and options as on the command line or as one says them.
func (c command) investigate(words []string, inThread bool) command {
	var rest []string
	for i := 0; i < len(words); i++ {
		word, value, hasValue := strings.Cut(strings.TrimLeft(strings.ToLower(words[i]), "-"), "=")
		if word != "at" && word != "window" {
			rest = append(rest, words[i])
			continue
		}
		if !hasValue {
			if i+1 >= len(words) {
				c.wrong = word + " needs a value, as `at 2026-03-04T02:17:09Z` or `window 7d`"
				return c
			}
			i++
			value = words[i]
		}
		var err error
		if word == "at" {
			c.at, err = investigations.ParseTime(strings.ToUpper(value))
		} else {
			c.window, err = investigations.ParseWindow(value)
		}
		if err != nil {
			c.wrong = err.Error()
			return c
		}
	}
	c.target = targetIn(rest)
	if c.target == "" {
		if inThread && len(rest) == 0 || len(rest) == 1 && strings.EqualFold(rest[0], "again") {
			c.verb = verbRerun
			return c
		}
		c.wrong = "say what to investigate, as `investigate shop/checkout`"
	}
	return c
}

// mute reads a span and a target, in any order.
func (c command) mute(words []string) command {
	var rest []string
	for _, w := range words {
		if d, err := investigations.ParseWindow(strings.ToLower(w)); err == nil && c.span == 0 {
			c.span = d
			continue
		}
		rest = append(rest, w)
	}
	c.target = targetIn(rest)
	if c.span == 0 && c.verb == verbMute {
		c.span = time.Hour
	}
	return c
}

// question tells a question to an incident from one that asks for a new look at something.
func (c command) question(words []string, inThread bool) command {
	target := targetIn(words)
	asked := asks.MatchString(c.text) || strings.HasSuffix(strings.TrimSpace(c.text), "?")
	switch {
	case inThread && (asked || c.verb == verbAsk):
		c.verb = verbAsk
	case slashed.MatchString(strings.ToLower(strings.Trim(words[0], "?!."))) && len(words) == 1:
		c.verb, c.target = verbInvestigate, strings.ToLower(strings.Trim(words[0], "?!."))
		c.target = slashes(c.target)
	case target != "" && (died.MatchString(c.text) || asked && strings.Contains(target, "/")):
		c.verb, c.target = verbInvestigate, target
	default:
		c.verb = verbNone
	}
	return c
}

// filler are words that name nothing in a cluster, though they could be names.
var filler = wordSet(`a about after again all an and any app application are at be because been before being by can cause caused causes container
 could crash crashed crashes crashing daemonset dead deploy deployment did died die dies do does doing down dying evict evicted exit fail failed
 failing find fix for from get gets getting go going got had happen happened happening happens has have he help her him his how i if in into is it its
 job just keep keeps kill killed killer killing kills last limit look looking make may me memory might mine more most much my name namespace need new night no
 node not now of off oom oomed oomkill oomkilled ooms on once one only or our out over please pod pods process reason restart restarted restarting
 restarts right run running same see service she should show so statefulset tell than that the their them then there these they thing this those
 time to today tonight too up us was we went were what when where which who whose why will with workload would wrong yesterday yet you your
 investigate check diagnose history similar mute unmute stop rerun evidence ask hi hello hey thanks thank ok okay alert alerts incident incidents`)

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}

// targetIn finds what words name: a target with slashes; else a name, with the namespace that is told beside it.
func targetIn(words []string) string {
	var clean []string
	for _, w := range words {
		w = strings.ToLower(strings.Trim(w, "`'\"()[]{}<>?!.,;:"))
		if strings.HasSuffix(w, "'s") || strings.HasSuffix(w, "’s") {
			w = strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s")
		}
		clean = append(clean, w)
	}
	for _, w := range clean {
		if slashed.MatchString(w) && !strings.Contains(w, "//") {
			return slashes(w)
		}
	}
	names, namespace := namesIn(clean)
	switch {
	case len(names) == 0:
		return ""
	case namespace != "":
		return namespace + "/" + names[0]
	case len(clean) > 1 && clean[0] == "node" && names[0] == clean[1]:
		return "node/" + names[0]
	}
	return names[0]
}

// namesIn are the words that could be names of workloads, and the namespace that is told: "in shop", "namespace shop".
func namesIn(clean []string) (names []string, namespace string) {
	for i, w := range clean {
		if filler[w] || died.FindString(w) == w || !name.MatchString(w) || !strings.ContainsAny(w, "abcdefghijklmnopqrstvwxyzu") {
			continue
		}
		before := ""
		if i > 0 {
			before = clean[i-1]
		}
		afterwards := i+1 < len(clean) && clean[i+1] == "namespace"
		if before == "namespace" || before == "ns" || before == "in" && len(names) > 0 || afterwards && before == "the" {
			namespace = w
			continue
		}
		if w != "ns" {
			names = append(names, w)
		}
	}
	return names, namespace
}

// slashes writes a target with slashes only: in ns/pod:container the colon stands for one.
func slashes(s string) string { return strings.ReplaceAll(s, ":", "/") }
