package incidents

import (
	"fmt"
	"strings"
	"time"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	// pageSize is that of every machine here.
	pageSize = 4096
)

// pick returns one of the values.
func pick[T any](s *scene, of ...T) T { return of[s.rng.IntN(len(of))] }

// between returns a number in [lo, hi).
func (s *scene) between(lo, hi float64) float64 { return lo + (hi-lo)*s.rng.Float64() }

// dur returns a duration in [lo, hi), in whole seconds.
func (s *scene) dur(lo, hi time.Duration) time.Duration {
	return time.Duration(s.between(float64(lo), float64(hi))).Truncate(time.Second)
}

// word returns n characters of an alphabet.
func (s *scene) word(n int, alphabet string) string {
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[s.rng.IntN(len(alphabet))])
	}
	return b.String()
}

// hex returns n hexadecimal digits, as container ids and digests have.
func (s *scene) hex(n int) string { return s.word(n, "0123456789abcdef") }

// suffix returns n characters as Kubernetes makes random names: without vowels and what looks like them.
func (s *scene) suffix(n int) string { return s.word(n, "bcdfghjklmnpqrstvwxz2456789") }

// uid returns a version 4 UUID.
func (s *scene) uid() string {
	return fmt.Sprintf("%s-%s-4%s-%s%s-%s", s.hex(8), s.hex(4), s.hex(3), s.word(1, "89ab"), s.hex(3), s.hex(12))
}

// freshPID returns a process id that no other process of the incident has, with room for a few children.
func (s *scene) freshPID() int {
	for {
		pid := 2000 + s.rng.IntN(950000)
		taken := false
		for _, o := range s.pids {
			taken = taken || (pid < o+80 && o < pid+80)
		}
		if !taken {
			s.pids = append(s.pids, pid)
			return pid
		}
	}
}

// namespaces and apps are where the target's and the neighbours' names come from.
var (
	namespaces = []string{"shop", "media", "payments", "team-blue", "search", "orders", "ads", "platform-eu", "web"}
	apps       = []string{"api", "web", "checkout", "cart", "gateway", "catalog", "ingest", "sessions", "pricing", "app"}
	bystanders = []string{
		"feed", "geo", "tags", "mail-out", "users", "pricer", "thumbs", "audit", "quotes", "flags", "ledger",
		"invoices", "reviews", "stock", "notify", "translate", "reports", "partners", "labels", "avatars",
	}
)
