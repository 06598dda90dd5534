package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

func bytesOf(b float64) string { return investigations.FormatBytes(b) }

func durationOf(d time.Duration) string { return investigations.FormatDuration(d) }

func percent(share float64) string { return fmt.Sprintf("%.0f %%", share*100) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// stamped puts words before a time; the empty string where there is none.
func stamped(words string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return words + stamp(t)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func fromSeconds(x float64) time.Time { return time.UnixMilli(int64(x * 1000)).UTC() }

func clamp(v, lo, hi float64) float64 { return math.Max(lo, math.Min(hi, v)) }

func round2(v float64) float64 { return math.Round(v*100) / 100 }

// unique drops empty and repeated entries, and keeps the order.
func unique(in []string) []string {
	out := []string{}
	for _, s := range in {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// cite puts fact ids into brackets, as " [F3] [F5]"; the empty string for none.
func cite(ids ...string) string {
	var b strings.Builder
	for _, id := range unique(ids) {
		b.WriteString(" [" + id + "]")
	}
	return b.String()
}

// shortPath shortens a cgroup path to its last two elements, and long ids in them to twelve digits.
func shortPath(p string) string {
	parts := strings.Split(strings.Trim(p, "/"), "/")
	if len(parts) > 2 {
		parts = append([]string{"…"}, parts[len(parts)-2:]...)
	}
	for i, e := range parts {
		if len(e) > 48 {
			e = longHex.ReplaceAllStringFunc(e, func(h string) string { return h[:12] + "…" })
		}
		parts[i] = e
	}
	return "/" + strings.Join(parts, "/")
}

func lives(n int) string {
	if n == 1 {
		return "1 life"
	}
	return fmt.Sprintf("%d lives", n)
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}

func containsAny(s string, subs ...string) bool {
	return slices.ContainsFunc(subs, func(x string) bool { return strings.Contains(s, x) })
}
