package pseudonym

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/oombot/oombot/investigations"
)

// Book is the names of one investigation and their stand-ins. It is safe for concurrent use.
type Book struct {
	mu           sync.RWMutex
	entries      []entry
	hide, reveal *trie
	ids          ids
	// shown holds what stands for each folded name: the name itself where it stays.
	shown map[string]string
	// used are the stand-ins that are given, and taken what the site itself has that looks like one.
	used, taken map[string]bool
	numbers     map[kind]int
	// parents are the names that others are made of.
	parents map[string]parent
	// apps are the names of workloads.
	apps map[string]bool
}

// parent is the name that another one begins with.
type parent struct {
	name string
	// kind is the parent's, own that of the other.
	kind, own kind
}

// New returns a Book of the names in res, ev and req. res and ev may be nil: a stored result tells its names in its
// fields and facts.
func New(res *investigations.Result, ev *investigations.Evidence, req investigations.Request) *Book {
	b := &Book{
		hide: newTrie(), reveal: newTrie(), ids: newIDs(), shown: map[string]string{}, used: map[string]bool{}, taken: map[string]bool{},
		numbers: map[kind]int{}, parents: map[string]parent{}, apps: map[string]bool{},
	}
	s := site{res: res, ev: ev, req: req}
	if s.res == nil {
		s.res = &investigations.Result{}
	}
	if s.ev == nil {
		s.ev = &investigations.Evidence{}
	}
	s.owners(b)
	s.names(func(name string, _ kind) { b.reserve(name) }, func(string) {})
	s.texts(b.reserve)
	s.names(b.take, b.identify)
	b.told(s.res.Facts)
	s.texts(b.harvest)
	return b
}

// Learn takes in the names in further facts. Stand-ins that were given before stay.
func (b *Book) Learn(facts []investigations.Fact) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range facts {
		for _, text := range []string{facts[i].Says, facts[i].Source} {
			b.reserve(text)
		}
	}
	b.told(facts)
	for i := range facts {
		b.harvest(facts[i].Says)
		b.harvest(facts[i].Source)
	}
}

// Hide returns text with stand-ins in place of the names that the book knows. A text that holds none, as one that has
// been through Hide, stays as it is.
func (b *Book) Hide(text string) string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p := pass{b: b, s: text, f: fold(text)}
	return p.run()
}

// Reveal returns text with the names in place of the stand-ins, in whatever case those are written and with an s behind
// them. A JSON document stays one.
func (b *Book) Reveal(text string) string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p := pass{b: b, s: text, f: fold(text), reveal: true}
	if t := strings.TrimLeft(text, " \t\r\n"); t != "" && (t[0] == '{' || t[0] == '[') {
		p.json = json.Valid([]byte(text))
	}
	return p.run()
}

// take gives name a stand-in where it has none yet, and is to have one.
func (b *Book) take(name string, k kind) { b.standIn(name, k) }

// identify takes in an id, whatever it is made of.
func (b *Book) identify(id string) {
	if !b.ids.add(id) && id != "" {
		b.take(id, kindID)
	}
}

// standIn returns what stands for name, which is name itself where it stays.
func (b *Book) standIn(name string, k kind) string {
	if to, ok := b.shown[fold(name)]; ok {
		return to
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return b.enter(name, b.number("", kindAddress), asAddress)
	}
	m, ok := mannerOf(name)
	if !ok {
		b.shown[fold(name)] = name
		return name
	}
	return b.enter(name, b.made(name, k), m)
}

// made returns a stand-in for name, made of that of the name that it begins with where there is one.
func (b *Book) made(name string, k kind) string {
	if host, domain, ok := strings.Cut(name, "."); ok && k == kindNode {
		if to := b.standIn(host, k) + "." + b.standIn(domain, kindDomain); !b.used[fold(to)] {
			return to
		}
	}
	if _, ok := b.parents[name]; !ok {
		b.inferred(name, k)
	}
	p, ok := b.parents[name]
	if !ok {
		if k == kindRun {
			k = kindApp
		}
		return b.number("", k)
	}
	base := b.standIn(p.name, p.kind)
	rest := name[len(p.name)+1:]
	if len(rest) <= 4 && decimal(rest) {
		if to := base + "-" + rest; to == name || !b.used[fold(to)] {
			return to
		}
		return b.number("", k)
	}
	to := b.number(base, p.own)
	if m, ok := mannerOf(rest); ok && m == everywhere && p.own == kindRevision && b.shown[fold(rest)] == "" {
		b.enter(rest, to[len(base)+1:], m) // a label holds the hash alone
	}
	return to
}

// number returns the next free stand-in of a kind, behind base.
func (b *Book) number(base string, k kind) string {
	for {
		b.numbers[k]++
		own := string(k) + "-"
		if k.joined() {
			own = string(k)
		}
		own += strconv.Itoa(b.numbers[k])
		to := own
		if base != "" {
			to = base + "-" + own
		}
		if !b.taken[own] && !b.used[fold(to)] {
			return to
		}
	}
}

// enter notes that to stands for name, as it is and as it is written in quotation marks.
func (b *Book) enter(name, to string, m manner) string {
	b.shown[fold(name)] = to
	if name == to {
		return to
	}
	b.pair(name, to, m)
	quoted := strconv.Quote(name)
	if quoted = quoted[1 : len(quoted)-1]; quoted != name {
		b.pair(quoted, to+"-q", m)
	}
	if clean := investigations.CleanText(name, maxName); clean != name && clean != quoted {
		b.pair(clean, to+"-c", m)
	}
	return to
}

func (b *Book) pair(name, to string, m manner) {
	if b.hide.add(fold(name), len(b.entries)) {
		b.reveal.add(fold(to), len(b.entries))
		b.used[fold(to)] = true
		b.entries = append(b.entries, entry{name, to, m})
	}
}

// reserve notes what looks like a stand-in in a text of the site, so that none is given which reads the same.
func (b *Book) reserve(text string) {
	f := fold(text)
	for i := 0; i < len(f); {
		end := unitEnd(f, i)
		unit := f[i:end]
		if n := strings.TrimRight(unit, "0123456789"); n != unit && kind(n).joined() {
			b.taken[unit] = true
		}
		if end+1 < len(f) && f[end] == '-' && digit(f[end+1]) && kindNames[unit] {
			to := unitEnd(f, end+1)
			b.taken[strings.Clone(f[i:to])] = true
		}
		i = end
	}
}

var kindNames = func() map[string]bool {
	names := map[string]bool{}
	for _, k := range kinds {
		names[string(k)] = true
	}
	return names
}()
