package kernlog

import (
	"bytes"
)

// summaryLine is `oom-kill:constraint=…`, printed from kernel 5.0 on.
type summaryLine struct {
	constraint, nodemask, mems, oomMemcg, taskMemcg, comm string
	global, whole                                         bool
	pid                                                   int64
}

// parseSummary splits the summary at the keys that are known: the lists of nodes hold commas, and paths and
// the name can hold anything. The end is read from the right.
func (p *Parser) parseSummary(text []byte) summaryLine {
	var s summaryLine
	s.constraint = constraint(until(valueOf(text, "constraint="), ","))
	s.nodemask = p.name(until(valueOf(text, ",nodemask="), ",cpuset="))
	body := text
	if v, ok := after(text, ",mems_allowed="); ok {
		n := 0
		for n < len(v) && (isDigit(v[n]) || v[n] == '-' || v[n] == ',' && n+1 < len(v) && isDigit(v[n+1])) {
			n++
		}
		s.mems = p.name(v[:n])
		body = v[n:]
	}
	body, s.pid, s.whole = summaryEnd(body)
	if s.whole {
		body, s.comm = summaryTask(body)
	}
	switch {
	case bytes.HasPrefix(body, []byte(",global_oom")):
		s.global = true
	case bytes.HasPrefix(body, []byte(",oom_memcg=")):
		// Without its end the path may be cut off as well.
		if v, _ := after(body, ",oom_memcg="); s.whole || bytes.Contains(v, []byte(",task_memcg=")) {
			s.oomMemcg = p.path(until(v, ",task_memcg="))
		}
	}
	if v, ok := after(body, ",task_memcg="); ok && s.whole {
		s.taskMemcg = p.path(v)
	}
	return s
}

// constraint returns a name of enum oom_constraint; "" where it is none, as one that is cut off.
func constraint(b []byte) string {
	for _, c := range [...]string{"CONSTRAINT_NONE", "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY", "CONSTRAINT_MEMCG"} {
		if string(b) == c {
			return c
		}
	}
	return ""
}

func valueOf(b []byte, key string) []byte {
	v, _ := after(b, key)
	return v
}

// summaryEnd takes `,pid=N,uid=N` off the end.
func summaryEnd(b []byte) (rest []byte, pid int64, ok bool) {
	u := bytes.LastIndex(b, []byte(",uid="))
	if u < 0 {
		return b, 0, false
	}
	if _, n := signed(b[u+5:]); n == 0 || n != len(bytes.TrimRight(b[u+5:], " ")) {
		return b, 0, false
	}
	i := bytes.LastIndex(b[:u], []byte(",pid="))
	if i < 0 {
		return b, 0, false
	}
	pid, n := leadingInt(b[i+5 : u])
	if n == 0 || n != u-i-5 {
		return b, 0, false
	}
	return b[:i], pid, true
}

// summaryTask takes `,task=COMM` off the end: the leftmost place from where on a name fits, because a name
// can hold the key itself.
func summaryTask(b []byte) (rest []byte, comm string) {
	const key = ",task="
	from := max(0, len(b)-maxComm-len(key))
	i := bytes.Index(b[from:], []byte(key))
	if i < 0 {
		from = 0
		if i = bytes.LastIndex(b, []byte(key)); i < 0 {
			return b, ""
		}
	}
	i += from
	return b[:i], string(b[i+len(key):])
}
