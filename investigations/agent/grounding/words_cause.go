package grounding

// causeWords tell why memory ran out. A label that ends in "?" is a mere mention: it tells a cause only where its clause names
// it as one, or says that it took the memory.
var causeWords = compile([]entry{
	{"none", []string{"allow|allowed|allows|allowing|permit|permits|permitted|enabled|let|lets ?it ?its ?for unbounded|unlimited|uncontrolled ?memory growth", "sidecar|envoy|istio *1 takes|took|take|uses|used|holds|held|has|needs|had ?up ?only ?just ?about # ?mib|gib|mb|gb|of", "shared memory <limit>", "large|big|single batch|request size|limit"}},
	{"leak", []string{
		"memory|heap|object|resource|slow|steady|classic|genuine|real|true leak|leaks|leakage", "leak|leaks|leaked|leaking|leakage|leaky",
		"never ?<be> frees|freed|releases|released|free|release", "objects|entries|references|sessions|buffers <be> ?never retained|kept|hoarded|leaked", "forgets|forget to give|free|release|return", "never|not give|gives|gave *3 back", "piles|pile|piled up *6 stays|stay|stayed",
		"keeps|keep|hold|holds|retain|retains|retaining|keeping|holding ?on ?to ?every ?all ?too ?many ?its ?the references|objects|entries|sessions|session", "unbounded ?memory growth",
		"grow|grows|grew|growing without bound|bounds|limit|end", "does|did not free|release ?its|the|any memory|objects|sessions|entries",
	}},
	{"undersized", []string{
		"undersized", "under|badly|poorly sized|provisioned|dimensioned", "underprovision~", "mis sized",
		"<limit> *4 <be> ?<soft> ?simply ?just ?far ?much ?way ?set too|unrealistically|insufficiently low|small|tight|stingy|conservative|modest",
		"too low|small|tight a ?memory <limit>", "too low|small|tight ?memory <limit>",
		"<limit> *2 <be> ?simply ?just below|under what|its|the|real", "<limit> below|under what|its ?it ?real ?actual ?needs|need|demand",
		"<limit> *3 not enough|sufficient|adequate|large", "insufficient ?memory <limit>", "<limit> *2 does not cover|suffice|fit|match",
		"needs|need|needed|requires|required ?simply ?just more ?memory than its|the|it ?<limit>",
		"outgrew|outgrown|outgrows its|the ?memory <limit>", "not enough ?memory room|headroom|space for", "not ?been given|have ?been enough ?memory|headroom|room",
		"tight|low|small ?memory <limit> *3 <cause>", "starved by ?a ?too its|low <limit>", "limit <be> inadequate|insufficient|unrealistic",
		"has|have ?simply ?just ?long outgrown *2 # ?mib|gib|mb|gb", "# mib|gib|mb|gb <be> ?simply ?just ?far not enough|sufficient", "# mib|gib|mb|gb <be> ?simply ?just ?far too little|small|tight|low",
		"<limit> *4 <be> ?rather ?quite ?very ?a tight|stingy|meagre|inadequate",
		"legitimate working set *3 larger|above|over", "heap *4 too small|low|tight", "normal|usual|regular ?memory need|demand *3 above|over|exceeds",
	}},
	{"spike", []string{
		"traffic|load|request|requests|usage|demand ?rate spike|spikes|burst|bursts|surge|surges|peak",
		"spike|spikes|burst|surge|flood|wave|rush|peak|jump|flash of|in ?incoming ?user traffic|load|requests|demand|users|calls|queries|uploads|imports|jobs",
		"sudden|unusual|abnormal|extraordinary|exceptional load|burst|traffic|demand|spike|surge|peak",
		"one|single|a|huge|giant|enormous|oversized ?single ?very ?extremely ?exceptionally large|huge|big|heavy|oversized|giant|expensive|enormous ?import ?export request|query|upload|input|file|payload|import|export|response|job|batch|message",
		"oversized|giant request|query|upload|input|file|payload|import|message", "heavy|increased|extra|unexpected load|traffic|batch",
		"load|traffic|requests <be> too high|much|heavy",
		"too many|much ?concurrent ?simultaneous ?parallel ?incoming requests|traffic|load|connections|users", "traffic|load overwhelmed|overloaded",
		"overload|overloaded ?by",
		"number|amount|volume|flood of ?very ?concurrent ?simultaneous ?parallel ?incoming requests|traffic|queries|users|connections|uploads *2 <took>|<cause>|overwhelmed|pushed",
		"requests|traffic|load|queries|users ?than ?usual ?normal overwhelmed|flooded|overloaded|exhausted|swamped|crushed", "thundering herd",
		"ddos",
	}},
	{"job?", []string{"batch ?job|run", "nightly ?job|batch|report|run", "cron ?job", "cronjob", "scheduled job|task"}},
	{"neighbour", []string{
		"noisy neighbour|neighbours",
		"neighbouring|neighbour|another|other|different|foreign|unrelated|co pod|pods|workload|workloads|container|process|processes|tenant|service|program|job *3 <took> ?up ?all|most ?of <the> memory|ram|node|it|everything|limit",
		"neighbour|neighbours ?on *4 <took>|<cause>", "<took> ?up *4 by a|another|its|neighbouring|other neighbour|neighbours|pod|workload|process",
		"process|program|agent|daemon outside ?of kubernetes *3 <took>", "node neighbour|neighbours",
		"another|other|neighbouring pod|workload|process *3 starved|pushed|squeezed|crowded",
	}},
	{"one", []string{"took|used ?up ?all ?of the ?node memory", "single|one ?noisy neighbour|pod|workload|process *3 <took>"}},
	{"sidecar", []string{
		"sidecar|envoy|istio ?container ?itself ?<be> ?<soft> ?that ?which ?slowly ?gradually <took> ?up ?nearly ?almost ?all|most|much|the|memory|pod|shared|its|room",
		"sidecar|sidecars *3 <cause>", "<cause> *4 sidecar|sidecars", "sidecar *4 <rose>",
		"another|other|different|second container of|in|inside <the> ?same pod *3 <took>",
		"another|other|neighbouring container *2 <took> ?up <the> ?shared|pod ?memory <limit>", "used up <the> shared ?memory <limit>",
	}},
	{"overcommit", []string{
		"overcommit~", "over commit~|committed|subscribed|booked|packed", "oversubscri~", "overbooked", "overpacked", "packed ?far ?way too tight~|dense~|full", "too tightly|densely packed",
		"too many ?small ?different pods|workloads|containers|processes", "many pods|workloads|small ?ones together|on|use|combined|that",
		"pods together|combined|in *2 use|need|hold|used|held more", "no single pod|workload|one|consumer|process|offender",
		"collectively <took>|used|exhausted ?up <the>|all|more|most|everything|memory", "combined|aggregate|cumulative usage|use|demand|footprint|memory of ?all ?the ?many pods|workloads",
	}},
	{"volume?", []string{
		"tmpfs ?volume ?mount", "emptydir ?volume", "empty dir", "shm ?files", "shmem",
		"memory backed|based volume|volumes|emptydir|storage|filesystem", "files ?kept ?stored in memory|ram|tmpfs|shm",
		"in memory files|volume|filesystem", "shared memory", "ramdisk", "ram disk",
	}},
	{"cache", []string{
		"page|application|in-memory|object|internal ?memory cache|caches *1 <took>", "cache|caches *3 oversized|unbounded|misconfigured", "cache|caches <be> *2 too|oversized|unbounded",
		"oversized|unbounded ?in-memory cache",
	}},
	{"kernel?", []string{
		"kernel ?own memory|slab|objects|allocations|structures", "slab ?memory ?caches ?cache", "page tables", "pagetables",
		"socket buffers|memory", "dentry|dentries|inode|inodes ?cache", "kernel or its drivers", "huge|hugetlb pages", "hugepages", "fragmentation",
		"fragmented", "memory balloon",
	}},
	{"heap ceiling", []string{
		"<the>|runtime|java|jvm|go|v8|node|managed|heap ?own ?heap ceiling ?is|was|does|did ?set ?far ?not too|above|fit|larger|higher|equals|exceeds|as|mismatched|leaves|left high|large|big|fit|match|<the>|than|room|no|as|little",
		"<the> ?own heap|runtime limit|maximum|setting|settings|max|size ?is|was|does|did ?set ?far ?not too|above|fit|larger|higher|equals|exceeds|as|mismatched|leaves|left high|large|big|fit|match|<the>|than|room|no|as|little",
		"runtime|java|jvm|go|v8|node|managed|heap ?own ?heap limit|maximum|setting|settings|max|size ?is|was|does|did ?set ?far ?not too|above|fit|larger|higher|equals|exceeds|as|mismatched|leaves|left high|large|big|fit|match|<the>|than|room|no|as|little",
		"runtime|jvm|java|go|v8|gc|garbage ?collector misconfigur~|misconfigured|misconfiguration|mis",
		"misconfigured|mis|wrongly ?configured|tuned|sized ?java ?go ?v8 runtime|jvm|heap|gc|ceiling|collector",
		"xmx ?is|was|<be> ?set ?far ?much too|above|larger|higher|equal|as|leaves", "xmx *6 too|above|larger|higher|equal|leaves|no",
		"heap *3 larger|bigger|higher than ?the ?its ?container ?memory <limit>", "heap as large as|the", "heap *2 oversized|misconfigur~",
		"heap <be> ?simply ?just ?far ?much ?set too large|big|high|generous", "oversized ?java ?jvm ?runtime heap",
		"xmx|heap|jvm|runtime|gomemlimit setting|flag|ceiling|configuration|size <be> wrong|incorrect|bad|off", "gomemlimit ?is ?was ?<be> not|unset|missing|misconfig~", "runtime ceiling|limit *2 not fit", "heap ceiling *3 <cause>",
		"does not leave *3 room for metaspace|off|threads|native|buffers", "no room for metaspace|off|threads|native|buffers",
		"maxrampercentage *4 too|high",
	}},
	{"misconfigured", []string{"wrong|bad|faulty|incorrect|unsuitable|poor|mistaken xmx|heap|gc|jvm|java|runtime ?setting ?settings ?size ?configuration ?ceiling ?flags"}},
	{"heap ceiling?", []string{"heap|jvm|runtime|gc|xmx|gomemlimit|java settings|setting|configuration|config|ceiling|size|limit|flags"}},
	{"unknown", []string{
		"root ?cause|reason ?for *3 unknown|unclear|undetermined|inconclusive|open|undecided|mystery|told|unexplained",
		"insufficient|not|too enough|little ?the evidence", "evidence *2 inconclusive|insufficient|not sufficient|enough",
		"why|what|cause|reason *4 can not be determined|told|said", "it|this can not be determined|told|said", "no cause <be> carried", "no cause is|can|could|was",
		"cause is|remains|was ?still ?not ?<soft> unknown|unclear|undetermined|known|clear|established|determined", "<be> inconclusive",
	}},
})

