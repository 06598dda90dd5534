package kernlog

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki"
)

// QueryKernelLog is the name of the query that replaces the default selectors for nodes' kernel logs in Loki. Its
// placeholder is $node.
const QueryKernelLog = "kernel_log"

// nodeLabels are what collectors call the label that names the node, the more usual first.
var nodeLabels = []string{
	"nodename", "node_name", "hostname", "host", "instance", "node", "k8s_node_name", "kubernetes_host", "machine",
}

// streamKind is a kind of streams in which a node's kernel log can be.
type streamKind struct {
	// match selects the streams, without the node.
	match string
	// kernel says that they hold nothing else, raw that their lines carry a prefix of their own.
	kernel, raw bool
}

// streamKinds are the kinds that are looked for, the better first: the journal's lines of the kernel alone, the
// whole journal, and files that a syslog daemon writes.
var streamKinds = []streamKind{
	{match: `transport="kernel"`, kernel: true},
	{match: `syslog_identifier="kernel", transport=~"(?:kernel)?"`, kernel: true}, // others can call themselves so
	{match: `job=~"(?i).*journal.*"`},
	{match: `filename=~".*/(?:kern\\.log|kernel|messages|syslog)"`, raw: true},
}

// names returns what a node may be called in a label.
func nodeNames(s investigations.Subject, node string) []string {
	names := []string{node}
	if short, _, ok := strings.Cut(node, "."); ok {
		names = append(names, short)
	}
	for _, a := range s.NodeAddresses {
		if a != "" && !slices.Contains(names, a) {
			names = append(names, a)
		}
	}
	return names
}

// streams are the streams of a node's kernel log in Loki.
type streams struct {
	// selector selects them, and all those of the whole journal, if that is more.
	selector, all string
	kind          streamKind
	// unlabelled says that nothing tells the kernel's lines from others.
	unlabelled bool
}

// findStreams finds out how Loki labels the node's kernel log.
func findStreams(ctx context.Context, l *loki.Client, names []string, from, to time.Time) (streams, error) {
	if t := l.Template(QueryKernelLog); t != "" {
		q, err := loki.Expand(t, map[string][]string{"node": names})
		if err != nil {
			return streams{}, fmt.Errorf("%w: loki.queries.%s: %w", investigations.ErrNotConfigured, QueryKernelLog, err)
		}
		return streams{selector: q, all: q}, nil
	}
	series := make([][]map[string]string, len(streamKinds))
	g, ctx := errgroup.WithContext(ctx)
	for i, k := range streamKinds {
		g.Go(func() error {
			var match []string
			for _, label := range nodeLabels {
				match = append(match, k.of(label, names))
			}
			var err error
			series[i], err = l.Series(ctx, match, from, to)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return streams{}, err
	}
	return choose(series, names)
}

// of returns the selector of the kind, of a node that a label names.
func (k streamKind) of(label string, names []string) string {
	var quoted []string
	for _, n := range names {
		quoted = append(quoted, regexp.QuoteMeta(n))
	}
	return fmt.Sprintf("{%s, %s=~%q}", k.match, label, strings.Join(quoted, "|"))
}

// choose takes the best kind that there are streams of.
func choose(series [][]map[string]string, names []string) (streams, error) {
	for i, k := range streamKinds {
		for _, label := range nodeLabels {
			hits := slices.DeleteFunc(slices.Clone(series[i]), func(s map[string]string) bool { return !slices.Contains(names, s[label]) })
			if len(hits) == 0 {
				continue
			}
			s := streams{selector: k.of(label, names), kind: k}
			s.all = s.selector
			if journal := streamKinds[2]; k.kernel && slices.ContainsFunc(series[2], func(s map[string]string) bool { return slices.Contains(names, s[label]) }) {
				s.all = journal.of(label, names)
			}
			s.unlabelled = !k.kernel && !k.raw && !slices.ContainsFunc(hits, tellsWriter)
			return s, nil
		}
	}
	var tried []string
	for _, k := range streamKinds {
		tried = append(tried, k.match)
	}
	return streams{}, fmt.Errorf("%w: Loki has no journal of node %s in the window; looked for streams with %s and one of the labels %s; "+
		"say how your collector labels it: loki.queries.%s", investigations.ErrNotFound, names[0],
		strings.Join(tried, " or "), strings.Join(nodeLabels, ", "), QueryKernelLog)
}

// writerLabels name who wrote a line of the journal.
var writerLabels = []string{"transport", "syslog_identifier", "unit", "systemd_unit", "comm"}

// tellsWriter tells whether a stream's labels name who wrote its lines.
func tellsWriter(labels map[string]string) bool {
	return slices.ContainsFunc(writerLabels, func(l string) bool { return labels[l] != "" })
}

// writer returns who wrote the lines of a stream, by its labels. The journal gives the kernel's lines no unit.
func writer(labels map[string]string) string {
	switch transport, ident := labels["transport"], labels["syslog_identifier"]; {
	case transport == "kernel":
		return "kernel"
	case ident == "kernel" && transport != "":
		return "not-the-kernel" // anybody can call himself so
	case ident != "":
		return plainWord(ident)
	case labels["unit"] == "init.scope" || labels["systemd_unit"] == "init.scope":
		return "systemd"
	case labels["unit"] != "":
		return plainWord(strings.TrimSuffix(labels["unit"], ".service"))
	case labels["systemd_unit"] != "":
		return plainWord(strings.TrimSuffix(labels["systemd_unit"], ".service"))
	case labels["comm"] != "" || transport != "":
		return plainWord(labels["comm"] + transport)
	}
	return "kernel"
}

// notWord are bytes that would end an identifier before a message.
var notWord = regexp.MustCompile(`[^\w.@-]`)

// plainWord makes a label's value fit to stand before a message.
func plainWord(s string) string {
	s = notWord.ReplaceAllString(s, "_")
	if len(s) > 60 {
		s = s[:60]
	}
	return s
}
