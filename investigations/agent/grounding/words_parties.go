package grounding

// partyWords say of the victim, which stands as "@v", that it used up the memory ("took"), or of the culprit, "@c", that it is what was
// killed ("killed").
var partyWords = compile([]entry{
	{"took", []string{
		"@v ?itself ?had ?has ?alone ?slowly ?quickly <took> ?up ?nearly ?almost all|most|everything|it",
		"@v ?itself ?had ?has ?alone ?slowly ?quickly <took> ?up ?the ?its ?whole ?entire ?node ?pod ?shared memory|ram|node|machine|limit",
		"which|that @v ?itself ?had ?alone <took> ?up", "@v ?itself ?alone outgrew|exhausted|filled|hogged|drained",
		"@v <be> ?really ?actually ?itself ?the ?a culprit|hog|offender|guilty|responsible|cause|problem|neighbour",
		"@v <be> what|who|which|the|one ?one ?that ?it ?had ?itself <took>", "@v *1 to blame",
		"<took> ?up ?all ?entirely by @v", "culprit|offender|hog|cause <be> ?the ?pod ?container @v",
		"it|they had ?itself ?all taken|used|eaten|consumed|exhausted|filled *3 itself|themselves|alone", "used up by itself",
	}},
	{"outside", []string{"@c runs|ran|running|lives|<be> *2 outside ?of kubernetes", "@c <be> ?a ?an system|host|node process|daemon|service"}},
	{"inside", []string{"@c <be>|runs ?as ?a ?an ?kubernetes ?daemonset pod|container|daemonset|deployment|sidecar|statefulset"}},
	{"rollout", []string{"rollout|deploy|release|upgrade|update|redeploy of @v", "@v rollout|deploy|release|upgrade *2 started|triggered|caused|set|brought"}},
	{"killed", []string{
		"@c ?itself <be> ?then ?finally ?also killed|oom-killed|oomkilled|evicted|terminated|shot|sacrificed|ended",
		"@c <be> ?the one|container|pod|process that|which|whom ?was ?the ?got ?kernel killed|evicted|terminated|ended|chose|picked|shot",
		"@c <be> the victim", "kernel|kubelet|oomd|systemd-oomd|killer *3 killed|evicted|terminated|ended|chose|picked|shot ?the ?container ?pod ?process @c",
		"victim <be> ?the ?pod ?container ?process @c",
	}},
})
