package grounding

import "github.com/oombot/oombot/investigations"

// Unlisted is advice that is none of the actions of the result document.
const Unlisted investigations.Action = "unlisted"

// adviceWords are what a reader may be told to do, by their base forms; the labels are actions.
var adviceWords = compile([]entry{
	{string(investigations.ActionSetLimit), []string{
		"raise|increase|bump|double|triple|lift|extend|expand|enlarge|boost|lower|reduce|decrease *4 <limit>",
		"raise|increase|bump|double|triple|lift|up|extend|expand|grow|set|change|adjust|enlarge|relax|boost|lower|reduce|decrease|tune|halve ?up <the>|container|both|memory|higher|pod *3 <limit>",
		"raise|increase|bump|double|lift|enlarge|boost ?up <limit>",
		"raise|increase|bump|double|triple|enlarge|boost ?the ?its ?container memory|ram ?allocation ?allowance ?size",
		"give|grant|allocate|assign|provide|allow|allot ?the ?it ?them ?this *3 more|additional|extra|larger|bigger|higher memory|ram|headroom|room|limit",
		"more generous ?memory limit|limits", "higher|larger|bigger|increased|doubled ?memory limit|limits",
		"give|grant|allow|assign|allocate *4 # ?mib|gib|mb|gb ?of memory|ram", "more|additional|extra|double memory|ram", "set ?a ?memory limit",
		"resize the|its container|pod", "limits.memory",
	}},
	{string(investigations.ActionSetRequest), []string{
		"raise|increase|set|bump|lower|adjust|reduce|double <the> *3 request",
		"raise|increase|set|bump|adjust|reduce|lower memory|ram ?resource request|requests", "higher|larger|lower memory|resource request",
		"requests.memory",
	}},
	{string(investigations.ActionRollback), []string{
		"roll|go|going|fall|move|switch|return|step|get|reset *2 back",
		"switch|return|go|move|reset *1 to ?the ?a ?an ?previous|old|older|earlier|last|prior ?known ?good revision|version|image|release|deploy|deployment|rollout",
		"roll *2 to revision|version|#|the|previous", "rollback",
		"revert|reverting|reverted|undo|undone|undoing|back out|downgrade|downgrading|withdraw", "undo|revert", "back out", "downgrade",
		"pin|repin|use|redeploy|restore|deploy|redeploying|reinstate|keep ?to ?back <the>|old|previous|last|earlier|revision|version|image ?last ?known ?good ?previous ?old ?earlier revision|image|version|release|#",
		"restore|reinstate|redeploy ?the ?previous ?old ?earlier ?last revision|version|image|release", "go back to",
	}},
	{string(investigations.ActionFixLeak), []string{
		"fix|fixing|find|patch|plug|close|repair|eliminate|address|stop|cure|resolve|debug|solve|remove|hunt <the> ?memory ?underlying ?real ?actual leak|leaks",
		"fix|fixing|patch|plug|repair|address|debug|solve ?down memory leak|leaks",
		"free|release|evict|expire|bound <the> sessions|objects|entries|references|store|session|buffers|map",
		"find what|where|out *3 keeps|holds|leaks|leak|references|retains|growth|growing",
	}},
	{string(investigations.ActionSetRuntimeCeiling), []string{
		"lower|raise|set|reduce|adjust|align|configure|increase|decrease|cap|tune|change|limit|fit|shrink *3 xmx|heap|gomemlimit|maxrampercentage|ceiling|runtime|old|jvm",
		"lower|raise|set|reduce|adjust|configure ?the heap", "smaller|larger|lower heap", "give the jvm|runtime|heap",
	}},
	{string(investigations.ActionCapVolume), []string{
		"cap|limit|bound|shrink|restrict *5 volume|tmpfs|emptydir|shm", "set|add|give|define *4 sizelimit", "set|add|give|define *2 volume|tmpfs|emptydir *1 size", "size limit for|on|to *1 volume|tmpfs|emptydir", "sizelimit",
		"clean|delete|purge|clear|prune|empty ?up *2 files|tmpfs|shm|volume|emptydir", "move *4 disk|persistent|volume", "use a volume on disk",
		"switch *3 to disk",
	}},
	{string(investigations.ActionLimitCulprit), []string{
		"limit|cap|constrain|restrict|throttle|bound|contain <the>|neighbour|culprit|sidecar|noisy|offending|other|backup|memory ?noisy ?offending ?other ?usage ?of ?the neighbour|neighbours|culprit|sidecar|pod|workload|container|agent|process|offender",
		"give|set|put|add|assign|impose *2 a|its|own ?own memory|limit|memorymax ?limit *3 on|for|to|sidecar|neighbour|culprit|agent|own|unit",
		"limit for|on the sidecar|neighbour|culprit|other", "memorymax", "system reserved", "set|raise|lower|give *3 sidecar *2 limit",
	}},
	{string(investigations.ActionMoveOrResizeNode), []string{
		"move|migrate|relocate|reschedule|spread ?away <the>|some|pods|workload|workloads|it|them|other|redis ?other ?some ?victim pods|workload|workloads|pod|elsewhere|to|away|another|off|it|out",
		"add|provision|use|get|take|buy|bring ?a ?an ?another|more|larger|bigger|additional|new node|nodes|machine|capacity",
		"larger|bigger ?node nodes|instance|machine|node", "resize|enlarge|upsize|scale <the> node", "more nodes", "anti affinity",
		"spread ?the pods|load|workloads", "rebalance",
	}},
	{string(investigations.ActionScaleOut), []string{
		"scale ?it ?them ?the ?up out|horizontally|up", "scale *1 to|up|out|#", "scale ?to # replicas",
		"add|more|run|increase|raise|use|deploy|double ?the ?more ?additional ?number ?of replicas|replica|instances",
		"increase|raise <the> ?number replica|of ?count ?replicas", "more replicas", "horizontal ?pod autoscal~", "hpa",
	}},
	{string(investigations.ActionProtect), []string{
		"protect <the>", "priority class|higher", "priorityclass", "guaranteed qos|class", "qos class ?guaranteed", "raise|give *3 priority|qos",
		"higher priority",
	}},
	{string(investigations.ActionReduceLoad), []string{
		"reduce|shed|limit|throttle|cap|bound|lower|queue|cut|restrict|decrease|drop *3 load|traffic|requests|concurrency|batch|input|rows|upload|uploads|import|imports|size|export|job|files",
		"rate limit|limiting",
		"set|add|define|enforce|introduce|impose|put *3 upload|request|payload|body|input|batch|import|file|message size|limit|cap|maximum|limits",
		"stream|page|paginate|chunk|split|batch <the> *3 request|requests|import|imports|export|exports|file|files|input|inputs|query|rows|job|upload|it|results|data",
		"process *4 smaller|chunks|batches", "backpressure", "smaller batches|chunks|batch", "load shedding",
		"refuse|reject *4 size|large|above|requests|uploads|inputs",
	}},
	{string(investigations.ActionFixProbe), []string{
		"fix|relax|tune|adjust|lengthen|extend|increase|raise|change|loosen|repair|correct|review *4 probe|probes",
		"probe timeout|timeouts|threshold", "fix *3 probe", "find out why the probe",
		"increase|raise|extend *3 timeout|failurethreshold|timeoutseconds|initialdelayseconds", "startup probe",
	}},
	{string(investigations.ActionNoMemoryChange), []string{
		"leave|keep *4 limit|limits|memory|request|requests *4 is|are|unchanged|alone|untouched|now", "leave ?the memory|limits|limit",
		"no memory ?limit change|changes", "do nothing", "no ?further action|change|changes ?<be> needed|required|necessary",
	}},
	{string(investigations.ActionCollectMore), []string{
		"collect|capture|take|gather|grab|record|enable|configure|get|obtain|pull|dump|save *4 profile|profiles|dump|dumps|metrics|logs|log|evidence|data|events|trace|traces|snapshot|snapshots|information|kernel|prometheus",
		"watch|monitor|observe|check|inspect|investigate|review|examine|look|profile|compare|verify|confirm|analyse|analyze|audit|track|see|keep|reproduce|measure",
	}},
	{string(Unlisted), []string{
		"delete|remove|kill|recreate|evict|terminate|bounce|drop|destroy|purge|wipe <the>|pod|pods|deployment|namespace|node|memory|all|container|it|any|every ?memory ?old ?failing ?affected ?whole ?resource pod|pods|deployment|namespace|container|limit|limits|node|statefulset|pvc|volume|process|workload|job|it",
		"kill|remove|delete|stop|terminate|disable|uninstall|evict *2 sidecar|agent|shipper|neighbour|culprit|container|pod|process|workload|job|cronjob",
		"kill|terminate|evict|stop|delete *1 now|immediately|manually",
		"remove|drop|disable|delete|lift|unset ?all ?the ?its memory|resource ?limits limit|limits",
		"run|runs|operate|deploy ?it ?them without ?a ?any ?memory limit|limits", "set *4 unlimited", "unlimited memory",
		"restart|restarting|reboot|rebooting|recycle|bounce|kick ?the ?a ?all ?that ?this|pod|pods|container|deployment|node|service|app|application|kubelet|workload|it|machine|everything|daily|nightly|regularly",
		"restart ?it|them|every|daily|pods", "scheduled|periodic|daily|nightly|regular|rolling restart|restarts", "rollout restart",
		"scale *3 zero|0", "scale ?the ?it ?deployment ?them down", "scale|scaled|scaling *2 to # ?replicas",
		"disable|turn|switch|deactivate ?off <the>|oom|oomd|systemd|systemd-oomd|earlyoom|swap|kubelet|linux *3 oom|oomd|killer|eviction|accounting|limits|probe|probes|overcommit|redaction",
		"disable oom|systemd-oomd|oomd|the|overcommit|swap|eviction|probes", "enable|add|turn|use ?on swap|overcommit",
		"oom_score_adj|oomscoreadj|oom_kill_disable|vm.overcommit_memory|panic_on_oom", "overcommit_memory", "exec|ssh|log ?in into|to|onto", "exec",
		"rerun|rerunning ?the|it|job|batch|export|import", "run|execute|paste|type|apply|issue|launch <the> ?following ?below command|commands|script|following|this",
		"run|execute|invoke|call|use kubectl|helm|docker|bash|sh|curl|wget|script|sudo",
		"kubectl|helm|curl|chmod|chown|sudo|systemctl|wget|rm|bash|docker|crictl|nsenter", "chmod|chown",
		"drop|flush|clear <the> ?page caches|cache", "drop_caches",
		"contact|call|ask|page|email|notify|tell|ping|escalate|inform|message|alert|phone|reach ?out ?to ?the ?responsible *1 team|owner|owners|engineers|developers|support|vendor",
		"contact|call|ask|page|email|notify|tell|ping|escalate|inform|message|alert|phone|reach ?out ?to <the>|vendor|support|team|someone|your|on|your ?responsible ?service ?owning ?platform team|owner|owners|support|vendor|developer|developers|engineer|engineers|customer|customers|call|manager|author|security|admin|administrator",
		"escalate|escalation", "open|file|create|raise *2 ticket|issue|incident|case|bug|pr", "cordon|drain|taint|uncordon",
		"upgrade|update|patch|reinstall|rebuild|replace <the> *3 kernel|node|cluster|kubernetes|kubelet|library|dependency|version|jvm|runtime|image|operator|os",
		"switch to|from another|a|java|rust|cgroup|different *2", "rewrite|refactor|rearchitect",
		"rotate|change|reset *2 password|passwords|secret|secrets|token|tokens|credentials|key|keys", "uninstall|install",
		"grant *3 access|admin|role|permission|permissions|privileged", "privileged",
		"click|visit|follow|open <the> ?following link|url|page|site|button|dashboard",
		"ignore|mute|silence|suppress|acknowledge|snooze|close <the> *2 alert|alerts|incident|pager|alarm|page|instructions|kills|ooms",
		"transfer|send|upload|post|forward|share *4 log|logs|dump|data|secret|secrets|token|credentials|profile|to",
		"freeze|block|stop|halt|pause *3 deploys|deployments|rollouts|release|releases|cronjob|cron|job",
	}},
})

