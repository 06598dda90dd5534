package alerts

import (
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// maxSightings bounds what is compared of a text made of names.
const maxSightings = 400

// record is what a text says of one thing.
type record struct {
	at, by int
	labels labels
	// classes are those of its labels, by who said them.
	classes map[string]int
}

// reading is what a text says.
type reading struct {
	text string
	// links are the addresses that it was read with, and those in it.
	links     []string
	records   []record
	linked    []record
	sightings []sighting
}

// Targets returns what a text may be about, the likeliest first, at most 20: what it names as k=v, "k: v", ns/pod,
// ns/kind/name, or in a sentence, else the words that look like a pod's name. A target may lack its namespace.
func Targets(text string, links ...string) []investigations.Target {
	return read(text, links).targets()
}

// read looks for names in a text and in the queries of addresses.
func read(text string, links []string) reading {
	words, inText := plain(text)
	links = slices.Concat(links, inText)
	found, named := slashes(words)
	all := append(pairs(words), named...)
	slices.SortStableFunc(all, func(a, b pair) int { return a.at - b.at })
	return reading{
		text: words, links: links, sightings: found, records: records(all),
		linked: records(signedPairs(queries(links), byLink)),
	}
}

// records groups pairs: a label that is said again of something else begins the next record.
func records(all []pair) []record {
	var out []record
	// repeated are the pairs said again since the last record began: they belong to the next one, should one begin.
	var repeated []pair
	for _, p := range all {
		c := class[p.key]
		if p.key == "replicaset" {
			c = p.key
		}
		if c == "" || len(out) == maxSightings {
			continue
		}
		sure := p.by == bySign || p.by == byLink
		if n := len(out); n > 0 {
			last := &out[n-1]
			old, said := last.labels[p.key]
			if said && old == p.value {
				repeated = append(repeated, p)
				continue
			}
			if _, known := last.classes[c]; sure && !said || !sure && !known {
				last.labels[p.key] = p.value
				last.by = min(last.by, p.by)
				if !known {
					last.classes[c] = p.by
				}
				continue
			}
			// A sentence repeats what the labels said in its own words; only another pod or namespace is another thing.
			if !sure && c != "pod" && c != "namespace" {
				continue
			}
		}
		next := record{at: p.at, by: p.by, labels: labels{p.key: p.value}, classes: map[string]int{c: p.by}}
		for _, r := range repeated {
			if c := class[r.key]; next.labels[r.key] == "" {
				next.labels[r.key], next.classes[c] = r.value, r.by
			}
		}
		out, repeated = append(out, next), nil
	}
	return out
}

// targets returns what a reading may be about, the likeliest first.
func (r reading) targets() []investigations.Target {
	all := slices.Clone(r.sightings)
	spaces := r.namespaces()
	all = append(all, recordTargets(r.records, spaces)...)
	all = append(all, recordTargets(r.linked, spaces)...)
	if !slices.ContainsFunc(all, func(s sighting) bool { return s.target.Pod != "" }) {
		all = append(all, shapes(r.text, spaces)...)
	}
	if len(all) == 0 {
		all = titleWords(r.text, spaces)
	}
	return order(all)
}

// order returns the targets of sightings, the likeliest first.
func order(all []sighting) []investigations.Target {
	slices.SortStableFunc(all, func(a, b sighting) int {
		if c := rank(a.target) - rank(b.target); c != 0 {
			return c
		}
		if a.by != b.by {
			return a.by - b.by
		}
		return a.at - b.at
	})
	return distinct(all[:min(len(all), maxSightings)])
}

// rank orders targets by what they are: pods, workloads, nodes.
func rank(t investigations.Target) int {
	switch {
	case t.Pod != "":
		return 0
	case t.Workload != "":
		return 1
	}
	return 2
}

// namespaces returns those that the text names for sure, each once.
func (r reading) namespaces() []string {
	var out []string
	for _, s := range r.sightings {
		if s.by == bySlash && !slices.Contains(out, s.target.Namespace) {
			out = append(out, s.target.Namespace)
		}
	}
	for _, rec := range slices.Concat(r.records, r.linked) {
		if ns := rec.labels.first(namespaceKeys, isLabel); ns != "" && !slices.Contains(out, ns) {
			out = append(out, ns)
		}
	}
	return out
}

// recordTargets returns the targets of records. One without a namespace is in that of the record before it, or in the
// only one that is named at all.
func recordTargets(records []record, spaces []string) []sighting {
	var out []sighting
	before := ""
	if len(spaces) == 1 {
		before = spaces[0]
	}
	for _, rec := range records {
		ls := rec.labels
		if ns := ls.first(namespaceKeys, isLabel); ns != "" {
			before = ns
		} else if before != "" {
			ls["namespace"] = before
		}
		for _, t := range ls.targets() {
			out = append(out, sighting{at: rec.at, by: rec.by, target: t})
		}
	}
	return out
}

// distinct returns the targets of sightings without those of which another one says more, at most maxTargets. A word's
// namespace that is only guessed makes no difference.
func distinct(all []sighting) []investigations.Target {
	var out []investigations.Target
	for i, s := range all {
		less := s.by <= byShape && slices.ContainsFunc(all, func(o sighting) bool { return saysMore(o.target, s.target) })
		if !less && !slices.ContainsFunc(all[:i], func(o sighting) bool { return o.target == s.target }) {
			out = append(out, s.target)
		}
	}
	return unique(out)
}

// saysMore says whether a names the same as b, and more of it.
func saysMore(a, b investigations.Target) bool {
	if a == b {
		return false
	}
	same := func(x, y string) bool { return x == y || y == "" }
	switch {
	case b.Pod != "":
		return a.Pod == b.Pod && same(a.Namespace, b.Namespace) && same(a.Container, b.Container)
	case b.Workload != "":
		return same(a.Namespace, b.Namespace) && (a.Workload == b.Workload || strings.HasSuffix(a.Workload, "/"+b.Workload))
	}
	return false
}

// word returns the first of some labels that the text says of itself with a sign.
func (r reading) word(keys []string, limit int) string {
	for _, rec := range r.records {
		if v := rec.labels.word(keys, limit); v != "" {
			return v
		}
	}
	return ""
}
