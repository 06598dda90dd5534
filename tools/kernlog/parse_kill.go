package kernlog

import (
	"bytes"

	"github.com/oombot/oombot/investigations"
)

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
