package kernlog

import (
	"bytes"

	"github.com/oombot/oombot/investigations"
)

// traceRun is a run of lines of a call trace that no open report holds: the beginning of what is left of a
// report, perhaps, whose first line the log does not reach back to.
type traceRun struct {
	first, last  int64
	host, caller string
	stamp        stamp
	kernel, kind string
}

// traced takes a line into the run, if it looks like one of a call trace.
func (p *Parser) traced(r *record) {
	msg := r.msg
	// Up to 4.20 the line behind the header begins with a name; it is looked for where a log begins.
	if len(msg) == 0 || !isTrace(msg) && (p.line >= 16 || !bytes.Contains(msg, []byte(" mems_allowed="))) {
		return
	}
	t := &p.trace
	if t.first == 0 || t.last != p.begin-1 || t.host != string(r.host) || t.caller != string(r.caller) {
		*t = traceRun{first: p.begin, host: p.name(r.host), caller: p.name(r.caller), stamp: p.stampOf(r)}
	}
	t.last = p.line
	switch {
	case msg[0] == 'C' && t.kernel == "" && bytes.HasPrefix(msg, []byte("CPU: ")):
		t.kernel = p.name(release(msg))
	case t.kind == "":
		t.kind = traceKind(msg)
	}
}

// isTrace tells whether a message is a line that a report prints between its header and the memory.
func isTrace(msg []byte) bool {
	switch msg[0] {
	case ' ':
		return true
	case 'C', 'H', 'R', '[':
		for _, w := range traceWords {
			if bytes.HasPrefix(msg, []byte(w)) {
				return true
			}
		}
	}
	return false
}

// traceWords are how lines of a call trace and its registers begin that do not begin with a space. Syslog trims
// the space before an address.
var traceWords = []string{
	"CPU: ", "Hardware name: ", "Call Trace:", "Call trace:", "RIP: ", "RSP: ", "Code: ", "RAX: ", "RDX: ", "RBP: ", "R10: ", "R13: ",
	"[<", "COMPACTION is",
}

// traceKind tells the kind by the function that called the OOM killer.
func traceKind(line []byte) string {
	switch {
	case bytes.Contains(line, []byte("mem_cgroup_out_of_memory")), bytes.Contains(line, []byte("try_charge")):
		return investigations.KernelMemcg
	case bytes.Contains(line, []byte("__alloc_pages")):
		return investigations.KernelGlobal
	}
	return ""
}

// release finds the kernel's version in a CPU line: the first word with digits and dots behind the taint.
func release(line []byte) []byte {
	i := bytes.LastIndex(line, []byte("ainted"))
	if i < 0 {
		return nil
	}
	for word := range bytes.FieldsSeq(line[i:]) {
		if isDigit(word[0]) && bytes.IndexByte(word, '.') > 0 {
			return word[:min(len(word), 128)]
		}
	}
	return nil
}

// behead gives a report without a header the lines of the call trace right before it.
func (b *builder) behead(t *traceRun) {
	if t.last == 0 || t.last != b.r.Lines[0]-1 || b.stage <= stageHead || b.stage > stageMem || t.host != b.src.host || t.caller != b.src.caller {
		return
	}
	b.r.Lines[0], b.stamp = t.first, t.stamp
	b.r.Kernel, b.trace = t.kernel, t.kind
}
