package grounding

// directionWords name what may rise or fall, and how. Subjects are "s:NAME", directions "up", "down", "flat", "steady" (up, and all the
// time) and "none" (what looks like a direction and is none).
var directionWords = compile([]entry{
	{"s:traffic", []string{"traffic", "request|requests rate|rates|volume|volumes|count|counts|load|numbers", "requests ?per ?second ?arriving", "rps|qps|throughput", "load", "concurrency", "demand"}},
	{"s:anon", []string{"rss", "anonymous ?memory", "anon ?memory", "process|processes", "resident memory|set"}},
	{"s:memory", []string{
		"memory ?usage ?use ?consumption ?footprint ?level ?curve", "working set", "usage", "footprint", "heap ?usage ?use", "consumption",
		"ram ?usage ?use", "resident set|memory",
	}},
	{"s:cache", []string{"page cache", "cache|caches"}},
	{"s:kernel", []string{"slab", "page tables", "kernel ?own memory", "socket buffers"}},
	{"s:volume", []string{"tmpfs", "emptydir", "shmem", "shm", "shared memory"}},
	{"s:limit", []string{"memory|container|pod ?memory limit|limits", "limit|limits", "xmx|ceiling"}},
	{"s:image", []string{"image|images", "code", "container image"}},
	{"s:request", []string{"memory|container request", "request"}},
	{"s:restarts", []string{"restarts", "restart count|rate|counter", "number of restarts", "kills", "kill rate|frequency|count"}},
	{"s:node", []string{
		"available ?free ?memory on ?the node", "node ?available ?free memory", "free|available memory", "memory available",
		"node|host|machine ?memory usage|use|utilization|utilisation",
	}},
	{"s:entity", []string{
		"pod|pods|container|containers|it|life|lives|revision|revisions|replica|replicas|service|application|app|program|sidecar|they|both|workload|instances|instance|predecessor|predecessors|growth|curve|slope",
	}},
	{"s:other:cpu", []string{"cpu", "throttl~", "processor", "cores"}},
	{"s:other:latency", []string{"latency|latencies", "response time|times", "p99|p95", "slow responses"}},
	{"s:other:error", []string{"error rate|rates|count", "errors", "failed requests", "5xx|500s"}},
	{"s:other:disk", []string{"disk", "i/o|io wait", "iowait", "iops", "storage"}},
	{"s:other:network", []string{"network", "bandwidth", "packet ?loss"}},
	{"s:other:gc", []string{"gc|garbage pause|pauses|collection|collections|activity|pressure|time"}},
	{"s:other:connection", []string{"connections|connection ?count ?pool"}},
	{"s:other:thread", []string{"threads|thread ?count", "goroutines|goroutine ?count"}},
	{"s:other:queue", []string{"queue ?length ?depth ?size", "backlog"}},
	{"s:other:swap", []string{"swap ?usage ?space", "swapping|swapped"}},
	{"s:other:file", []string{"file descriptors|handles", "open files"}},
	{"s:other:replica", []string{"replica count", "number of replicas"}},
	{"leak", []string{"leaks|leaked|leak"}},
	{"moved", []string{"image|images|code ?itself <be> ?also changed|updated|replaced|swapped|bumped|upgraded"}},
	{"up", []string{
		"<rose>", "went|going|goes|go ?steadily ?straight ?sharply up", "on the rise", "more than doubled",
		"kept growing|climbing|rising|increasing", "up by|to|from", "rise|increase|growth|jump|surge|spike of|in", "through the roof", "went|going|go through a *1 peak|spike|burst",
		"times as|the", "build|built|building up", "trend|trended|trending up|upwards|upward",
		"<be> ?much ?far ?well ?slightly ?now ?already higher", "higher at|than", "gain|gained",
	}},
	{"steady", []string{
		"steady|linear|constant|even slope|trend|incline",
		"<rose> ?# steadily|monotonically|linearly|continuously|constantly|relentlessly|consistently",
		"steadily|monotonically|linearly|continuously|constantly|relentlessly|consistently|steady|linear|constant|continuous|monotonic <rose>",
		"growth|rise|climb|increase|ascent ?<be> ?<soft> ?very ?quite ?remarkably ?perfectly steady|constant|linear|uniform|continuous", "kept|keeps|keep growing|climbing|rising|increasing|on", "never <fell>|levelled|plateaued|stopped|recovers",
		"never came|comes|went|goes ?back down", "without ever <fell>|coming|going", "grew|grows|growing without bound|end|stopping|limit",
	}},
	{"down", []string{
		"<fell>", "came|comes|come|coming|went|goes|going ?back down", "down by|to|from", "trend|trended|trending down|downwards", "up and down",
		"rises|rose|goes|went and falls|fell|down", "<be> ?much ?far ?well ?slightly ?now lower", "lower at|than",
		"drop|decrease|decline|fall|reduction of|in",
	}},
	{"flat", []string{
		"<flat>",
		"did|does|had|has|was|were not ?been ?really ?significantly ?materially ?noticeably ?visibly change|changed|rise|grow|increase|move|vary|budge|risen|grown|climb",
		"not change|changed|rise|grow|increase|move|vary",
		"no ?significant ?material ?notable ?visible ?real ?unusual change|changes in|of|to|over|during|at|visible",
		"showed|shows|show|saw|sees|see|had|with no ?significant ?material ?notable ?visible ?real change|changes",
		"no ?significant ?material ?notable ?visible ?real ?unusual ?sign ?of ?a ?such ?any increase|growth|rise|variation|trend|difference",
		"without ?any change|increase|growth|variation", "within # *2 of",
		"stayed|remained|remains|stays|held|keeps|kept|was|is|were|stay ?at ?its ?their ?the ?about ?roughly ?nearly ?almost ?perfectly ?at|pretty ?much ?the level|even|normal|usual",
		"stayed|remained|remains|stays ?at|pretty ?much ?the same", "level until", "barely|hardly moved|changed|rose|grew|varied",
		"more or less the same", "stayed|stays|remained|remains|hovered|hovers ?at|around|near|about ?around ?about #", "as usual|always",
		"its|the|a|their|no ?more ?than usual|normal amount|level|size|value", "about level", "came to ?a ?the level|plateau", "lived at", "unchanged",
	}},
	{"none", []string{
		"its|their|the ?usual|normal|former|old|peak|earlier|present level of #", "grow|grows|grew up", "stays|stay|stayed|remains|remained at # *1 at most", "constant|same|similar|identical|equal|fixed|stable number|count|amount|total|volume of", "steady|constant|linear|uniform|stable ?rate|pace|slope ?of #",
		"should|must|can|may|shall ?be|remain|stay|stays ?left|kept unchanged|untouched|stable|constant", "such a|an growth|rise|increase|climb|jump|spike|surge", "this|that|such ?steady ?rapid ?steep ?sudden growth|rise|increase|climb|jump|spike|surge",
		"process|processes|pod|pods|container|containers|service|node|machine|replica|replicas|group|everything ?will ?of ?the ?its ?group ?all went|goes|go|going|gone ?all ?both down",
		"should|could|would|ought ?to ?not ?never have ?been <fell>|<rose>|<flat>", "steady|constant|linear|continuous|stable leak|leaks|leakage|loss",
		"within # minute|minutes|min|hour|hours|h|second|seconds|s|day|days of",
		"<be> ?almost ?nearly ?about ?over ?roughly ?some ?at ?least #|two|three|four|five|six|seven|eight|nine|ten|several|many times the|as|its|what|more|that", "<be> ?already ?now down to # *4 available|free|left|spare", "<be> ?all ?entirely ?<soft> down to it|them|him|this|that|one",
		"no ?further ?other ?additional change|changes|adjustment|adjustments ?of|in|to *7 called|needed|required|necessary|due|warranted|indicated",
		"lower|higher|raise|raising|increase|increasing|reducing|reduce|double|doubling|decrease|bump|halve|drop ?the ?its ?their ?a ?container ?pod ?memory limit|limits|request|requests|ceiling|bound|heap|xmx|replicas",
		"lower|higher|reduced priority|risk|confidence|score|likelihood|likely", "returned ?an|a error|code", "released on|at|in|version", "times|above|over|than|against|beyond|exceeded|exceeds|exceeding|from|of|to|double|twice its|the|their|a usual|normal|average ?amount ?level ?size ?value",
		"right|left|even though", "hold|holds|held|kept down",
		"shut|scaled|shutting|scale|scaling|broke|cut|slow|track|write|narrow|settle|calm|cool|come down", "steady state", "up to", "next level",
	}},
})