// adviceOpeners are the words after which a base form tells somebody to do it.
var adviceOpeners = compile([]entry{
	{"open", []string{
		"should|must|shall|ought", "need|needs|have|has|want|wants to", "recommend~", "suggest|suggests|suggestion|suggested", "advise~|advice",
		"consider|considering", "please", "let us", "try ?to", "better ?to", "best ?option|fix|course|bet|thing ?to|is",
		"fix|remedy|solution|mitigation|workaround|cure|answer|action|step|steps|remediation|way ?here ?forward ?out ?<be>|: ?to|<the>",
		"next step|steps", "immediate~ action|mitigation|step",
		"first|then|next|finally|now|afterwards|additionally|meanwhile|secondly|alternatively|immediately|urgently|simply|just|therefore|so",
		"to fix|resolve|mitigate|prevent|stop|avoid|solve|remedy|address", "in order to",
		"you|we|operators|one|team|someone can|could|may|might|will|should",
		"will|would|should|can ?<soft> ?also help|fix|solve|resolve|suffice|cure|prevent|stop|mitigate|avoid",
		"will|would|should be enough|sufficient", "be|been worth|advisable|prudent|wise",
		"is|are|was advisable|required|necessary|needed|recommended|enough|prudent|wise|indicated|appropriate|called|due|in",
		"required|necessary|needed|recommended", "until", "plan to", "go ahead", "helps|fixes|solves|cures|resolves", "do|doing",
		"safest|quickest|fastest|cheapest", "calls for", "make sure", "ensure",
		"can|could be ?<soft> fixed|solved|avoided|mitigated|prevented|resolved ?by", "by",
	}},
	{"passive", []string{"should|must|needs|need|ought|has|have|can|could ?to ?<soft> be"}},
	{"close", []string{
		"would only|merely|just", "only|merely|just|at best postpone~|delay~|buy~|mask~|hide~|move~", "postpone~|delays|delay|buys|buy|mask~",
		"would|will ?only ?merely ?just buy|delay|postpone|mask|not|only",
		"cures|cure|fixes|fix|solve|solves|help|helps|stop|stops no|nothing|neither",
		"will|would|does|do|did|can|could|should|must|need|needs|is|are|was|were not", "no|little need|point|use|reason|sense|good", "not", "never",
		"avoid", "without", "instead of", "rather than", "unnecessary|useless|pointless|futile|counterproductive|wrong", "neither|nor", "no",
	}},
})

