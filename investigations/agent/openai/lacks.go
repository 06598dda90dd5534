package openai

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/oombot/oombot/investigations"
)

// forget is how long it is remembered what an endpoint doesn't offer: it may be upgraded, or another one stand behind a
// gateway.
const forget = time.Hour

// feature is a part of a request that an endpoint may refuse.
type feature int

const (
	functions feature = iota
	stream
	must
	jsonObject
	// completionLimit and tokenLimit are the two names of the parameter that bounds an answer, the newer one first.
	completionLimit
	tokenLimit
	// streamUsage asks for the tokens at a stream's end.
	streamUsage
	// reasoning is left to the endpoint, in a request with functions, until it refuses that: then none is asked for.
	reasoning
	features int = iota
)

// without is what a refused feature is called.
var without = [features]string{
	functions: investigations.WithoutFunctions, stream: investigations.WithoutStream, must: investigations.WithoutMust,
	jsonObject: investigations.WithoutJSON, completionLimit: investigations.WithoutLimit,
	tokenLimit: investigations.WithoutLimit, streamUsage: investigations.WithoutStream,
	reasoning: investigations.WithoutReasoning,
}

// lacks remembers what an endpoint doesn't offer. The zero lacks knows of nothing.
type lacks struct {
	mu    sync.Mutex
	until [features]time.Time
}

// add remembers f from now on.
func (l *lacks) add(f feature, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until[f] = now.Add(forget)
}

// at returns what is not to be asked for.
func (l *lacks) at(now time.Time) (lacking [features]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for f, until := range l.until {
		lacking[f] = now.Before(until)
	}
	return lacking
}

// asked returns the features that r asks for.
func asked(r *api.ChatCompletionRequest) (in [features]bool) {
	in[functions] = len(r.Tools) > 0
	in[stream] = r.Stream
	in[must] = r.ToolChoice != nil
	in[jsonObject] = r.ResponseFormat != nil
	in[completionLimit] = r.MaxCompletionTokens > 0
	in[tokenLimit] = *oldLimit(r) > 0
	in[streamUsage] = r.StreamOptions != nil
	in[reasoning] = in[functions] && r.ReasoningEffort == ""
	return in
}

var (
	// named says which features a text names by what only they are called. A request goes without them as well as with
	// them, so that it is enough to be named.
	named = map[feature]*regexp.Regexp{
		must:            regexp.MustCompile(`\btool[_ ]choice\b|\bfunction_call\b`),
		jsonObject:      regexp.MustCompile(`\bresponse[_ ]format\b|\bjson_object\b|\bjson_schema\b|\bjson mode\b`),
		completionLimit: regexp.MustCompile(`\bmax_completion_tokens\b`),
		tokenLimit:      regexp.MustCompile(`\bmax_tokens\b`),
		streamUsage:     regexp.MustCompile(`\bstream_options\b|\binclude_usage\b`),
		reasoning:       regexp.MustCompile(`\breasoning[_ ]effort\b`),
	}
	// calling and streaming are words of many a sentence; they have to stand with a refusal.
	calling   = regexp.MustCompile(`\btools?\b|\btool[_ -](?:us|call)|\bfunction[_ -]call|\bfunctions?\b`)
	streaming = regexp.MustCompile(`\bstream(?:ing|ed)?\b`)
	refusing  = regexp.MustCompile(`not (?:been )?(?:support|allow|permit|enabl|implement|accept|available)|n't (?:support|allow|accept)` +
		`|unsupported|extra_forbidden|unrecognized|unknown (?:param|name|arg|field)|unexpected keyword|cannot use|can't use` +
		`|that support|must be (?:false|verified to stream)|requires --|only the default`)
	// Servers that fail name tools and streams as well; the ones that refuse with 500 use these words.
	refusingWith500 = regexp.MustCompile(`not support|unsupported|cannot use|not implemented|requires --`)
	// aboutCalls are sentences about calls that were made, not about calling.
	aboutCalls = regexp.MustCompile(`tool[_ ]call[_ ]?ids?\b|role ['"]?tool|'role' of`)
	// suggestion is what Groq adds on a word that it doesn't know.
	suggestion = regexp.MustCompile(`did you mean.*`)
	// noCalling are the words for it of vLLM, started without functions, and of Llama's template, which takes one call.
	noCalling = regexp.MustCompile(`enable-auto-tool-choice|only supports single tool`)
)

// nameOf matches a model's name where it stands alone.
func nameOf(model string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|\W)` + regexp.QuoteMeta(model) + `(?:\W|$)`)
}

// refused returns the features of in that an endpoint refuses in the words of f, the gravest first. What noise
// matches is no word of it: the model's name.
func refused(f *failure, in [features]bool, noise *regexp.Regexp) []feature {
	if !slices.Contains([]int{0, 200, 400, 404, 405, 415, 422, 500, 501}, f.status) {
		return nil
	}
	text := strings.ToLower(f.param + " " + f.code + " " + f.message)
	text = suggestion.ReplaceAllString(noise.ReplaceAllString(text, " "), "")
	refusal := refusing
	if f.status == 500 {
		refusal = refusingWith500
	}
	refuses := f.status == 501 || refusal.MatchString(text)
	var out []feature
	for g := range feature(features) {
		if !in[g] {
			continue
		}
		var is bool
		switch g {
		case functions:
			is = noCalling.MatchString(text) || refuses && refusesCalling(text, in)
		case stream:
			is = f.param == "stream" || refuses && streaming.MatchString(text)
		default:
			is = named[g].MatchString(text) && (f.status != 500 || refuses)
		}
		if is {
			out = append(out, g)
		}
	}
	return out
}

// refusesCalling says whether a refusal is one of functions, and not only of what goes along with them.
func refusesCalling(text string, in [features]bool) bool {
	if aboutCalls.MatchString(text) {
		return false
	}
	if in[stream] && streaming.MatchString(text) {
		return false // the two don't go together: those who call functions can do without a stream
	}
	if named[reasoning].MatchString(text) {
		return !in[reasoning] // the same; unless it is refused without reasoning too
	}
	return calling.MatchString(named[must].ReplaceAllString(text, ""))
}
