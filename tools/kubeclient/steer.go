package kubeclient

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations/redact"
)

// Names of variables and settings that steer a runtime's memory. Names are compared in upper case with _ for
// every separator.
var (
	// optionNames hold a command line's worth of flags.
	optionNames = regexp.MustCompile(`(^|_)(OPTS|OPTIONS|ARGS|FLAGS|JAVA_TOOL_OPTIONS|MALLOC_CONF|GODEBUG)$|^RUBYOPT$|^LD_PRELOAD$`)
	// sizeNames hold a number, a size, a share or a word.
	sizeNames = regexp.MustCompile(`^GOMEMLIMIT$|^GOGC$|^GOMAXPROCS$|^MALLOC_|^PYTHONMALLOC$|^RUBY_GC_|^UV_THREADPOOL_SIZE$` +
		`|HEAP|OLD_SPACE|(^|_)RAM(_|$)|MEM(ORY)?(_|$)|(^|_)(MEMORY|MAXMEM|MEM[A-Z]*|XM[XS])|_MEM(_|$)` +
		`|WORKERS?(_|$)|CONCURRENCY|THREADS?(_|$)|PARALLELISM|REPLICAS|PREFETCH` +
		`|CACHE|BUFFER|BATCH|POOL_SIZE|QUEUE_SIZE|MAX_(SIZE|ENTRIES|ITEMS|CONN|REQUESTS|BODY|MESSAGE|INFLIGHT)|SHM`)
	secretNames = regexp.MustCompile(`PASSW|PASSPHRASE|PWD|SECRET|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE|AUTH|CERT|DSN|SIGNING|ENCRYPT|SALT|COOKIE|SESSION_?ID|WEBHOOK|_KEY$|^KEY$|_PIN$`)
	words       = regexp.MustCompile(`([a-z])([A-Z])`)
	separators  = strings.NewReplacer(".", "_", "-", "_", "/", "_", " ", "_")
)

// sizeLike is what a size, a count, a share or a switch looks like; an address or a password does not.
var sizeLike = regexp.MustCompile(`^\s*-?[0-9][0-9.,_]*\s*([kmgtpeKMGTPE]?i?[bB]?|%|ms|s|m|h)\s*$|^0x[0-9a-fA-F]{1,16}$|^(?i:true|false|on|off|yes|no|auto|none|max|unlimited|default|server|malloc|pymalloc|debug)$`)

var hexLike = regexp.MustCompile(`^(0x)?[0-9a-fA-F]{1,16}$`)

// memoryFlag is an option of a runtime or a server that bounds or sizes memory, wherever it stands.
var memoryFlag = regexp.MustCompile(`(^|[\s"'=,])(-Xm[xsn]|-Xss|-XX:|--?max[-_](old|new|semi)[-_]space[-_]size|--?max[-_]heap|--?heap|--expose[-_]gc|-Xmx)` +
	`|(?i:mem(ory)?[-_.]?(limit|size|max)|max[-_.]?mem|heap|cache[-_.]?size|buffer[-_.]?(pool[-_.]?)?size|shared[-_]buffers|work[-_]mem|maxmemory)`)

// nameClass is what a name of a variable, setting or key says about its value.
type nameClass int

const (
	nameOther nameClass = iota
	nameSecret
	nameOption // flags, some of which may steer memory
	nameSize   // a size, a count, a share or a switch
	nameHex    // a size that .NET reads as a hexadecimal number, with or without 0x
)

func classify(name string) nameClass {
	n := normalName(name)
	switch {
	case secretNames.MatchString(n):
		return nameSecret
	case optionNames.MatchString(n):
		return nameOption
	case strings.HasPrefix(n, "DOTNET_") || strings.HasPrefix(n, "COMPLUS_"):
		return nameHex
	case sizeNames.MatchString(n):
		return nameSize
	}
	return nameOther
}

// normalName brings maxSize, max-size and max.size to MAX_SIZE.
func normalName(name string) string {
	return separators.Replace(strings.ToUpper(words.ReplaceAllString(name, "${1}_${2}")))
}

// maxValue is how many bytes of a value are kept.
const maxValue = 2000

// safeValue returns a value where its name says that it steers memory and it is no secret by name or shape,
// and otherwise "". Of a list of flags, those that look like secrets come without their values.
func safeValue(class nameClass, value string) string {
	switch {
	case value == "" || len(value) > maxValue:
		return ""
	case class == nameOption:
		return safeFlags(value)
	case class == nameHex && hexLike.MatchString(value):
		return value
	case class == nameSize || class == nameHex:
		// A reference to another variable, as $(LIMIT), is not a value yet.
		if sizeLike.MatchString(value) || len(value) < 32 && strings.HasPrefix(value, "$(") {
			return value
		}
		if memoryFlag.MatchString(value) {
			return safeFlags(value)
		}
	}
	return ""
}

// safeFlags blanks the value of every flag whose name looks like a secret's, and every address with a user.
func safeFlags(value string) string {
	fields := strings.Fields(value)
	maskFlags(fields)
	return strings.Join(fields, " ")
}

func maskFlags(fields []string) {
	for i, f := range fields {
		key, _, valued := strings.Cut(f, "=")
		name := normalName(strings.TrimLeft(key, "-"))
		switch {
		case secretNames.MatchString(name) && valued:
			fields[i] = key + "=***"
		case secretNames.MatchString(name) && i+1 < len(fields):
			fields[i+1] = "***"
		case strings.Contains(f, "://") && strings.Contains(f, "@"):
			fields[i] = "***"
		}
	}
}

// safeArgs returns arguments with the values of those blanked that look like secrets.
func safeArgs(args []string) []string {
	args = slices.Clone(args)
	for i := range args {
		// First as a whole: where one word of "Authorization: Bearer TOKEN" is blanked, the next is no secret by its looks.
		args[i] = redact.Text(args[i])
	}
	safe := slices.Clone(args)
	for i, arg := range args {
		if strings.ContainsAny(arg, " \t\n") { // a script, or flags in one argument
			if masked := safeFlags(arg); strings.Contains(masked, "***") {
				safe[i] = masked
			}
			continue
		}
		if i > 0 && safe[i] != args[i] {
			continue // blanked as the value of the flag before it
		}
		pair := []string{arg}
		if i+1 < len(args) && strings.HasPrefix(arg, "-") && !strings.HasPrefix(args[i+1], "-") {
			pair = append(pair, args[i+1])
		}
		maskFlags(pair)
		copy(safe[i:], pair)
	}
	return safe
}

// digest tells two values apart without keeping them: the first 32 bits of SHA-256, too few to find a value by.
func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:4])
}