// harmWords are claims on people, on business and on attacks, by the stem that a fact has to hold.
var harmWords = compile([]entry{
	{"customer", []string{
		"customer|customers|clients|user|users|buyers|shoppers <be>|saw|experienced|noticed|lost|could|suffered|had|got|complained|faced|were|affected|impacted",
		"customer|user|business facing ?impact|outage|impact|effect", "affecting|impacting|hurting customers|users|clients",
		"affected|impacted|hurt|hit customers|users|clients",
	}},
	{"revenue", []string{
		"revenue|sales|profit|money|financial ?was ?<be> ?loss lost|loss|losses|impact|damage|dropped|cost|hit|down",
		"lost|losing|cost ?us|the revenue|sales|money|orders", "cost the company|business|us",
		"sla|slo ?was ?<be> breached|breach|violated|violation|missed",
	}},
	{"evicted data", []string{"cache|database|redis|store|queue *1 lost ?all ?its data|contents|content|state"}},
	{"hurt", []string{"revenue|sales|business|customers|users|clients|shoppers|orders <be> ?badly ?severely ?also affected|hurt|impacted|hit|lost"}},
	{"merge", []string{"merged|committed|approved|authored|reviewed|signed ?off ?the ?that ?this ?a change|commit|pr|patch|rollout|release|revision|it"}},
	{"outage", []string{"outage|downtime", "bring|brings|brought|take|takes|took|knock|knocks down|out <the> ?whole ?entire cluster|production|region|site|platform|service", "service|site|shop|system|platform <be> ?completely down|unavailable|offline"}},
	{"lost", []string{
		"data|orders|messages|transactions|payments|sessions|records|writes *2 lost|corrupted|corruption|loss|dropped|destroyed",
		"data loss|corruption", "lost|corrupted ?all ?user ?some data|orders|messages|transactions|payments|sessions|records", "no data",
	}},
	{"attack", []string{
		"attack|attacks|attacker|attackers|hacker|hackers|breach|breached|compromised|malicious|malware|exploit|exploited|intrusion|ddos|cryptominer|miner|ransomware|vulnerability|cve",
		"security incident|breach|issue|problem|hole", "denial of service",
	}},
	{"team", []string{
		"team|teams|engineer|engineers|developer|developers|devs|colleague|admin|administrator|operators|sre|sres|author|maintainer|maintainers|manager|management|intern|employee|employees|contractor|vendor *2 forgot|forgotten|failed|neglected|misconfigured|broke|caused|ignored|missed|deployed|changed|pushed|merged|wrote|introduced|made|is|are|should|was|were|did|knew|overlooked|lowered|set|approved|shipped|rolled|released|owns",
		"forgot|neglected|overlooked ?to", "human error|mistake|failure",
		"somebody|someone|person|people|nobody forgot|failed|neglected|ignored|missed|misconfigured|mistyped|accidentally|mistakenly|broke|deployed|pushed|merged|changed|lowered",
		"careless~|negligen~|incompeten~|sloppy|reckless", "developer|engineer|team|operator|user|admin mistake|error|fault|negligence",
		"by mistake", "accidentally", "fault of the team|developer|developers|engineer",
	}},
})

