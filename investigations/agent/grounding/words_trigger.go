package grounding

// triggerWords name what may have set it off. Only their clause tells whether they are said to have.
var triggerWords = compile([]entry{
	{"image", []string{
		"new|newer|latest|updated|bad|broken|faulty|fresh ?container ?application ?app ?software image|version|build|code|release|binary|library",
		"image ?version ?tag change|bump|update|upgrade|swap|from", "image", "upgrade|upgraded|upgrading ?to ?from ?of", "release|releases|released",
		"version bump|change|upgrade|update|#", "code change|changes", "commit|pull",
	}},
	{"regression", []string{"regression|regressions|regressed"}},
	{"deploy", []string{
		"deploy|deploys|deployed|deploying|redeploy", "deployment of ?the ?a ?revision|version|new",
		"recent|last|latest|new|previous|the|this|that|faulty|bad|yesterday|today deployment", "rollout|rollouts", "rolled out", "roll out",
		"revision|revisions ?#", "rev ?#", "change of|to|in <the>", "new pod template", "container|sidecar|volume added|introduced",
	}},
	{"change", []string{"change|changes|changed", "something ?was changed"}},
	{"config", []string{
		"config|configuration|configs|setting|settings ?change|changes|changed|update|edit|rollout|map|push", "configmap", "config map",
		"env|environment ?variable|variables ?change|changed",
		"lowered|reduced|halved|cut|shrunk|smaller|new|decreased|tightened|lowering|cutting|reducing|halving of|<the> ?container ?memory <limit>",
		"lowered|reduced|halved|cut|shrunk|smaller|decreased|tightened ?memory <limit>",
		"<limit> ?<be> ?had ?has ?been lowered|reduced|halved|cut|decreased|tightened|shrunk|changed",
		"<limit> change|changes|cut|reduction|decrease|edit",
		"drop|reduction|decrease|cut|lowering|change|halving of|in|to <the> ?container ?memory <limit>", "limitrange", "limit range",
		"memory <limit> from # *1 to #", "feature flag ?change", "flag change|flip",
	}},
	{"none", []string{
		"its|their|own ?own ?memory request", "memory request|requests", "request of # mib|gib|mb|gb|mi|gi", "than ?its|the|their ?own request",
		"<limit> cut|cuts ?<the> *2 off|short",
	}},
	{"traffic", []string{
		"traffic ?spike ?increase ?surge ?burst ?growth ?peak", "request|requests ?rate ?volume", "burst|surge|spike|peak of|in traffic|requests",
		"rps|qps", "users|user activity", "demand",
	}},
	{"load", []string{
		"load ?spike ?increase ?surge ?burst ?growth ?peak", "burst|surge|spike|peak of|in load",
		"large|huge|big|single|one ?large ?huge ?big request|import|upload|query|export|payload|input|file", "batch ?job|run", "input|import",
	}},
	{"job", []string{
		"cron ?job", "cronjob|cronjobs", "nightly ?job ?run ?batch ?report ?export", "batch ?job ?run ?process",
		"scheduled ?batch ?job|task|run|export|report", "job|jobs",
	}},
	{"none", []string{
		"memory|its|their|the|a|low|small ?low ?small ?tiny ?high ?memory request of #", "with|per|on|for|by each|every|per ?single request", "per request", "constant|same|similar|fixed|certain|given|identical number|amount|count of requests",
	}},
	{"nothing", []string{
		"nothing ?<be> ?has ?had ?been changed|new|deployed|happened|rolled",
		"no ?single ?particular ?external ?recent ?known ?identifiable ?outside event|trigger|change|cause ?set|<be>|preceded|triggered|behind|led",
		"without ?any ?a ?single ?particular ?external ?recent ?outside event|trigger|change|cause|rollout",
		"built|building|builds up ?slowly ?gradually ?quietly by|on|all itself|its", "no|nothing set ?it|this off",
		"nothing set|triggered|started ?it|this", "no ?one event",
	}},
	{"unknown", []string{
		"trigger|set|started|what ?it ?off ?is ?<be> ?can ?remains unknown|unclear|not ?be|undetermined|known|open|told", "unknown|unclear trigger",
		"no known trigger",
	}},
})

// triggerVerbs say of their clause that something set it off: "before" where what did stands before them, "after" where it follows.
var triggerVerbs = compile([]entry{
	{"after", []string{
		"set off by", "setoff by",
		"triggered|caused|introduced|provoked|prompted|started|induced|sparked|precipitated|brought|initiated|driven|created|explained|kicked|tipped ?on ?about ?off ?over by|with|in",
		"due to", "owing to", "because of", "as ?a ?direct result|consequence of", "thanks to",
		"stems|stemmed|results|resulted|arises|arose|originates|originated|comes|came from|with|in",
		"traced|traces|attributed|attributable|tied|linked|pinned|pointed|points|point ?back ?down to|on", "blame|blames|blaming ?on ?falls",
		"culprit|trigger|cause|origin|reason|offender|suspect|driver|source ?here ?<be>|: ?<soft> <the>|in|with|revision|image|traffic|load|config~|deploy~|rollout|release|cron~|nightly",
		"since", "ever since", "starting with|from",
		"began|begins|started|starts|appeared|appears|shows|showed|visible|broke with|in|after|following|when", "following",
		"immediately|directly|right|shortly|soon|just ?# ?min ?minutes after", "only after", "fault|problem|bug|regression ?<be> of|in|with",
		"responsible ?<be> ?:",
		"leaks|leak|leaking|grows|undersized since|from|after|with", "on|by|under the back|force of", "killed|died|restarted|oomkilled|crashed by|after|because|under",
	}},
	{"before", []string{
		"set ?it|this|that|the|them|things ?leak ?growth ?kill ?problem off", "<set> ?on ?about ?off ?down ?to ?in ?up it|this|that|the|them|a|an",
		"<set> ?on ?about ?off ?down to|in|on|about|off|up",
		"<be> ?<soft> ?what ?the ?a ?one ?root ?direct ?directly ?most ?only ?real ?actual ?likely behind|cause|trigger|culprit|responsible|blame|origin|reason|source|fault|driver",
		"<be> to blame", "<be> ?<soft> what ?<soft> <set>|set|broke|did|made|pushed|exhausted", "explains|explained ?the|this|it",
		"made ?it|the|this|memory", "pushed|drove|tipped|sent it|the|memory|this|usage", "came with|in",
		"contains|carries|carried|contained|brings|ships|shipped|has ?a|the bug|leak|regression", "resulted|results in", "has a leak|regression|bug",
		"leaks|leaked|leaking", "makes|made|make|making *2 leak|leaking|grow|die|crash|balloon|explode",
		"coincides|coincided|correlates|correlated|lines|lined ?up with", "is|was it", "is|was the one", "needs|requires|takes|uses|wants ?much ?far more", "started it|this|the", "is|was guilty",
	}},
	{"exist", []string{"there was|were|is|had ?been", "happened|occurred|preceded|took|followed|rolled", "came|went before|first"}},
	{"spread", []string{
		"<be> ?in ?the ?been clear|cleared|acquitted|exonerated",
		"<be> ?<soft> ?entirely ?completely ?in innocent|unrelated|involved|exonerated|harmless", "rule|rules|ruled ?out",
		"<be> ?entirely ?completely ?<soft> not ?in ?what ?the ?to involved|cause|it|culprit|trigger|behind|blame|responsible|related|relevant",
		"had|has nothing|no|not ?any to|part|role|influence|bearing", "exclude~", "plays|played no",
		"did|does not set|cause|trigger|introduce|play|lead|bring|explain", "preceded",
	}},
})
