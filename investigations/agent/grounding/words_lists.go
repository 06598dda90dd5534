package grounding

import "sync"

// lists are choices that several phrases share.
var lists = map[string]string{
	"be":     "is|was|are|were|be|been|being|became|becomes|got|gets|remains|remained",
	"the":    "the|a|an|its|their|his|this|that|our|own",
	"hit":    "hit|hits|hitting|reach|reached|reaches|reaching|exceed|exceeded|exceeds|exceeding|breached|breaches|breaching|crossed|crosses|crossing|overran|exhausted|exhausts|exhausting|broke|broken|blew|passed|overstepped|surpassed|touched|filled|bumped|overshot|overshoots|slammed|bump|went|ran",
	"limit":  "limit|limits|cap|maximum|quota|allowance|budget|threshold",
	"node":   "node|machine|host|system|worker|server|vm|box",
	"cause":  "cause|caused|causes|causing|because|due|owing|culprit|reason|blame|responsible|explains|explain|explained|explanation|trigger|triggered|origin|behind|source|attributed|attributable|stems|stemming|traced|why|driver|driven|culprits|fault",
	"took":   "used|took|take|takes|taking|taken|ate|eats|eating|eaten|consumed|consumes|consuming|hogged|hogs|hogging|devoured|grabbed|swallowed|gobbled|exhausted|exhausts|monopolised|monopolized|starved|starves|filled|fills|squeezed|stole|drained|claimed|hoarded|sucked|overran|crowded|accumulated|ballooned|leaked|leaks|leaking|grew|exploded|blew|overwhelmed|pushed|drove",
	"set":    "triggered|triggers|caused|causes|introduced|introduces|brought|led|leads|provoked|started|began|initiated|prompted|produced|created|kicked|broke|induced|sparked|precipitated|ushered|tripped|drove|pushed|tipped",
	"event":  "deploy|deployment|deploys|rollout|rollouts|release|releases|revision|revisions|upgrade|version|image|build|change|changes",
	"rose":   "rose|risen|rise|rises|rising|grew|grown|grow|grows|growing|growth|climbed|climb|climbs|climbing|increased|increase|increases|increasing|surged|surge|surges|surging|doubled|doubles|doubling|tripled|quadrupled|jumped|jump|jumps|jumping|spiked|spike|spikes|spiking|ramped|ramps|ramping|soared|soaring|ballooned|ballooning|exploded|escalated|accumulated|accumulates|accumulating|leaked|leaking|crept|creeping|swelled|swelling|burst|bursts|upward|upwards|uptick|shot|mounted|mounting|expanded|expanding|inflated|piled|rocketed|raised|lifted|bumped|skyrocketed",
	"fell":   "fell|falls|falling|fallen|fall|dropped|drop|drops|dropping|decreased|decrease|decreases|decreasing|declined|declines|declining|decline|shrank|shrinks|shrinking|shrunk|released|freed|recovered|downward|downwards|dipped|dips|halved|lowered|cut|tightened|receded|subsided|plummeted|collapsed|sank|reclaimed|returned|returns|eased|dwindled|diminished",
	"flat":   "flat|steady|stable|levelled|leveled|constant|unchanged|plateau|plateaued|plateaus|flattened|flatlined|static|stationary|untouched|unmodified|settled|steadied|stagnant",
	"thing":  "pod|pods|life|lives|container|containers|replica|replicas|revision|revisions|kill|kills|restart|restarts|process|processes|node|nodes|version|versions|instance|instances|workload|workloads|sample|samples|request|requests|crash|crashes|rollout|rollouts|service|services|namespace|namespaces|deploy|deploys",
	"absent": "profile|profiles|pprof|profiling|dump|dumps|log|logs|metric|metrics|prometheus|series|samples|dmesg|report|reports|history|events|record|records|data|revisions|evidence|messages|information|trace|traces|graph|graphs|figures",
	"must":   "should|must|needs|need|ought|has|have|shall|to|could|can|might|may",
	"shows":  "show|shows|showed|confirm|confirms|confirmed|reveal|reveals|revealed|prove|proves|proved|name|names|indicate|indicates|indicated|suggest|suggests|suggested|support|supports|agree|agrees|hint|hints|point|points|pointed|blame|blames|tell|tells",
	"soft":   "probably|likely|apparently|presumably|seemingly|evidently|clearly",
}

// inNames are words that stand in names of workloads and processes more often than in hyphenated words.
var inNames = map[string]bool{
	"agent": true, "proxy": true, "backup": true, "import": true, "export": true, "report": true, "server": true, "service": true, "worker": true, "session": true, "sessions": true, "app": true,
	"kubectl": true, "helm": true, "web": true, "api": true, "job": true, "sender": true, "loader": true, "istio": true, "envoy": true, "log": true, "logs": true, "metrics": true, "data": true, "file": true, "files": true, "query": true,
}

// known reports whether a word stands in a lexicon.
func known(w string) bool {
	v := vocabulary()
	if v.words[w] {
		return true
	}
	for n := 3; n <= len(w); n++ {
		if v.prefixes[w[:n]] {
			return true
		}
	}
	return false
}

type vocabularySet struct{ words, prefixes map[string]bool }

var vocabulary = sync.OnceValue(func() vocabularySet {
	v := vocabularySet{words: map[string]bool{}, prefixes: map[string]bool{}}
	for _, w := range []string{"oom", "killed", "kill", "own", "level", "wide", "based", "up", "out", "of", "and", "or", "in", "per", "as", "non"} {
		v.words[w] = true
	}
	for _, l := range []lexicon{ends, causeWords, triggerWords, directionWords, adviceWords, causal, adviceDirect, harmWords, absenceWords, precedentWords, quantityWords, negators, denials, hedges, stated, slight, slightChange} {
		for _, byWord := range []map[string][]phrase{l().byWord, l().byHead} {
			for _, phrases := range byWord {
				for _, p := range phrases {
					v.add(p)
				}
			}
		}
	}
	return v
})

func (v vocabularySet) add(p phrase) {
	for _, s := range p.slots {
		for _, w := range s.words {
			v.words[w] = true
		}
		for _, w := range s.prefixes {
			v.prefixes[w] = true
		}
	}
}