// slightChange marks a clause that tells of a change as a small one.
var slightChange = compile([]entry{{"slight", []string{
	"slightly|marginally|minimally|barely|modestly", "only|just|merely|mere ?by #", "a little|bit|touch|hair", "slight|small|tiny|minimal|marginal",
	"crept|creeping|inched|edged", "by ?just ?only ?a ?mere ?some #",
}}})

// quantityWords are claims on all, none or only one of a kind.
var quantityWords = compile([]entry{
	{"all", []string{
		"all|every|each|any ?of ?the ?its ?single ?other ?last ?# <thing>", "both ?of ?the <thing>", "every time", "each time", "without exception",
		"across the board", "fleet wide", "across all <thing>",
	}},
	{"none", []string{"none of ?the ?its ?other ?earlier <thing>", "no other|single <thing>", "never", "not a single|one <thing>"}},
	{"only", []string{"only ?the ?this ?that ?a ?one|single|this|other <thing>", "the only <thing>", "no <thing> but|other|except"}},
})

// stated marks a clause that says of a quantity how it is.
var stated = compile([]entry{{"state", []string{
	"<be>|looked|looks|stayed|ran|reached|hit|had|has|showed|shows ?very ?completely ?too ?still ?well ?at high|low|saturated|fine|ok|okay|healthy|normal|slow|full|bad|elevated|exhausted|idle|busy|pegged|maxed|throttled|within|above|below|throttling|bound|starved|overloaded|congested|involved|contended|at|#",
	"high|low|elevated|excessive|heavy|saturated|exhausted cpu|latency|disk|network|gc|connections|threads|errors|queue|swap|i/o",
	"cpu|disk|network|io bound|starvation|saturation|throttling|contention|pressure|exhaustion",
	"no|without ?any ?sign ?of cpu|latency|disk|network|gc|swap|connection",
}}})
