package grounding

import (
	"slices"
	"strings"
	"unicode"
)

// kin are groups of words that are about the same thing: a sentence in one of them is about a fact in another one.
var kin = sameKin(
	`traffic load post http import upload input request requests rps qps demand query queries call calls clients users`,
	`deploy deploys deployed deployment rollout rollouts rolled release released revision revisions image version update updated change changed changes upgrade build template rev new old previous shipped`,
	`kill killed kills killing killer oom oomkilled died dies end ended ends terminated terminate crash restart restarts restarted restarting exit exited sigkill dead death fatal`,
	`grow grew grows growth rise rose rising climb climbed climbs leak leaks leaked leaking increase increased accumulate accumulates trend slope creep crept swell expands retained retains holding lives life lifetime lifetimes grown growing risen increases
	increasing multiplied doubled tripled quadrupled gained gains gain added behavior behaviour pattern curve pace rate`,
	`level flat stable steady constant stayed unchanged changed change plateau moved settled plateaued lived`,
	`limit limits ceiling cap boundary allowed allowance budget headroom room small tight xmx`,
	`memory ram heap rss anonymous working usage footprint bytes`,
	`node machine host system server nodes whole allocatable`,
	`kernel cgroup memcg slab dmesg`,
	`slab dentries inodes files directories directory paths objects`,
	`crashloopbackoff backoff back-off backing waiting restarting attempts attempt loop`,
	`probe liveness readiness health unhealthy healthz check checks`,
	`profile profiles heap pprof function functions allocated`,
	`batch job cron schedule scheduled nightly import export upload started`,
	`kubelet evicted eviction evict`,
	`neighbour neighbours neighbor pod pods other process culprit hog holder holders consumer`,
	`sidecar container containers shipper agent proxy`,
	`tmpfs shmem shm volume emptydir files file shared disk dshm`,
	`process program application service app runtime jvm java processes`,
	`rollback revert back undo roll rolling rolled revision`,
	`container pod victim workload replica`,
	`log logs logged line lines says said`,
	`sample samples scrape scrapes interval measured`,
	`request requests requested requesting reserve reserved`,
)

func sameKin(groups ...string) map[string][]int {
	out := map[string][]int{}
	for i, g := range groups {
		for w := range strings.FieldsSeq(g) {
			out[w] = append(out[w], i)
		}
	}
	return out
}

// idle are words that say nothing of what a fact may hold.
var idle = wordsOf(`about above after again against all almost also although always and another any are because been before behind being below between
both but can cannot cause caused clear clearly could did does doing done down during each either enough even ever every everything evidence exactly
fact facts far few fine for from further had has have having here hence how however indeed into its itself just kept later less like likely long
many may means might more moreover most much must near nearly neither never next nor not nothing now off once one only onto other our out over own
per point points quite rather really reason same says see seen seems several shall shortly should show shown shows simply since some soon still such
suggests than that the their them then there therefore these they this those though through thus too toward under until upon very was well were what
when where whether which while who whole whom whose why will with within without would yet you your answer because conclusion consistent confirm confirms
explain explains picture rule rules ruled situation thing things way`)

// freely are words of sentences that tell of the answer itself.
var freely = wordsOf("confidence confident guess unknown unclear open rival recorded kept two three four half typical typically better let find not never no nor neither without")

// leastContent is how many telling words a sentence has before they are compared.
const leastContent = 3

// checkOverlap refuses a sentence that has no word, number or name in common with what it cites, nor a word for the same thing:
// what it cites can't be what it rests on. What is denied, only supposed or advised, and what has a number, is looked at
// elsewhere.
func (r *reader) checkOverlap(s Sentence) {
	if r.headline || len(r.facts) == 0 || r.c.restates(s) {
		return
	}
	for _, c := range r.clauses {
		if c.unreal || c.rival || c.denied || len(c.nots) > 0 || len(c.denies) > 0 || slices.ContainsFunc(c.words, func(w string) bool { return w == number || freely[w] }) {
			return
		}
	}
	words := contentOf(s.Text)
	if len(words) < leastContent || len(Advises(s)) > 0 {
		return
	}
	said := map[string]bool{}
	groups := map[int]bool{}
	for _, f := range r.facts {
		for _, w := range contentOf(f.Says) {
			said[stem(w)] = true
			for _, g := range kin[w] {
				groups[g] = true
			}
		}
		for key := range f.Values {
			for w := range strings.SplitSeq(key, "_") {
				said[stem(w)] = true
			}
		}
	}
	for _, w := range words {
		if said[stem(w)] || slices.ContainsFunc(kin[w], func(g int) bool { return groups[g] }) {
			return
		}
	}
	r.refuse(NoCitation, "what it cites tells of none of this: cite the facts that it rests on, or leave it out")
}

// contentOf are the words of a text that may stand in a fact as well: numbers, names and words of three letters or more.
func contentOf(text string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(plainText(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' }) {
		w = strings.Trim(w, ".")
		if len(w) < 3 && !strings.ContainsFunc(w, unicode.IsDigit) || idle[w] {
			continue
		}
		out = append(out, w)
	}
	return out
}