// adviceDirect are the same actions said in the passive: they need no opener.
var adviceDirect = compile([]entry{
	{string(investigations.ActionSetLimit), []string{
		"limit|limits|memory *3 <must> ?<soft> be ?at ?least raised|increased|doubled|bumped|lifted|higher|larger|set|extended|adjusted",
		"limit <must> raising|increasing",
	}},
	{string(investigations.ActionSetRequest), []string{"request|requests *3 <must> ?<soft> be raised|increased|set|adjusted|lowered"}},
	{string(investigations.ActionRollback), []string{
		"*1 rollout|revision|deploy|deployment|release|image|change|version *3 <must> ?<soft> be rolled|reverted|undone|withdrawn|downgraded",
		"rollout|revision|deploy|deployment|release|image|change|version *3 <must> ?<soft> be rolled|reverted|undone|withdrawn|downgraded",
		"roll|rollback|revert|downgrade to # ?now",
		"rollback|revert *4 <be> *1 ?the right|best|safest|indicated|recommended|needed|required|advisable|sensible|appropriate",
	}},
	{string(investigations.ActionFixLeak), []string{"leak <must> ?<soft> be fixed|found|patched|plugged|closed|repaired|removed"}},
	{string(investigations.ActionMoveOrResizeNode), []string{"node|pod|pods|workload|workloads *2 <must> ?<soft> be resized|moved|enlarged|rescheduled|relocated|migrated"}},
	{string(investigations.ActionScaleOut), []string{"replicas|deployment|workload|service *3 <must> ?<soft> be scaled|increased|added"}},
	{string(investigations.ActionReduceLoad), []string{
		"load|traffic|requests|uploads|imports|batch *3 <must> ?<soft> be reduced|limited|throttled|shed|bounded|streamed|split|capped",
	}},
	{string(investigations.ActionCapVolume), []string{"volume|tmpfs|emptydir *3 <must> ?<soft> be capped|limited|bounded|given"}},
	{string(investigations.ActionFixProbe), []string{"probe|probes *3 <must> ?<soft> be fixed|relaxed|changed|tuned|adjusted|loosened|extended"}},
	{string(Unlisted), []string{
		"pod|pods|container|containers|deployment|node|service|limit|limits|namespace|killer *3 <must> ?<soft> be deleted|restarted|removed|disabled|dropped|rebooted|recreated|terminated|drained|cordoned|killed",
		"team|owner|owners|vendor|support *2 <must> ?<soft> be contacted|informed|notified|paged|told|asked|alerted",
		"command|commands|script <must> be run|executed",
	}},
})

