package investigations

import (
	"regexp"
	"strings"
)

// errorPattern recognises a runtime's own error. The pattern's group named detail, if any, is what the runtime adds.
type errorPattern struct {
	kind string
	re   *regexp.Regexp
	// detail is said where the pattern has no group of that name.
	detail string
}

// errorHead is what may stand before an error on its line: nothing, or the end of a logger's prefix.
const errorHead = `(?:^|[\]:>|)("'=,]\s*|\s-\s|\b(?:ERROR|FATAL|CRITICAL|SEVERE|WARN|Error|error|exception|due to|by|with|throws?|threw|raised)\s+)`

// errorPatterns are anchored at what a runtime prints, so that a flag (-XX:+ExitOnOutOfMemoryError), a counter
// (OutOfMemoryError count: 0) or a page about an error is none.
var errorPatterns = []errorPattern{
	// HotSpot, src/hotspot/share/utilities/debug.cpp and classfile/javaClasses; OpenJ9 prints the same texts.
	{kind: LogJavaOOM, re: regexp.MustCompile(`\bOutOfMemoryError:\s+(?P<detail>Java heap space|GC overhead limit exceeded|` +
		`Metaspace|Compressed class space|PermGen space|Direct buffer memory|Cannot reserve \d+ bytes of direct buffer memory|` +
		`unable to create (?:new )?native thread|Requested array size exceeds VM limit|Map failed|Out of swap space|` +
		`Failed to allocate a \d+ byte allocation|C heap space|Required (?:array )?length exceeds implementation limit)`)},
	{kind: LogJavaOOM, re: regexp.MustCompile(`(?:` + errorHead + `|Exception in thread .{1,200} |Caused by: )` +
		`java\.lang\.OutOfMemoryError(?::\s+(?P<detail>[^\n]{1,100})|\s*$)`)},
	{kind: LogJavaOOM, detail: "Direct buffer memory", re: regexp.MustCompile(
		`OutOfDirectMemoryError: failed to allocate \d+ byte\(s\) of direct memory`)},
	{kind: LogJavaOOM, detail: "native memory allocation", re: regexp.MustCompile(
		`Native memory allocation \((?:mmap|malloc)\) failed to (?:map|allocate)|os::commit_memory\(.*\) failed; error='(?:Not enough space|Cannot allocate memory)'`)},

	// V8, src/api/api.cc (V8::FatalProcessOutOfMemory).
	{kind: LogV8Heap, re: regexp.MustCompile(`FATAL ERROR: (?P<detail>Reached heap limit|Ineffective mark-compacts near heap limit|` +
		`CALL_AND_RETRY_LAST|invalid array length|invalid table size)\b.*(?:Allocation failed|out of memory)`)},
	{kind: LogV8Heap, re: regexp.MustCompile(`FATAL ERROR: .{0,100}(?:JavaScript heap|process) out of memory`)},
	{kind: LogV8Heap, detail: "worker", re: regexp.MustCompile(`ERR_WORKER_OUT_OF_MEMORY\b.*reaching memory limit`)},
	{kind: LogV8Heap, re: regexp.MustCompile(`# Fatal JavaScript (?P<detail>out of memory|OOM in .*)`)},

	// CPython ends a traceback in the exception's name; NumPy, PyArrow and PyTorch have their own.
	{kind: LogPythonOOM, re: regexp.MustCompile(`(?m)^(?:[\w.]+\.)?_?(?:Array|Arrow)?MemoryError(?:: (?P<detail>[^\n]{1,200}))?\s*$`)},
	{kind: LogPythonOOM, re: regexp.MustCompile(`(?:: |\] |raised unexpected: )(?:[\w.]+\.)?_?(?:Array|Arrow)?MemoryError(?:\(.*\))?\s*$`)},
	{kind: LogPythonOOM, re: regexp.MustCompile(`ArrayMemoryError: (?P<detail>Unable to allocate [^\n]{1,120})`)},
	{kind: LogPythonOOM, re: regexp.MustCompile(`DefaultCPUAllocator: (?P<detail>can't allocate memory|not enough memory)`)},
	{kind: LogPythonOOM, detail: "cannot allocate memory", re: regexp.MustCompile(`(?m)^(?:OSError|IOError): \[Errno 12\] Cannot allocate memory`)},

	// Go, runtime/malloc.go, mem.go and mcache.go.
	{kind: LogGoOOM, re: regexp.MustCompile(`fatal error: (?:runtime: )?(?P<detail>out of memory|cannot allocate memory|cannot map pages in arena address space)`)},
	{kind: LogGoOOM, detail: "out of memory", re: regexp.MustCompile(`(?:^|\s)runtime: out of memory: cannot allocate \d+-byte block`)},
	{kind: LogGoOOM, re: regexp.MustCompile(`(?:^|\s)runtime: (?P<detail>out of memory|cannot allocate memory)\s*$`)},

	{kind: LogDotnetOOM, re: regexp.MustCompile(`(?:` + errorHead + `|Unhandled [eE]xception[.:] )System\.OutOfMemoryException(?::|\s*$)`)},
	{kind: LogDotnetOOM, re: regexp.MustCompile(`Exception of type 'System\.OutOfMemoryException' was thrown`)},
	{kind: LogRubyOOM, re: regexp.MustCompile(`\(NoMemoryError\)|` + errorHead + `NoMemoryError(?::|\s*$)|\[FATAL\] failed to allocate memory`)},
	{kind: LogPHPOOM, re: regexp.MustCompile(`Allowed memory size of \d+ bytes exhausted|Fatal error: +Out of memory \(allocated \d+`)},
	// Rust, library/alloc (handle_alloc_error).
	{kind: LogRustOOM, re: regexp.MustCompile(`(?:^|[\s'"])memory allocation of \d+ bytes failed`)},
	{kind: LogNativeOOM, re: regexp.MustCompile(`instance of '?(?P<detail>std::bad_alloc)|what\(\):\s+(?:std::)?bad_alloc|` + errorHead + `std::bad_alloc\s*$`)},
	// Erlang's virtual machine, GHC's, SBCL's, Perl's.
	{kind: LogNativeOOM, re: regexp.MustCompile(`\b(?P<detail>\w+_alloc): Cannot (?:re)?allocate \d+ bytes of memory|(?i:heap exhausted[;,:(\s])|(?m:^Out of memory!)`)},
}

// errorMention recognises lines that speak about an error: flags, conditions, advice.
var errorMention = regexp.MustCompile(`(?i)-XX:[^ ]*OutOfMemory|\b(?:if|when|whenever|in case of|until|unless|prevents?|avoids?|simulat\w*|inject\w*) ` +
	`(?:(?:an?|the|any|you|see|get|got|of|there is) ){0,3}(?:java\.lang\.|System\.)?(?:OutOfMemory|MemoryError|out of memory|heap limit|std::bad_alloc)`)

// RuntimeError tells whether a line is the error with which a program's own runtime gives up for want of memory. It
// returns the LogMatch kind and what the runtime adds; "" where the line is no such error, or only speaks of one.
func RuntimeError(text string) (kind, detail string) {
	if errorMention.MatchString(text) {
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
	return CleanText(strings.TrimSpace(s), 120)
}
