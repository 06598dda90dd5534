package logs

import (
	"regexp"

	"github.com/oombot/oombot/investigations"
)

// Details of a match of kind work.
const (
	detailSize    = "size"
	detailCount   = "count"
	detailJob     = "job"
	detailRequest = "request"
)

const (
	// notable is the smallest size, and many the smallest count, that is worth a line: every request has a size.
	notable = 8 << 20
	many    = 100_000
)

var (
	// begins are words that say that something starts or is under way.
	begins = regexp.MustCompile(`(?i)\b(?:start(?:ing|ed|s)?|begin(?:ning|s)?|began|begun|launch(?:ing|ed)?|run(?:ning)?|trigger(?:ing|ed)?|` +
		`execut(?:ing|e|ed)|kick(?:ing|ed) off|process(?:ing)?|handl(?:ing|e)|receiv(?:ing|ed)|accept(?:ing|ed)|enqueued|picked up|` +
		`generat(?:ing|e)|build(?:ing)?|load(?:ing|ed)?|import(?:ing)?|export(?:ing)?|upload(?:ing)?|ingest(?:ing)?|render(?:ing)?|` +
		`pars(?:ing|e)|read(?:ing)?|decod(?:ing|e)|unpack(?:ing)?|unzip(?:ping)?|fetch(?:ing|ed)?|download(?:ing)?|convert(?:ing)?|` +
		`compress(?:ing)?|reindex(?:ing)?|rebuild(?:ing)?|migrat(?:ing|e)|dump(?:ing)?|restor(?:ing|e)|schedul(?:ed|ing)|sort(?:ing)?|` +
		`merg(?:ing|e)|aggregat(?:ing|e)|buffer(?:ing|ed)?|materializ(?:ing|ed)|cron(?:job)?|request(?:ed)?|initiated)\b`)
	// batches are words for work that comes in large pieces.
	batches = regexp.MustCompile(`(?i)(?:\b|_|-)(?:jobs?|batch(?:es)?|exports?|imports?|reports?|backups?|uploads?|downloads?|cron(?:job)?|nightly|` +
		`hourly|daily|weekly|monthly|reindex(?:ing)?|migrations?|etl|aggregations?|bulk|ingest(?:ion|ing)?|dumps?|rebuild|compaction|` +
		`snapshots?|archives?|datasets?|full[ -](?:sync|scan|refresh|load)|importing|exporting|uploading|downloading|backfill|` +
		`csv|xlsx?|pdf|parquet|zip|pipeline|reconciliation|analytics|crawl|warm-?up)(?:\b|_|-)`)
	// ends are words for work that is over, and holds memory no more.
	ends = regexp.MustCompile(`(?i)\b(?:finished|completed?|done|succeeded|ended|exited|skipp(?:ed|ing)|failed|no (?:new )?(?:jobs?|items|rows))\b`)
	// inputs are words for what may be large, whatever is done with it.
	inputs = regexp.MustCompile(`(?i)(?:\b|_)(?:request|body|payload|file|query|result(?:set)?|image|video|message|response|attachment|document|` +
		`object|blob|content[-_]?length|rows?|records?|chunk|input|frame|tensor|matrix|model)s?(?:\b|_)`)
	// heavy is a request whose path says that it is large.
	heavy = regexp.MustCompile(`\b(?:POST|PUT|PATCH|GET)"?,? +"?\S*(?:export|import|upload|bulk|batch|report|download|backup|dump|archive|ingest|reindex)`)
	// answered is the status of a request that is over.
	answered = regexp.MustCompile(`" [1-5]\d\d\b|\b(?:status|code)(?:_code)?["']?[=: ]+[1-5]\d\d\b|\bHTTP/[\d.]+"? [1-5]\d\d\b|\s[1-5]\d\d \(?\d[\d.]* ?(?:[mµu]?s)\b`)
	// holds are words for memory that a program takes; bounds are those for memory that it may take.
	holds  = regexp.MustCompile(`(?i)\b(?:\w*alloc\w*|cach(?:e|es|ed|ing)|buffers?|heap|rss|memory|mem|pool|reserv\w+|mmap\w*|arena)\b`)
	bounds = regexp.MustCompile(`(?i)\b(?:limit|max(?:imum)?|avail(?:able)?|free|total|threshold|quota|ceiling|capacity)\b|-Xm[sx]|(?i)\b\w*_?limit\b`)

	signals = regexp.MustCompile(`(?i)\bsig(?:term|int|quit|abrt)\b|\bsignal[:=( ]+"?(?:15|2|terminated|interrupt)\b|\bgraceful(?:ly)? (?:shut|stop|terminat|exit)|` +
		`\bshutting down\b|\b(?:start|initiat|begin|commenc)\w* (?:graceful )?shutdown\b|\bshutdown (?:requested|initiated|signal|hook)|\b(?:sending|send) SIGKILL\b`)
	// killed is what a parent says of a child that ended by signal 9, and childless what it says where nobody ends
	// a child of its own.
	killed = regexp.MustCompile(`(?i)\bsig(?:nal)?[:= (#]*(?:kill|9)\b|\bsignal: killed\b|\bkilled by signal\b|\bexit(?:ed)?(?: with)?(?: status| code)?[:= ]+137\b|` +
		`\b(?:status|code)[:= ]+137\b|\bterminated abruptly\b|\boom[- ]?killed\b`)
	child = regexp.MustCompile(`(?i)\b(?:worker|workers|child(?:ren)?|process|subprocess|pid|executor|exited|reaped|daemon|job|fork\w*|command|terminated|died|server)\b`)
	// trace is a line of a stack trace: its words are names of files and functions.
	trace = regexp.MustCompile(`^(?:\s+at |\s+File "|\s+from /|\s+/\S+:\d+|\s*\.\.\. \d+ more|goroutine \d+ |\s*\d+: 0x[0-9a-f]+ |\s+\S+\.(?:go|py|rb|js|ts|java|rs):\d+)`)
	// bareKill is what a shell prints for a child.
	bareKill = regexp.MustCompile(`^(?:.{0,200}: line \d+: +\d+ )?Killed\b(?:\s{2,}.*)?$`)
	sends    = regexp.MustCompile(`(?i)\b(?:sending|send) SIGKILL\b`)
	timeout  = regexp.MustCompile(`(?i)\bworker timeout\b`)
)

