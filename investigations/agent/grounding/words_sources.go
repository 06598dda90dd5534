package grounding

import "github.com/oombot/oombot/investigations"

// sourceWords say of a source that it shows something; the label is the tool that a cited fact has to be of, or "none" where no tool
// reads such a source.
var sourceWords = compile([]entry{
	{investigations.ToolProfiles, []string{"heap|memory|pprof|allocation ?heap profile|profiles *2 <shows>", "profile|profiles|pprof *1 <shows>"}},
	{"dump", []string{"heap|core|thread|memory dump|dumps *2 <shows>"}},
	{"trace", []string{"trace|traces|tracing|spans *2 <shows>", "stack trace|traces *2 <shows>"}},
	{"dashboard", []string{"dashboard|dashboards|grafana *2 <shows>"}},
	{"review", []string{"code review|inspection *2 <shows>", "source code *2 <shows>"}},
	{investigations.ToolLogs, []string{"application|container|app|program|service log|logs *2 <shows>"}},
})

// insideWords name what is inside of programs and around them: they stand in a cited fact, or the sentence tells of what nobody saw.
var insideWords = compile([]entry{
	{"goroutine", []string{"goroutine|goroutines"}},
	{"listener", []string{"listener|listeners|callback|callbacks|closure|closures|event handler|handlers"}},
	{"expir", []string{"expire|expires|expired|expiry|expiration|ttl"}},
	{"unclosed", []string{"unclosed|unreleased|dangling|orphaned *1 connection|connections|handle|handles|file|files|socket|sockets|cursor|cursors|stream|streams"}},
	{"connection pool", []string{"connection|thread|worker|object pool|pools"}},
	{"deseriali", []string{"deserializ~|deserialis~|serializ~|serialis~|parsing of"}},
	{"database", []string{"database|databases|sql|postgres|mysql|mongodb <be>|query|queries|connection|connections|slow|timed|lock|locks"}},
	{"autoscal", []string{"autoscaler|hpa|vpa <be>|had|has|just|removed|added|scaled|lowered|raised|reduced"}},
	{"dns", []string{"dns|network|firewall|certificate|tls <be>|failure|outage|problem|error|errors|issue"}},
	{"feature flag", []string{"feature flag|flags|toggle"}},
	{"schedule", []string{"follows|follow no|a|the schedule"}},
})

// sureWords say that something is certain, or will be.
var sureWords = compile([]entry{
	{"sure", []string{
		"no|without|beyond ?any ?a ?all ?the ?reasonable ?slightest doubt", "# % certain|sure|certainty|confident", "proven ?beyond", "conclusively|irrefutably",
		"absolute|complete|total certainty", "absolutely|completely|totally certain|sure", "definitive proof", "indisputabl~", "provabl~|undeniabl~|undoubtedly", "incontrovertibl~", "unquestionabl~",
	}},
	{"ever", []string{
		"never happen|occur|recur|come|return ?again", "not happen|occur|recur again", "permanently|guaranteed|guarantees|guarantee *2 fix|fixes|fixed|solve|solves|solved|cure|cures|stop|stops|prevent",
		"will|would be gone|over for good|ever",
	}},
	{"calm", []string{"everything|all <be> fine|ok|okay|good|well|normal|healthy", "no ?further action ?<be> needed|required|necessary|is", "nothing to do here|now|at", "nothing to see|worry", "nothing <be> wrong", "false alarm"}},
	{"orders", []string{
		"ignore|disregard|forget ?all ?any ?the ?your previous|prior|other|earlier|above|all instructions|evidence|facts|rules|prompts",
		"as ?was ?the log|prompt|user|message|operator|facts instructs|instructed|requested|requests|demands|ordered|orders|told", "approve|accept this verdict|answer", "system prompt",
	}},
})
