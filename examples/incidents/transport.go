package incidents

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// klog is the kernel log of one node, as it was recorded.
type klog struct {
	node  *node
	lines []kline
	// from and to are what the log covers; noise fills it.
	from, to time.Time
	// transport is how the text was taken; see transports.
	transport string
	quiet     bool
}

// transports are the ways in which a kernel log reaches a bundle.
var transports = []string{
	"short-iso", "kmsg", "dmesg", "dmesg-T", "dmesg-iso", "json", "short", "rsyslog", "rfc3339", "short-monotonic", "dmesg-x",
}

// journal are the transports that hold lines of other programs too.
var journal = []string{"short-iso", "json", "short", "rsyslog", "rfc3339"}

// klog returns the log of a node, which is begun where there is none.
func (s *scene) klog(n *node) *klog {
	if l := s.klogs[n.name]; l != nil {
		return l
	}
	l := &klog{node: n, transport: transports[s.rng.IntN(len(transports))]}
	s.klogs[n.name] = l
	return l
}

// say adds a line of another program to a node's log, which must be a journal then.
func (s *scene) say(n *node, at time.Time, ident, format string, args ...any) {
	l := s.klog(n)
	if !slices.Contains(journal, l.transport) {
		l.transport = journal[s.rng.IntN(len(journal))]
	}
	l.lines = append(l.lines, kline{at: at, prio: 3*8 + 6, ident: ident, text: fmt.Sprintf(format, args...)})
}

// render writes the log in its transport, with noise between the lines.
func (l *klog) render(s *scene) []byte {
	lines := append(s.kernelNoise(l), l.lines...)
	sort.SliceStable(lines, func(i, j int) bool { return lines[i].at.Before(lines[j].at) })
	var b strings.Builder
	seq := 1000 + l.node.ramPages%7777
	for i, k := range lines {
		if k.at.Before(l.from) || k.at.After(l.to) {
			continue
		}
		b.WriteString(l.line(k, seq+int64(i)))
		b.WriteByte('\n')
	}
	if s.texture.crlf {
		return []byte(strings.ReplaceAll(b.String(), "\n", "\r\n"))
	}
	return []byte(b.String())
}

// line renders one record.
func (l *klog) line(k kline, seq int64) string {
	up := k.at.Sub(l.node.boot)
	stamp := fmt.Sprintf("[%5d.%06d] ", int64(up.Seconds()), up.Microseconds()%1e6)
	host := cmp.Or(k.host, l.node.name)
	ident := "kernel"
	if k.ident != "" {
		ident = k.ident
	}
	switch l.transport {
	case "kmsg":
		return fmt.Sprintf("%d,%d,%d,-;%s", k.prio, seq, up.Microseconds(), escape(k.text))
	case "dmesg":
		return padded(stamp, printable(k.text))
	case "dmesg-x":
		return padded(fmt.Sprintf("kern  :%-6s: %s", levels[k.prio&7], stamp), printable(k.text))
	case "dmesg-T":
		return padded(k.at.Format("[Mon Jan _2 15:04:05 2006] "), printable(k.text))
	case "dmesg-iso":
		return padded(k.at.Format("2006-01-02T15:04:05,000000+00:00 "), printable(k.text))
	case "short-monotonic":
		return padded(stamp+host+" "+ident+": ", k.text)
	case "short":
		return padded(k.at.Format("Jan 02 15:04:05 ")+host+" "+ident+": ", k.text)
	case "rsyslog":
		if k.ident == "" {
			ident += ": " + strings.TrimSuffix(stamp, " ")
			return k.at.Format("Jan _2 15:04:05 ") + host + " " + ident + " " + octal(k.text)
		}
		return k.at.Format("Jan _2 15:04:05 ") + host + " " + ident + ": " + octal(k.text)
	case "rfc3339":
		return k.at.Format("2006-01-02T15:04:05.000000+00:00 ") + host + " " + ident + ": " + octal(k.text)
	case "json":
		return l.jsonLine(k, up)
	}
	return padded(k.at.Format("2006-01-02T15:04:05+00:00 ")+host+" "+ident+": ", k.text)
}

// levels are the names of the kernel's levels.
var levels = []string{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"}

// padded prints a record; its further lines stand under its text.
func padded(prefix, text string) string {
	return prefix + strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(prefix)))
}

// escape writes control characters and backslashes as /dev/kmsg does.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < 32 || c > 126 || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// printable writes control characters but newlines as dmesg does.
func printable(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.ContainsFunc(line, func(r rune) bool { return r < 32 || r == 127 }) {
			lines[i] = escape(line)
		}
	}
	return strings.Join(lines, "\n")
}

// octal writes control characters as rsyslog does.
func octal(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < 32 {
			fmt.Fprintf(&b, "#%03o", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// jsonLine is what journalctl -o json prints: text with control characters is a list of bytes.
func (l *klog) jsonLine(k kline, up time.Duration) string {
	entry := map[string]any{
		"__REALTIME_TIMESTAMP": fmt.Sprint(k.at.UnixMicro()), "_HOSTNAME": cmp.Or(k.host, l.node.name),
		"PRIORITY": fmt.Sprint(k.prio & 7), "MESSAGE": k.text,
	}
	if strings.ContainsFunc(k.text, func(r rune) bool { return r < 32 || r > 126 }) {
		var codes []int
		for _, c := range []byte(k.text) {
			codes = append(codes, int(c))
		}
		entry["MESSAGE"] = codes
	}
	if k.ident == "" {
		entry["_TRANSPORT"], entry["SYSLOG_IDENTIFIER"] = "kernel", "kernel"
		entry["_SOURCE_MONOTONIC_TIMESTAMP"] = fmt.Sprint(up.Microseconds())
	} else {
		entry["_TRANSPORT"] = "journal"
		entry["SYSLOG_IDENTIFIER"], _, _ = strings.Cut(k.ident, "[")
	}
	j, err := json.Marshal(entry)
	if err != nil {
		return ""
	}
	return string(j)
}
