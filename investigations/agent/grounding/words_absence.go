package grounding

import "github.com/oombot/oombot/investigations"

// absenceWords name what may not have been seen, by the tool that reads it, and how it is said to be missing ("gone").
var absenceWords = compile([]entry{
	{investigations.ToolProfiles, []string{"heap|memory|pprof ?heap profile|profiles|profiling|dump|dumps", "profile|profiles", "pprof"}},
	{investigations.ToolLogs, []string{"container|application|app|program|pod|previous log|logs", "logs", "log lines|output|files"}},
	{investigations.ToolMetrics, []string{"metrics|metric", "prometheus ?data", "time series", "memory|usage history|curve|series|graph", "traffic data|metrics|series|figures|numbers"}},
	{investigations.ToolKernlog, []string{"kernel|oom|dmesg ?log report|log|logs|message|messages|entry|record", "dmesg"}},
	{investigations.ToolRollouts, []string{"rollout|revision|deploy|deployment|change history|data|records|information", "revisions|replicasets"}},
	{investigations.ToolPods, []string{"pod|kubernetes|cluster events", "kubernetes ?api objects|state|data", "pod|container status|state"}},
	{"gone", []string{
		"wrote|left|printed|made no ?oom ?kernel report|record|entry|trace",
		"<absent> ?does ?did not cover|reach|include|contain ?the ?that ?this moment|time|kill|end|incident", "<absent> has|had a gap|hole",
		"no ?container ?heap ?kernel ?memory ?application ?oom ?usable ?pprof <absent> ?was|were|is|are ?<be> ?available ?found ?recorded|collected|captured|there|present|exist~|kept|left|provided|configured|supplied|read|seen|at",
		"no ?useful ?usable ?further ?other <absent>",
		"<absent> *3 missing|unavailable|absent|lacking|gone|lost|unreadable|unreachable|incomplete|broken|truncated|corrupt~|blank|empty|unknown",
		"<absent> <be>|could|can|did|do|does|has|have ?been not ?be ?been available|recorded|collected|captured|there|present|exist|kept|read|seen|provided|configured|supplied|obtained|retrieved|accessible|reachable|inspected|examined|reach|looked",
		"without ?a ?any ?the ?container ?heap ?kernel ?memory ?application ?further <absent>",
		"missing|lacking|absent|unavailable ?container ?heap ?kernel ?application <absent>",
		"not|never see|read|get|access|inspect|look|have|obtain|retrieve|examine ?at ?any ?the ?a ?its ?container ?heap ?kernel ?memory ?application <absent>",
		"lack|lacks|lacked|absence of ?any ?a ?the ?container ?heap ?kernel ?memory ?application <absent>", "blind to|on|for",
		"lack|lacks|lacked ?any ?a ?the ?container ?heap ?kernel <absent>", "there <be> no ?container ?heap ?kernel ?application <absent>",
	}},
})

// precedentWords say that it happened before.
var precedentWords = compile([]entry{
	{"before", []string{
		"seen|observed|met *3 before|previously|already", "had it|this|that|these|them before|previously|already",
		"had <the> ?same ?very problem|issue|incident|case|kill|failure before|previously|already",
		"happened|seen|occurred|observed|investigated|hit|struck ?us ?this ?it ?all before|previously|earlier|already|last",
		"same|similar|identical as|to ?the ?a last|previous|earlier|past time|incident|kill|case|one",
		"<be> ?a|the repeat|recurrence|repetition|rerun of|from", "recurring|recurrent|repeat|known incident|problem|issue|pattern|failure|offender",
		"earlier|previous|past|prior|former|last|similar|related incident|incidents|investigation|investigations|case|cases|precedent|precedents",
		"precedent|precedents", "again the ?same", "happens|happened regularly|often|frequently|every|again|repeatedly",
		"known ?from ?the ?earlier ?past issue|history|incidents", "deja vu", "as ?it ?did last time|week|month|year",
		"second|third|fourth|fifth|nth time|kill|incident|occurrence", "not the first time|kill|incident", "history of ?such ?similar",
		"like last time|week|month", "once|twice|already before", "has|have ?already taken|brought|knocked|crashed|killed *4 before", "reoccur~", "recurred",
	}},
	{"life", []string{
		"was|were|been|had ?also ?already killed|restarted|died|ended|oomkilled before|earlier|previously|already",
		"killed|restarted|died ?# ?several ?many ?multiple ?three ?two ?four ?five times", "crash loop~|looping", "crashloop~",
		"repeatedly|again killed|dies|restarts|died|restarted",
		"earlier|previous|prior|preceding ?# ?two ?three kill|kills|life|lives|restart|restarts|pod|pods|revision|revisions|version|versions|container|containers|image|process",
	}},
})