// causal marks a clause that names a cause, or says that something took the memory.
var causal = compile([]entry{
	{"cause", []string{
		"<cause>", "plays|play|played|has|have|had ?no|a|any ?real ?small ?minor role|part|influence", "matters|matter",
		"irrelevant|negligible|insignificant", "to blame", "set off", "at fault", "problem|issue|fine|ok|okay",
	}},
	{"took", []string{
		"took|takes|take|eats|ate|eaten|devoured|swallowed|hogged|hogs|grabbed|hoarded it|up|over|the|all|most|everything|nearly|almost|half|away",
		"used|using|uses|use ?it up", "<be> ?what <took>", "filled|fills|exhausted|exhausts|overran|crowded|starved ?up <the>|it|memory|ram|node",
		"consumed|consumes|consuming|held|holds ?up|nearly|almost ?all|most|the|nearly|bulk|almost|everything",
		"exploded|ballooned|overflowed|leaked|leaks", "ran away", "grew|grows|kept|growing until|without|growing|into",
		"pushed|drove|tipped it|the|memory|this|usage|container|pod",
	}},
})

// slight marks a clause that says that something is small.
var slight = compile([]entry{{"slight", []string{
	"only", "just #", "merely", "negligib~", "tiny", "small", "minor", "insignificant", "little", "marginal", "trivial", "no more than",
	"less than", "under #", "below #", "barely",
}}})
