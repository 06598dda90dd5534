package kernlog

import (
	"bytes"
	"strconv"

	"github.com/oombot/oombot/investigations"
)

// unlimitedKB is from where a limit counts as none: kernels print their largest page counter, which differs
// with the page size and the version (9007199254740988kB, 18014398509481983kB).
const unlimitedKB = 1 << 52

// parseHeader reads `COMM invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0`. Between
// gfp_mask and order kernels 4.9 to 4.20 print the nodemask, which makes old true. whole is false where the
// line breaks off.
func parseHeader(text []byte) (inv investigations.KernelInvoker, nodemask []byte, whole, ok bool) {
	i := bytes.Index(text, []byte(invoked))
	if i < 0 || !nameFits(text[:i]) {
		return inv, nil, false, false
	}
	inv.Comm = string(text[:i])
	rest := text[i+len(invoked):]
	if v, found := after(rest, "gfp_mask="); found {
		inv.GFPMask = string(until(v, ", "))
	}
	if v, found := after(rest, "nodemask="); found {
		nodemask = until(v, ", ")
	}
	if v, found := after(rest, "order="); found {
		inv.Order, _ = signed(v)
	}
	v, found := after(rest, "oom_score_adj=")
	if found {
		if adj, n := signed(v); n > 0 {
			inv.OOMScoreAdj = &adj
		}
	} else if _, older := after(rest, "oom_adj="); older {
		found = true
	}
	return inv, nodemask, found && len(v) > 0, true
}

// nameFits tells whether b can be a command name. Where bytes were replaced on the way it may be longer.
func nameFits(b []byte) bool {
	if len(b) <= maxComm {
		return true
	}
	n := 0
	for range string(b) {
		n++
	}
	return n <= maxComm
}

// after returns what follows key in b.
func after(b []byte, key string) ([]byte, bool) {
	i := bytes.Index(b, []byte(key))
	if i < 0 {
		return nil, false
	}
	return b[i+len(key):], true
}

// until returns b up to sep, or all of it.
func until(b []byte, sep string) []byte {
	if i := bytes.Index(b, []byte(sep)); i >= 0 {
		return b[:i]
	}
	return b
}

// signed reads the number that b begins with, and how many bytes it has.
func signed(b []byte) (int64, int) {
	if len(b) > 0 && b[0] == '-' {
		v, n := leadingInt(b[1:])
		if n == 0 {
			return 0, 0
		}
		return -v, n + 1
	}
	return leadingInt(b)
}

// parseCounter reads `memory: usage 1kB, limit 2kB, failcnt 3`. raw is the limit as printed.
func parseCounter(text []byte) (name string, c investigations.KernelCounter, raw int64, whole bool) {
	i := bytes.IndexByte(text, ':')
	name = string(text[:i])
	v, _ := after(text, "usage ")
	c.UsageKB, _ = leadingInt(v)
	if v, ok := after(text, "limit "); ok {
		var n int
		raw, n = leadingInt(v)
		if n > 0 && raw < unlimitedKB {
			limit := raw
			c.LimitKB = &limit
		}
	}
	v, ok := after(text, "failcnt ")
	if ok {
		var n int
		c.FailCnt, n = leadingInt(v)
		whole = n > 0
	}
	return name, c, raw, whole
}

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
	s.constraint = p.name(until(valueOf(text, "constraint="), ",nodemask="))
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

// announcement is `Kill process P (C) score S or sacrifice child`.
type announcement struct {
	kind  string
	pid   int64
	score int64
}

func parseAnnounce(text []byte) (a announcement, ok bool) {
	i := bytes.Index(text, []byte("Kill process "))
	if i < 0 {
		return a, false
	}
	a.kind = prefixKind(text[:i])
	a.pid, _ = leadingInt(text[i+len("Kill process "):])
	j := bytes.LastIndex(text, []byte(") score "))
	if j < 0 {
		return a, false
	}
	v := text[j+len(") score "):]
	var n int
	a.score, n = leadingInt(v)
	return a, n > 0 && bytes.HasPrefix(v[n:], []byte(" or sacrifice child"))
}

