package grounding

// ends tell how the victim ended and whose limit ran out. The labels are the keys of endings.
var ends = compile([]entry{
	{"own limit", []string{
		"<hit> ?up ?against ?out ?of ?into ?past ?over ?to ?at ?beyond its|their ?own ?# ?mib|gib|mb|gb|mi|gi ?configured ?hard ?container ?cgroup ?memory|ram ?cgroup <limit>",
		"<hit> ?up ?against ?out ?of ?into ?past ?over ?to ?at ?beyond the ?own container ?own ?cgroup ?memory|ram <limit>",
		"at|over|above|against|beyond|past|into its|their ?own ?container ?cgroup ?memory|ram <limit>",
		"at|over|above|beyond|past the container ?own ?memory|ram ?cgroup <limit>",
		"container ?own ?cgroup ?memory|ram <limit> *2 <be> ?what|the ?one ?that <hit>|exhausted|depleted",
		"container|own level|scoped ?memory oom|limit", "container ?own ?memory <limit> ran|run out", "own ?memory <limit> ran|run|<hit>",
		"its|their ?own ?memory <limit> <be> ?what|the ?one ?that <hit>", "container *4 <hit> ?up ?against ?the ?its ?memory <limit>",
		"container ?itself ran|run|<be> out ?of ?memory", "own|container ?own ?memory <limit> <be> ?what|the <hit>",
		"own|container ?own ?memory <limit> of # ?mib|gib|mb|gb|mi|gi <be> <hit>",
	}},
	{"spare", []string{
		"stayed|stays|remained|kept|always ?well|far|comfortably below|under|within its|the *2 <limit>", "never came|got|was close|near *3 <limit>",
		"far|nowhere ?away from|near its|the *2 <limit>", "plenty of|ample|enough ?memory headroom|room ?left",
	}},
	{"limit", []string{
		"<hit> ?up ?against ?out ?of ?into ?past ?over ?to ?at the|that|this|a|# ?# ?mib|gib|mb|gb|mi|gi ?hard ?memory|cgroup|ram ?# ?mib|gib|mb|gb|mi|gi ?memory <limit>",
		"<hit> <limit>", "memory ?<limit> <limit> <be> <hit>", "<limit> of # *2 <be> <hit>", "memcg ?oom", "exceed|exceeded|exceeds|exceeding ?its ?all ?of # mib|gib|mb|gb",
		"using|used|use all ?of its|the ?memory|#", "used # ?mib|gib|kib|b of its limit", "cgroup ?memory oom|limit|limits|kill|killed|<limit>",
		"at|over the|# ?# ?mib|gib|mb|gb ?memory <limit>", "memory cgroup oom|out", "memory cgroup *3 <hit>",
	}},
	{"pod limit", []string{
		"pod ?level ?shared ?own ?memory|ram <limit>", "pods ?shared ?memory <limit>", "shared ?memory <limit>",
		"<limit> <the> ?containers share|shared", "pod as a whole *2 <hit> ?up ?against ?the|its ?own ?memory <limit>", "pod *2 <hit> ?up ?against ?the|its|their ?own ?shared ?memory <limit>",
		"<limit> of|for the|its|their|this ?whole ?entire pod",
		"cgroup of|for the|its|their|this ?whole ?entire pod <hit>|<be>|stood|sat|used ?up ?at ?against ?all ?of <the> ?memory <limit>", "<limit> shared by|among|between", "pod|its containers *2 together <hit>",
		"<limit> which|that its containers share", "pod level <limit>|oom", "pod wide <limit>|oom",
	}},
	{"none", []string{"add|adding|implement|introduce|cache|lru|ttl|entry|key|size|without|with|no|lacks|missing ?an ?a ?any ?proper ?cache ?entry eviction|evictions|evict|evicts|evicted ?policy", "never|not evict|evicts|evicted ?from *2 cache|map|store|entries|sessions", "kernel|cgroup|memcg ?own oom counter|counters|event|events|score|scores", "oom counter|counters|event|events|score"}},
	{"node memory", []string{
		"oom of|on|for ?the ?whole <node>", "exhausted|exhausts|drained|drains|overwhelmed <the> ?whole ?entire <node>",
		"<node> *3 ran|runs|run|running|went|was|is|got|goes|being ?completely ?entirely ?clean out of ?available ?free ?physical memory|ram",
		"<node> *2 ran|run|runs|running short|low|out ?of ?on ?memory|ram",
		"<node> *3 exhausted|exhausts ?all ?of ?its ?available ?physical memory|ram|itself",
		"<node> ?itself ?was ?is ?got ?went oom|ooming|oomed|exhausted", "<node> memory exhaustion|shortage|starvation|exhausted|depletion",
		"node|host|machine ?wide|level ?level oom|ooms", "system|node|host|machine wide|level ?memory oom|kill|killer|shortage|exhaustion|out",
		"whole|entire|full <node> *3 memory",
		"<node> *3 <be> ?already ?critically ?very ?too short|low|out|starved|depleted|exhausted ?of|on|for ?memory|ram",
		"no ?more ?free memory left ?free ?available on the <node>", "node|nodes ?memory pressure",
		"<node> <be> under ?heavy ?severe ?acute ?strong memory|resource pressure", "memory pressure on|of|at <the> ?whole <node>", "memorypressure",
		"<node> ?itself had|has no ?more ?free ?usable memory|ram ?left", "<node> had|has no ?free|available memory|ram",
		"memory <be> exhausted|gone on|across the <node>", "lack|shortage of memory on <the> <node>", "memory shortage|exhaustion|starvation|pressure on|across|of <the> <node>",
		"ran out of ?physical ?available memory|ram on the <node>", "<node> <be> ?completely ?simply ?already full", "oom at|on|in *1 node|host|machine", "for the whole <node>",
		"<node> memory <be> ?completely ?fully exhausted|depleted|used|gone|full", "out of ?physical memory on|across the <node>",
		"not enough memory on the <node>", "exhausted|exhaustion|depletion|depleted ?of <the> <node> ?physical memory|ram",
	}},
	{"global", []string{"global ?memory oom|ooms|kill|killer|out", "system wide ?memory oom|kill|killer|out"}},
	{"evicted", []string{
		"evict~ ?by|from|the|it|this|pod|#|because|due|under|after|when|pods", "kubelet eviction|evict~|removed|threw|pushed",
		"node pressure evict~", "eviction",
	}},
	{"oomd", []string{
		"systemd oomd", "systemd-oomd", "oomd", "earlyoom", "user space ?oom ?kill~", "userspace ?oom ?kill~", "killer in user space",
		"kill~ from|by user space",
	}},
	{"runtime", []string{
		"outofmemoryerror", "java.lang.outofmemoryerror", "java|jvm heap ?space ?was ?<be> ?ran exhausted|full|out|ran|space",
		"heap ?space ran|was|is|got|became ?itself out|full|exhausted|used", "heap *2 <hit> ?its|the|own ?own ?max~ <limit>",
		"runtime *3 gave|gives up", "javascript heap out of memory", "v8 heap *2 <limit> ?<be> ?<hit>", "memoryerror",
		"<hit> ?its|the|their ?own ?runtime ?own ?java|jvm|v8|go|managed heap <limit>|size",
		"<hit> ?up ?against ?its|the ?own runtime ?own ?heap <limit>", "heap exhaustion|exhausted", "out of heap ?space|memory",
		"jvm|runtime|interpreter ?itself ran|run out of memory|heap", "runtime ?own ?heap <limit> <be> <hit>", "at its runtime ?own ?heap <limit>",
	}},
	{"exit", []string{
		"exited ?<soft> ?all by itself|cleanly|normally|voluntarily|regularly|successfully|gracefully",
		"exited|ended|finished|stopped|terminated|quit|completed of|on its own ?accord",
		"ended|finished|stopped|terminated|quit|completed by itself|cleanly|normally|regularly|voluntarily", "shut itself down",
		"crashed by|on its|itself", "segfault~", "segmentation fault",
	}},
	{"outside kill", []string{
		"sigkill from outside|elsewhere|someone|somebody", "sysrq~", "someone|somebody|person|operator|administrator|admin ?else killed|sent|asked",
		"killed by hand|someone|somebody|an|administrator|operator", "manually ?oom ?killed|kill", "manual ?oom kill",
		"sent a ?kill sigkill|kill|signal", "external kill|sigkill|signal", "killed from ?the outside", "deliberate~ kill~",
	}},
	{"probe", []string{
		"liveness|readiness|startup|health ?check probe ?<be> ?<soft> ?that fail~|kill~|restart~|timed|which",
		"probe fail~|kill~|restart~|ended|timeout|timed", "probe had ?the ?container ?it restarted|killed|ended", "failed|failing ?liveness|readiness|startup|health probe|probes|check|checks",
		"liveness|health check|checks|failure|fail~|kill~", "kill~|restart~|ended by|because|for *2 probe|liveness", "failed health",
		"liveness kill~",
	}},
	{"oom", []string{
		"<be> ?a|an ?kernel oom ?killed|kill|kills", "<be> oomkilled", "oom killed|kill|killer|kills|event|killing",
		"oomkilled|oomkill|oom ?<be> ?by|the|it|this|at|because|when", "killed|kill|terminated|shot by|from the oom killer",
		"out of memory kill|killed|killer|event",
	}},
	{"kernel kill", []string{
		"kernel ?itself ?then oom|kill|killed|kills|killing|terminated|ended|shot", "killed|kill|terminated|shot by|from the ?linux kernel",
		"kernel ?linux oom ?killer|kill", "kernel ran|invoked|used|woke|started ?its|the oom killer", "kernel stepped|came|jumped|went in and ?then killed|ended|terminated|shot",
	}},
	{"free node", []string{
		"<node> *3 plenty|ample|enough|lots|sufficient ?of free|available|spare|memory|ram",
		"plenty|lots of free|available|spare ?memory ?left on the <node>",
	}},
	{"memory", []string{
		"want|lack|shortage|exhaustion of memory", "starved|deprived of memory|ram", "memory shortage|exhaustion|starvation", "ran|run|running|runs ?completely out of memory",
		"victim of memory", "memory ?related|caused problem|issue|fault|incident", "memory related", "memory killed it", "memory ran out",
	}},
	{"untouched", []string{"nothing was|is|has ?been killed|ended|terminated", "no kill took|happened|at|occurred"}},
	{"numa", []string{"numa", "cpuset~", "memory nodes", "memory node"}},
	{"allocatable", []string{
		"kubepods ?cgroup ?memory <limit>", "kubepods ?cgroup *2 <hit>", "allocatable ?memory ?<limit> ?<be> <hit>|exhausted|full|used|reached",
		"<hit> ?the ?node allocatable", "<hit> ?what ?the ?node ?its allocatable", "all ?the ?node pods ?of ?the ?node together *3 <hit>",
		"pods together *3 <hit>", "pods *3 together <hit>", "node allocatable ?memory ?limit|<limit> <be>|<hit>|broke", "limit of ?the ?all kubepods|pods",
	}},
	{"slice", []string{
		"besteffort|burstable|system|user|guaranteed slice", "cgroup above the|its|a pod|pods", "qos cgroup|slice",
		"systemd unit|service ?own ?memory <limit>", "service ?own memory <limit>",
	}},
})