// softMatch classifies a line that is no runtime's error, by what was spotted in it; it returns a match without
// its place, and false for a line that tells nothing.
func softMatch(text string, found weight) (investigations.LogMatch, bool) {
	m := investigations.LogMatch{}
	switch {
	case trace.MatchString(text):
		return m, false
	case found&ending == 0:
	case bareKill.MatchString(text), killed.MatchString(text) && child.MatchString(text) && !sends.MatchString(text):
		m.Kind = investigations.LogChildDied
		return m, true
	case signals.MatchString(text):
		m.Kind = investigations.LogSignal
		return m, true
	}
	if found&sized != 0 {
		m.Bytes = bytesIn(text)
	}
	job := found&piece != 0 && batches.MatchString(text)
	large := m.Bytes >= notable
	switch {
	case large && holds.MatchString(text) && !job && !inputs.MatchString(text):
		m.Kind = investigations.LogAllocation
		return m, !bounds.MatchString(text)
	case large && (job || inputs.MatchString(text) || begins.MatchString(text)):
		m.Kind, m.Detail = investigations.LogWork, detailSize
		return m, true
	case found&counted != 0 && countIn(text) >= many:
		m.Kind, m.Detail = investigations.LogWork, detailCount
		return m, true
	case found&piece != 0 && heavy.MatchString(text) && !answered.MatchString(text):
		m.Kind, m.Detail = investigations.LogWork, detailRequest
		return m, true
	case job && begins.MatchString(text) && !ends.MatchString(text) && !answered.MatchString(text):
		m.Kind, m.Detail = investigations.LogWork, detailJob
		return m, true
	}
	m.Kind, m.Detail = investigations.LogWork, detailSize
	return m, large && !bounds.MatchString(text)
}