// nouns open phrases that name a thing and tell nobody to do something, unless an opener stands with them.
var nouns = map[string]bool{
	"higher": true, "larger": true, "bigger": true, "more": true, "additional": true, "extra": true, "smaller": true, "horizontal": true, "hpa": true,
	"priorityclass": true, "priority": true, "sizelimit": true, "memorymax": true, "backpressure": true, "probe": true, "startup": true, "limit for": true, "unlimited": true,
	"guaranteed": true, "qos": true, "privileged": true, "oom_score_adj": true, "overcommit_memory": true, "oomscoreadj": true, "anti": true, "rollback": false, "load": true, "rate": false,
	"escalation": true, "scheduled": true, "periodic": true, "daily": true, "nightly": true, "regular": true, "rolling": true, "system": true, "doubled": true, "increased": true, "double": false, "no": true, "rolled": true, "reverted": true, "undone": true,
	"look": false, "see": true, "set": false, "keep": true, "measure": true, "scaled": true, "runs": true, "going": true, "falling": true, "rolls": true, "fixing": true,
}

// commands are the names of programs: to name one with its arguments is to tell somebody to run it.
var commands = map[string]bool{"kubectl": true, "helm": true, "curl": true, "chmod": true, "chown": true, "sudo": true, "systemctl": true, "wget": true, "crictl": true, "nsenter": true}

