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
	if v, found := after(rest, "oom_score_adj="); found {
		if adj, n := signed(v); n > 0 {
			inv.OOMScoreAdj, whole = &adj, true
		}
	} else if v, older := after(rest, "oom_adj="); older {
		whole = len(v) > 0
	}
	return inv, nodemask, whole, true
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
