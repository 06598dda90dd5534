package grounding

// negators turn what follows them in their clause. "lift" ends a negation's reach: what looks like a negation and is none.
var negators = compile([]entry{
	{"not", []string{
		"not", "no", "never", "neither", "nor", "none", "nothing", "without", "nobody", "lack|lacks|lacked of", "absence of", "free of", "hardly", "barely",
		"rule|rules|ruled|ruling out", "exclude|excludes|excluded|excluding", "unlikely", "instead of", "rather than", "refute~", "disprove~",
		"contradict~", "as opposed to", "unlike",
		"argue|argues|argued|arguing|speak|speaks|spoke|counts|count|evidence|point|points against", "against", "isnt|wasnt|didnt|doesnt|wont|cant",
		"rule|rules|ruled|ruling *4 out", "too sudden|suddenly|fast|quick|quickly|abrupt|abruptly|steep|short|rapid|regular|early|late|flat|level|stable ?a for|to",
		"inconsistent|incompatible|irreconcilable with", "at odds with", "misleading", "spurious", "bogus", "hard to reconcile with",
		"far from", "dismiss~", "discount|discounts|discounted", "unrelated to", "innocent of", "independent of", "regardless of", "irrespective of",
		"nowhere near", "stayed|remained|kept|held|ran ?always ?well ?far ?comfortably below|under",
		"was|is|were well|far|comfortably|always below|under",
		"fail|fails|failed to",
	}},
	{"lift", []string{
		"not only", "ruled|rules|excluded|exclude out by", "excluded|refuted|disproved|contradicted by",
		"can not be named|told|seen|known|located|identified|shown|determined|said|recovered|pinned", "no doubt", "none other than", "not just",
		"no sooner", "not merely", "no longer than", "no later than", "not least", "not survive", "no question", "not surprising~", "no wonder",
		"not unexpected~", "no less than",
		"no fewer than", "nothing but", "no other than", "not excluded", "not ruled out", "not be ruled out", "not be excluded", "can not rule out",
		"can not exclude", "not unlikely", "no more than", "no ?size ?memory ?own limit|bound|cap", "no headroom", "not enough", "no room", "no memory left|limit|available|free",
		"no space",
		"failed liveness|readiness|startup|probe", "not in place", "not able to", "not get enough", "not fit", "not have enough",
		"without limit|limits|bound|bounds|end|stopping|coming|falling|a|any|sign|plateau",
		"without ever <fell>|<flat>|stopping|coming|going|levelling|leveling|flattening|settling|reaching|releasing|freeing|being|turning", "without being|releasing|freeing",
	}},
})

// denials turn what stands before them in their clause.
var denials = compile([]entry{
	{"not", []string{
		"<be> ?<soft> not|never|ruled|excluded|innocent|unlikely|irrelevant|unrelated|absent|dismissed|improbable|implausible",
		"<be> ?therefore|thus|hence|also ruled|excluded|not", "can|could ?neither ?not ?be shown|proven|proved|demonstrated|seen|inferred nor", "can|could neither be", "did|does|do|has|had|have not|never", "can|could not explain|account", "can|could not be the",
		"can ?safely be ruled|excluded|dismissed",
		"<be> less|least|rather ?<soft> likely|plausible|probable|unlikely", "play|plays|played no", "<be> out ?of ?the ?question|picture|race",
		"has|had|have|took|take no ?real ?part|role|influence|bearing|share|effect|support",
		"<be> no ?longer factor|issue|cause|reason|culprit|part|help|explanation", "<be> no",
		"fit|fits|fitted|hold|holds less|poorly|badly|worse",
		"explain|explains|explained|cause|causes|caused|proves|prove|changes|changed nothing|little", "<be> negligible|insignificant|irrelevant",
		"<be> refuted|disproved|contradicted|excludable|off", "fails|failed|fail to", "<be> spared|fine|healthy|elsewhere", "nothing to do with",
		"<be> against", "scores|scored|score ?only|just #",
		"<be> contra~", "lacks|lack ?any evidence|support", "<be> weaker|secondary", "came|come|comes out ?clean", "has|had|have nothing", "<be> nowhere",
		"exclude|excluded", "unlikely", "ruled out", "innocent", "<be> ?only ?just ?merely ?a ?an ?mere ?pure ?red herring|coincidence|coincidental|bystander",
	}},
})

// hedges weaken a clause: "rival" says that it is about another possibility, "soft" is only a manner of speaking, "unreal" that it tells
// of no fact.
var hedges = compile([]entry{
	{"rival", []string{
		"another|other|second|next ?best ?possible cause|causes|explanation|explanations|reason|reading", "may", "might", "could", "possibl~",
		"perhaps", "maybe", "conceivabl~", "rival|rivals", "alternativ~", "hypothes~", "consider|considered|weighed", "weaker",
		"less likely|plausible|probable|convincing", "secondary", "runner up", "can not be ruled|excluded", "not excluded", "not ruled out",
		"not be ruled out", "not be excluded", "can not rule out|exclude", "not unlikely", "competing", "runner", "remains open|possible",
		"candidate|candidates", "scores|score|scored", "checked", "suspected", "open question", "one would expect|think", "looked|look for",
		"question of|whether",
	}},
	{"unreal", []string{
		"often|commonly|usually|typically|frequently|normally|generally ?<be> associated|linked|seen|taken|read|understood", "if", "whether", "unless", "would", "even if", "as if|though", "should|had it|they", "in case", "until it", "otherwise",
		"typically|usually|commonly mean|means|shows|show|looks|leads", "were it", "in theory", "hypothetical~", "what if", "next time", "will",
		"expect|expected|expects", "until then", "once it", "before it can",
	}},
	{"soft", []string{
		"likely", "probabl~", "appear|appears|appeared", "seem|seems|seemed", "suggest|suggests|suggested", "apparently", "presumably",
		"looks|look like", "<soft>",
	}},
	{"past", []string{
		"earlier", "previous~", "before", "prior", "past", "old|older", "former~", "stale", "yesterday", "ago", "last time", "back then",
		"at that time", "that time", "another kill|incident|process|container|pod", "other kills|incidents|containers|pods|processes", "hours ago",
		"days ago", "historic~", "preceding",
	}},
})