// prefixKind tells what the words before the kill say: memcg, global, or nothing.
func prefixKind(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("Memory cgroup")):
		return investigations.KernelMemcg
	case bytes.HasPrefix(b, []byte("Out of memory")):
		return investigations.KernelGlobal
	}
	return ""
}

// killLine is `PREFIX: Killed process P (C) total-vm:…`.
type killLine struct {
	kind string
	// bare says that there are no words before it, as up to 5.0.
	bare bool
	investigations.KernelKill
}

// parseKill reads a kill in the forms of all versions. The name ends at the last place where it can, because
// it can hold brackets and look like the rest of the line. whole is false where the line breaks off.
func parseKill(text []byte) (k killLine, whole, ok bool) {
	i := bytes.Index(text, []byte(killed))
	if i < 0 {
		return k, false, false
	}
	k.kind, k.bare = prefixKind(text[:i]), i == 0
	rest := text[i+len(killed):]
	pid, n := leadingInt(rest)
	if n == 0 || n == len(rest) || rest[n] != ' ' && rest[n] != ',' {
		return k, false, false
	}
	k.PID = pid
	rest = rest[n:]
	vm := bytes.LastIndex(rest, []byte(" total-vm:"))
	if vm < 0 {
		if end := bytes.LastIndexByte(rest, ')'); end > 2 {
			k.Comm = string(rest[2:end])
		}
		return k, false, true
	}
	name := rest[:vm]
	if v, found := bytes.CutPrefix(name, []byte(", UID ")); found { // RHEL 6: `P, UID 27, (C) total-vm:`
		uid, n := leadingInt(v)
		if n > 0 && bytes.HasPrefix(v[n:], []byte(", ")) {
			k.UID, name = &uid, v[n+1:]
		}
	}
	if len(name) > 0 && name[len(name)-1] == ',' { // RHEL 7: `(C), UID 27, total-vm:`
		if j := bytes.LastIndex(name, []byte(", UID ")); j >= 0 {
			uid, _ := leadingInt(name[j+6:])
			k.UID, name = &uid, name[:j]
		}
	}
	if len(name) >= 3 && name[len(name)-1] == ')' {
		k.Comm = string(name[2 : len(name)-1])
	}
	tail := rest[vm+1:]
	k.values(tail)
	return k, killEnds(tail), true
}

// values reads the numbers behind the name.
func (k *killLine) values(b []byte) {
	kB := func(key string) *int64 {
		v, ok := after(b, key)
		if !ok {
			return nil
		}
		n, digits := leadingInt(v)
		if digits == 0 || !bytes.HasPrefix(v[digits:], []byte("kB")) {
			return nil
		}
		return &n
	}
	k.TotalVMKB, k.AnonRSSKB, k.FileRSSKB = kB("total-vm:"), kB("anon-rss:"), kB("file-rss:")
	k.ShmemRSSKB, k.PgtablesKB = kB("shmem-rss:"), kB("pgtables:")
	if v, ok := after(b, "UID:"); ok {
		if uid, n := leadingInt(v); n > 0 {
			k.UID = &uid
		}
	}
	if v, ok := after(b, "oom_score_adj:"); ok {
		if adj, n := signed(v); n > 0 {
			k.OOMScoreAdj = &adj
		}
	}
}

// killEnds tells whether the numbers of a kill line are all there.
func killEnds(b []byte) bool {
	b = bytes.TrimRight(b, " ")
	if bytes.Contains(b, []byte("UID:")) {
		v, ok := after(b, "oom_score_adj:")
		return ok && len(v) > 0 && isDigit(v[len(v)-1])
	}
	return bytes.Contains(b, []byte("file-rss:")) && bytes.HasSuffix(b, []byte("kB"))
}

// versionAtLeast compares the first two numbers of a kernel's version; ok is false where it has none.
func versionAtLeast(kernel string, major, minor int64) (is, ok bool) {
	a, n := leadingInt([]byte(kernel))
	if n == 0 || n+1 >= len(kernel) || kernel[n] != '.' {
		return false, false
	}
	b, m := leadingInt([]byte(kernel[n+1:]))
	if m == 0 {
		return false, false
	}
	return a > major || a == major && b >= minor, true
}

// quoteInt is for messages that name a number.
func quoteInt(v int64) string { return strconv.FormatInt(v, 10) }