// gerunds are brought back to the base form.
var gerunds = map[string]string{
	"raising": "raise", "increasing": "increase", "bumping": "bump", "doubling": "double", "lifting": "lift", "lowering": "lower", "reducing": "reduce", "setting": "set", "giving": "give",
	"reverting": "revert", "downgrading": "downgrade", "undoing": "undo", "pinning": "pin", "restoring": "restore", "redeploying": "redeploy", "patching": "patch", "plugging": "plug",
	"capping": "cap", "limiting": "limit", "bounding": "bound", "moving": "move", "migrating": "migrate", "adding": "add", "scaling": "scale", "shedding": "shed", "throttling": "throttle", "streaming": "stream",
	"deleting": "delete", "removing": "remove", "restarting": "restart", "rebooting": "reboot", "disabling": "disable", "enabling": "enable", "draining": "drain", "cordoning": "cordon", "upgrading": "upgrade", "updating": "update",
	"contacting": "contact", "calling": "call", "asking": "ask", "paging": "page", "notifying": "notify", "escalating": "escalate", "killing": "kill", "running": "run", "executing": "execute", "relaxing": "relax", "protecting": "protect",
	"collecting": "collect", "capturing": "capture", "taking": "take", "watching": "watch", "monitoring": "monitor", "checking": "check", "investigating": "investigate", "profiling": "profile", "rolling": "roll", "finding": "find",
	"increases": "increase", "raises": "raise",
}

// specific are actions beside which "a limit" in the same clause means theirs.
var specific = []investigations.Action{
	investigations.ActionLimitCulprit, investigations.ActionSetRuntimeCeiling, investigations.ActionCapVolume, investigations.ActionReduceLoad, investigations.ActionNoMemoryChange,
}
