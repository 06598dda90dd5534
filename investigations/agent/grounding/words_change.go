package grounding

// releaseWords say of a revision or a version, which stands as "@", that it brought what is wrong ("blamed"; "changed" where it only
// changed something), or that it is the good one.
var releaseWords = compile([]entry{
	{"blamed", []string{
		"since ?the ?rollout|deploy|release|image|update|upgrade ?of ?to ?rev|revision|image|version|release ?in @",
		"starting|beginning|began|begins|started|starts|introduced|brought|caused|triggered|appeared|appears|arrived|came ?in ?along with|in|by ?the ?rollout|deploy|release|image|update|upgrade ?of ?to ?rev|revision|image|version|release @",
		"leak|bug|regression|growth|problem in|of *1 ?rev|revision|image|version|release @",
		"culprit|trigger|cause ?<be> ?rev|revision|image|version|release @",
		"@ ?of *1 introduced|introduces|brought|brings|started|caused|causes|ships|shipped|contains|carries|broke|triggered",
		"@ <be> ?what ?the ?to culprit|trigger|cause|blame|leaking|leaky|faulty|broken|guilty", "@ has|had|with a|the leak|bug|regression",
		"@ leaks|leaked|leaking",
	}},
	{"changed", []string{"@ ?of *1 lowered|lowers|reduced|halved|cut|changed|changes|moved|bumped|raised|removed|added|replaced|switched|updated|set"}},
	{"current", []string{"in force <be> @", "runs|running ?on ?with ?image ?version @ ?now|today|currently", "now|currently|today *2 runs|on|at ?image ?version @"}},
	{"good", []string{
		"@ <be>|stayed|remained|ran ?the ?last ?known ?still ?one good|healthy|fine|clean|innocent|stable|level|flat|ok|unaffected|leak-free",
		"last|known good|healthy|stable|working|clean ?one ?rev|revision|image|version|release ?<be> ?still ?to ?rev|revision|image|version|release @",
		"last ?one ?revision|version|image without ?the ?a leak *1 ?revision|version|image @", "@ *1 the last one|good|healthy|revision|version ?without ?that",
		"back|rollback|revert|downgrade|return|undo to ?the ?image ?rev|revision|version|image|release @",
	}},
})
