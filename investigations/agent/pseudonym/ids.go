package pseudonym

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// headLength is how many hexadecimal digits of an id are its head: a shorter piece is not taken for one.
const headLength = 8

// id is an id of a container or a pod, as hexadecimal digits without separators, and the one in its stead.
type id struct{ from, to string }

// ids finds ids and what was cut from them by their heads.
type ids struct {
	real, made map[string][]id
	known      map[string]bool
}

func newIDs() ids { return ids{map[string][]id{}, map[string][]id{}, map[string]bool{}} }

// mostAlike is how many ids may have the same head: only made-up ones do.
const mostAlike = 32

// add takes in an id, and reports false for what is none. What stands in its place is a hash of it, so that it is the
// same in every investigation.
func (x ids) add(s string) bool {
	digits := s
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		digits = strings.ReplaceAll(s, "-", "")
	}
	if len(digits) < headLength || len(digits) > maxName || strings.Trim(digits, "0123456789abcdef") != "" || decimal(digits) {
		return false
	}
	if x.known[digits] {
		return true
	}
	if len(x.real[digits[:headLength]]) >= mostAlike {
		return false
	}
	x.known[digits] = true
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte("pseudonym " + strconv.Itoa(n) + " " + digits))
		to := strings.Repeat(hex.EncodeToString(sum[:]), len(digits)/64+1)[:len(digits)]
		// A letter first, so that it never looks like a number.
		to = string("abcdef"[sum[0]%6]) + to[1:]
		head := to[:headLength]
		if x.real[head] == nil && x.made[head] == nil {
			v := id{digits, to}
			x.real[digits[:headLength]] = append(x.real[digits[:headLength]], v)
			x.made[head] = []id{v}
			return true
		}
	}
}

func decimal(s string) bool { return strings.Trim(s, "0123456789") == "" }

// at returns what stands in place of the id, or the beginning of one, at start of s, and where it ends; false where
// there is none.
func (x ids) at(s string, start int, reveal bool) (out string, end int, ok bool) {
	if len(s)-start < headLength {
		return "", 0, false
	}
	candidates := x.real[s[start:start+headLength]]
	if reveal {
		candidates = x.made[s[start:start+headLength]]
	}
	for _, c := range candidates {
		from, to := c.from, c.to
		if reveal {
			from, to = to, from
		}
		if text, n := along(s[start:], from, to); n > end && !decimal(s[start:start+n]) {
			out, end, ok = text, n, true
		}
	}
	return out, start + end, ok
}

// along returns how much of s is from, or its beginning, and the same of to. The parts of a UUID may be joined by hyphens
// or, as in the names of cgroups, by underscores.
func along(s, from, to string) (out string, end int) {
	var b strings.Builder
	i := 0
	for k := 0; k < len(from) && i < len(s); {
		if s[i] == from[k] {
			b.WriteByte(to[k])
			i, k = i+1, k+1
		} else if separator(s, i, k, from) {
			b.WriteByte(s[i])
			i++
		} else {
			break
		}
		if k >= headLength && !wordAt(s, i) {
			out, end = b.String(), i
		}
	}
	return out, end
}

// separator tells whether the byte at i joins two parts of a UUID, of which k digits stand before.
func separator(s string, i, k int, from string) bool {
	return (s[i] == '-' || s[i] == '_') && len(from) == 32 && (k == 8 || k == 12 || k == 16 || k == 20) && i+1 < len(s) && s[i+1] == from[k]
}
