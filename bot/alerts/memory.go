package alerts

import (
	"strings"
	"unicode"
)

// aboutMemory are the words, in lower case, that say that something is about memory, kills or crash loops.
var aboutMemory = map[string]bool{
	"oom": true, "ooms": true, "oomed": true, "oomkill": true, "oomkilled": true, "oomkills": true, "oomkiller": true,
	"oomkilling": true, "oomd": true, "memory": true, "mem": true, "memcg": true, "heap": true, "rss": true,
	"kill": true, "kills": true, "killed": true, "killing": true, "killer": true, "sigkill": true, "sigkilled": true, "137": true,
	"crash": true, "crashes": true, "crashed": true, "crashing": true, "crashloop": true, "crashlooping": true, "crashloops": true,
	"crashloopbackoff": true, "restart": true, "restarts": true, "restarted": true, "restarting": true,
	"evict": true, "evicts": true, "evicted": true, "eviction": true, "evictions": true, "evicting": true,
}

// isAboutMemory says whether one of the texts is about memory, kills or crash loops. Names of rules, as
// KubeContainerOOMKilled, are read word by word.
func isAboutMemory(texts ...string) bool {
	for _, text := range texts {
		if len(text) > maxText {
			text = text[:maxText]
		}
		if strings.Contains(strings.ToLower(text), "oomkill") {
			return true
		}
		for _, field := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if aboutMemory[strings.ToLower(field)] {
				return true
			}
			for _, word := range camel(field) {
				if aboutMemory[strings.ToLower(word)] {
					return true
				}
			}
		}
	}
	return false
}

// camel returns the words of a name in CamelCase; OOMKilled are two.
func camel(name string) []string {
	runes := []rune(name)
	var out []string
	from := 0
	for i := 1; i < len(runes); i++ {
		// A capital begins a word after what is none, and before what is none where capitals came before.
		begins := unicode.IsUpper(runes[i]) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			out = append(out, string(runes[from:i]))
			from = i
		}
	}
	return append(out, string(runes[from:]))
}
