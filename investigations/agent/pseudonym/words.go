package pseudonym

import (
	_ "embed"
	"strings"
)

var (
	//go:embed public.txt
	publicText string
	//go:embed prose.txt
	proseText string
)

var (
	public = publicWords()
	prose  = wordsOf(proseText)
)

// publicWords returns the names of public.txt, and the words that stand-ins begin with: those are never replaced, so that
// a text without names is left alone.
func publicWords() map[string]bool {
	words := wordsOf(publicText)
	for _, k := range kinds {
		words[string(k)] = true
	}
	return words
}

// wordsOf returns the words of a list, in lower case. Lines that begin with # are remarks.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			words[strings.ToLower(w)] = true
		}
	}
	return words
}

// kind is what a stand-in is called after, in front of its number.
type kind string

// The kinds of stand-ins.
const (
	kindApp       kind = "app"
	kindContainer kind = "container"
	kindPod       kind = "pod"
	kindNamespace kind = "ns"
	kindNode      kind = "node"
	kindCluster   kind = "cluster"
	kindProcess   kind = "proc"
	kindImage     kind = "image"
	kindRegistry  kind = "registry"
	kindConfig    kind = "config"
	kindVolume    kind = "volume"
	kindAccount   kind = "account"
	kindObject    kind = "object"
	kindLabel     kind = "label"
	kindAddress   kind = "addr"
	kindHost      kind = "host"
	kindDomain    kind = "domain"
	kindMail      kind = "mail"
	kindModule    kind = "module"
	kindPackage   kind = "package"
	kindID        kind = "id"

	// Behind the name that they belong to.
	kindRevision kind = "rs"
	kindRun      kind = "job"
	kindReplica  kind = "p"
)

var kinds = []kind{
	kindApp, kindContainer, kindPod, kindNamespace, kindNode, kindCluster, kindProcess, kindImage, kindRegistry, kindConfig, kindVolume,
	kindAccount, kindObject, kindLabel, kindAddress, kindHost, kindDomain, kindMail, kindModule, kindPackage, kindID,
}

// joined are the kinds whose number follows without a hyphen.
func (k kind) joined() bool { return k == kindRevision || k == kindRun || k == kindReplica }

// manner is where a name is replaced.
type manner uint8

const (
	// everywhere is wherever it stands as a whole token.
	everywhere manner = iota
	// asName is only where it stands as a name, in its own case.
	asName
	// asAddress is where it is no part of a longer row of numbers.
	asAddress
)

// mannerOf returns where a name is to be replaced; false where it is to stay.
func mannerOf(name string) (manner, bool) {
	lower := fold(name)
	switch {
	case !strings.ContainsFunc(name, isLetter), public[lower], len(name) > maxName:
		return 0, false
	case prose[lower], len(name) <= 2, factID(lower), quantity(lower):
		return asName, true
	}
	return everywhere, true
}

// maxName bounds what is taken for a name, in bytes: the longest in Kubernetes has 253.
const maxName = 300

// factID tells whether s may be the id of a fact, as f12.
func factID(s string) bool {
	return len(s) > 1 && s[0] == 'f' && strings.Trim(s[1:], "0123456789") == ""
}

// quantity tells whether s may be a number with a unit, as 512mi or 10s.
func quantity(s string) bool {
	unit := strings.TrimLeft(s, "0123456789")
	return unit != s && len(unit) <= 3
}
