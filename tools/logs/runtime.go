package logs

import (
	"regexp"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// pattern recognises a runtime's own error. The pattern's group named detail, if any, is what the runtime adds.
type pattern struct {
	kind string
	re   *regexp.Regexp
	// detail is said where the pattern has no group of that name.
	detail string
}

// head is what may stand before an error on its line: nothing, or the end of a logger's prefix.
const head = `(?:^|[\]:>|)("'=,]\s*|\s-\s|\b(?:ERROR|FATAL|CRITICAL|SEVERE|WARN|Error|error|exception|due to|by|with|throws?|threw|raised)\s+)`

// errorPatterns are anchored at what a runtime prints, so that a flag (-XX:+ExitOnOutOfMemoryError), a counter
// (OutOfMemoryError count: 0) or a page about an error is none.
var errorPatterns = []pattern{
	// HotSpot, src/hotspot/share/utilities/debug.cpp and classfile/javaClasses; OpenJ9 prints the same texts.
	{kind: investigations.LogJavaOOM, re: regexp.MustCompile(`\bOutOfMemoryError:\s+(?P<detail>Java heap space|GC overhead limit exceeded|` +
		`Metaspace|Compressed class space|PermGen space|Direct buffer memory|Cannot reserve \d+ bytes of direct buffer memory|` +
		`unable to create (?:new )?native thread|Requested array size exceeds VM limit|Map failed|Out of swap space|` +
		`Failed to allocate a \d+ byte allocation|C heap space|Required (?:array )?length exceeds implementation limit)`)},
	{kind: investigations.LogJavaOOM, re: regexp.MustCompile(`(?:` + head + `|Exception in thread .{1,200} |Caused by: )` +
		`java\.lang\.OutOfMemoryError(?::\s+(?P<detail>[^\n]{1,100})|\s*$)`)},
	{kind: investigations.LogJavaOOM, detail: "Direct buffer memory", re: regexp.MustCompile(
		`OutOfDirectMemoryError: failed to allocate \d+ byte\(s\) of direct memory`)},
	{kind: investigations.LogJavaOOM, detail: "native memory allocation", re: regexp.MustCompile(
		`Native memory allocation \((?:mmap|malloc)\) failed to (?:map|allocate)|os::commit_memory\(.*\) failed; error='(?:Not enough space|Cannot allocate memory)'`)},

	// V8, src/api/api.cc (V8::FatalProcessOutOfMemory).
	{kind: investigations.LogV8Heap, re: regexp.MustCompile(`FATAL ERROR: (?P<detail>Reached heap limit|Ineffective mark-compacts near heap limit|` +
		`CALL_AND_RETRY_LAST|invalid array length|invalid table size)\b.*(?:Allocation failed|out of memory)`)},
	{kind: investigations.LogV8Heap, re: regexp.MustCompile(`FATAL ERROR: .{0,100}(?:JavaScript heap|process) out of memory`)},
	{kind: investigations.LogV8Heap, detail: "worker", re: regexp.MustCompile(`ERR_WORKER_OUT_OF_MEMORY\b.*reaching memory limit`)},
	{kind: investigations.LogV8Heap, re: regexp.MustCompile(`# Fatal JavaScript (?P<detail>out of memory|OOM in .*)`)},

	// CPython ends a traceback in the exception's name; NumPy, PyArrow and PyTorch have their own.
	{kind: investigations.LogPythonOOM, re: regexp.MustCompile(`(?m)^(?:[\w.]+\.)?_?(?:Array|Arrow)?MemoryError(?:: (?P<detail>[^\n]{1,200}))?\s*$`)},
	{kind: investigations.LogPythonOOM, re: regexp.MustCompile(`(?:: |\] |raised unexpected: )(?:[\w.]+\.)?_?(?:Array|Arrow)?MemoryError(?:\(.*\))?\s*$`)},
	{kind: investigations.LogPythonOOM, re: regexp.MustCompile(`ArrayMemoryError: (?P<detail>Unable to allocate [^\n]{1,120})`)},
	{kind: investigations.LogPythonOOM, re: regexp.MustCompile(`DefaultCPUAllocator: (?P<detail>can't allocate memory|not enough memory)`)},
	{kind: investigations.LogPythonOOM, detail: "cannot allocate memory", re: regexp.MustCompile(`(?m)^(?:OSError|IOError): \[Errno 12\] Cannot allocate memory`)},

	// Go, runtime/malloc.go, mem.go and mcache.go.
	{kind: investigations.LogGoOOM, re: regexp.MustCompile(`fatal error: (?:runtime: )?(?P<detail>out of memory|cannot allocate memory|cannot map pages in arena address space)`)},
	{kind: investigations.LogGoOOM, detail: "out of memory", re: regexp.MustCompile(`(?:^|\s)runtime: out of memory: cannot allocate \d+-byte block`)},
	{kind: investigations.LogGoOOM, re: regexp.MustCompile(`(?:^|\s)runtime: (?P<detail>out of memory|cannot allocate memory)\s*$`)},

	{kind: investigations.LogDotnetOOM, re: regexp.MustCompile(`(?:` + head + `|Unhandled [eE]xception[.:] )System\.OutOfMemoryException(?::|\s*$)`)},
	{kind: investigations.LogDotnetOOM, re: regexp.MustCompile(`Exception of type 'System\.OutOfMemoryException' was thrown`)},
	{kind: investigations.LogRubyOOM, re: regexp.MustCompile(`\(NoMemoryError\)|` + head + `NoMemoryError(?::|\s*$)|\[FATAL\] failed to allocate memory`)},
	{kind: investigations.LogPHPOOM, re: regexp.MustCompile(`Allowed memory size of \d+ bytes exhausted|Fatal error: +Out of memory \(allocated \d+`)},
	// Rust, library/alloc (handle_alloc_error).
	{kind: investigations.LogRustOOM, re: regexp.MustCompile(`(?:^|[\s'"])memory allocation of \d+ bytes failed`)},
	{kind: investigations.LogNativeOOM, re: regexp.MustCompile(`instance of '?(?P<detail>std::bad_alloc)|what\(\):\s+(?:std::)?bad_alloc|` + head + `std::bad_alloc\s*$`)},
	// Erlang's virtual machine, GHC's, SBCL's, Perl's.
	{kind: investigations.LogNativeOOM, re: regexp.MustCompile(`\b(?P<detail>\w+_alloc): Cannot (?:re)?allocate \d+ bytes of memory|(?i:heap exhausted[;,:(\s])|(?m:^Out of memory!)`)},
}

// mention recognises lines that speak about an error: flags, conditions, advice.
var mention = regexp.MustCompile(`(?i)-XX:[^ ]*OutOfMemory|\b(?:if|when|whenever|in case of|until|unless|prevents?|avoids?|simulat\w*|inject\w*) ` +
	`(?:(?:an?|the|any|you|see|get|got|of|there is) ){0,3}(?:java\.lang\.|System\.)?(?:OutOfMemory|MemoryError|out of memory|heap limit|std::bad_alloc)`)

// collection is what V8 prints of its last garbage collections: the heap's size before and after, in MiB.
var collection = regexp.MustCompile(`\bMark-(?:sweep|[Cc]ompact)\b.*\([\d.]+\) -> (\d+(?:\.\d+)?) \([\d.]+\) MB`)

// runtimeError returns the kind of error that a line is, and what the runtime adds; "" for none.
func runtimeError(text string) (kind, detail string) {
	if mention.MatchString(text) {
		return "", ""
	}
	for _, p := range errorPatterns {
		m := p.re.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		detail := p.detail
		for i, name := range p.re.SubexpNames() {
			if name == "detail" && m[i] != "" {
				detail = m[i]
			}
		}
		return p.kind, plainDetail(detail)
	}
	return "", ""
}

// plainDetail gives the texts of different versions of a runtime one form.
func plainDetail(s string) string {
	switch {
	case strings.HasPrefix(s, "Cannot reserve "):
		return "Direct buffer memory"
	case strings.HasPrefix(s, "unable to create"):
		return "unable to create native thread"
	}
	return investigations.CleanText(strings.TrimSpace(s), 120)
}
