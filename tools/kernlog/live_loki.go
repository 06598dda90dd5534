package kernlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki"
)

const (
	// nearBefore and farBefore are how long before the moment the log is read in full from; the nearer part
	// has limits of its own.
	nearBefore, farBefore = 5 * time.Minute, 20 * time.Minute
	// fullLines and fullBytes bound each part that is read in full, scanLines the lines of a search.
	fullLines, fullBytes, scanLines = 30_000, 8 << 20, 3000
	// earlier is how many kills farther back are read in full, each with so much time around it.
	earlier, around = 3, 15 * time.Second
)

// killWords finds lines that tell of a kill.
const killWords = ` |~ "invoked oom-killer|oom-kill:|[Oo]ut of memory|Killed process|memory: usage|due to memory"`

// journal reads the kernel log of one node from Loki.
type journal struct {
	loki    *loki.Client
	subject investigations.Subject
	node    string
	to      investigations.Sink

	// parser reads the prefixes of lines that have one.
	parser *Parser

	mu sync.Mutex
	// parts were read in full; found are lines that a search found.
	parts []readPart
	found []loki.Entry
}

// readPart is a range that was read in full.
type readPart struct {
	span
	entries []loki.Entry
}

// span is a range of time: from is in it, to is not.
type span struct{ from, to time.Time }

func (s span) holds(t time.Time) bool { return !t.Before(s.from) && t.Before(s.to) }

// record reads the node's log, and keeps it.
func (j *journal) record(ctx context.Context, from investigations.Origin) {
	req := j.subject.Request
	at, end := req.At, req.At.Add(behind)
	where := path.Join(folder, strings.ReplaceAll(j.node, "/", "_")+ending)
	s, err := findStreams(ctx, j.loki, nodeNames(j.subject, j.node), req.From(), end)
	if err != nil {
		j.to.Miss(where, from, err)
		return
	}
	from = investigations.Origin{Name: "the journal of node " + j.node + " in Loki", Source: s.selector}
	near, far := span{at.Add(-nearBefore), end}, span{at.Add(-farBefore), at.Add(-nearBefore)}
	errs := make([]error, 4)
	var g errgroup.Group
	g.Go(func() error { errs[0] = j.read(ctx, s, near, false); return nil })
	g.Go(func() error { errs[1] = j.read(ctx, s, far, true); return nil })
	g.Go(func() error { errs[2] = j.search(ctx, s, span{req.From(), end}); return nil })
	g.Go(func() error { errs[3] = j.begin(ctx, s, span{req.From(), far.from}); return nil })
	_ = g.Wait() // the errors are in errs
	var clusters errgroup.Group
	for _, c := range j.clusters() {
		clusters.Go(func() error {
			if err := j.read(ctx, s, c, false); err != nil {
				blind(j.to, "the kernel's report of %s could not be read from Loki: %s", when(c.from), reason(err))
			}
			return nil
		})
	}
	_ = clusters.Wait() // the same
	data := j.write(s)
	if len(data) == 0 {
		err := errors.Join(errs...)
		if err == nil {
			err = fmt.Errorf("%w: Loki has streams of node %s, and no line of them in the window: %s", investigations.ErrNotFound, j.node, s.selector)
		}
		j.to.Miss(where, from, err)
		return
	}
	for i, what := range []string{"its lines around the moment", "its lines some minutes before the moment", "a search for kills in the window", "where it begins"} {
		if errs[i] != nil {
			blind(j.to, "%s: %s could not be read to the end: %s", from.Name, what, reason(errs[i]))
		}
	}
	if s.unlabelled && !j.inJSON() {
		blind(j.to, "%s: no label tells the kernel's lines from other programs' (transport, syslog_identifier or unit), so that all count as the kernel's", from.Name)
	}
	j.to.Keep(where, from, masked(data))
}

// read reads a range in full.
func (j *journal) read(ctx context.Context, s streams, r span, backward bool) error {
	a, err := j.loki.Query(ctx, loki.Query{LogQL: s.selector, From: r.from, To: r.to, Backward: backward, MaxLines: fullLines, MaxBytes: fullBytes})
	if n := len(a.Entries); n > 0 && (a.More || err != nil) {
		// Only what was read in full need not be looked for.
		if backward {
			r.from = a.Entries[0].At
		} else {
			r.to = a.Entries[n-1].At.Add(1)
		}
	}
	if a.More {
		blind(j.to, "the journal of node %s has so many lines about %s that some are not read; select the kernel's alone with loki.queries.%s",
			j.node, when(r.from), QueryKernelLog)
	}
	j.warn(a)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil || len(a.Entries) > 0 {
		j.parts = append(j.parts, readPart{r, a.Entries})
	}
	return err
}

func (j *journal) warn(a loki.Answer) {
	for _, w := range a.Warnings {
		blind(j.to, "Loki warns about the journal of node %s: %s", j.node, w)
	}
}

// search looks for lines that tell of kills.
func (j *journal) search(ctx context.Context, s streams, r span) error {
	a, err := j.loki.Query(ctx, loki.Query{LogQL: s.all + killWords, From: r.from, To: r.to, Backward: true, MaxLines: scanLines})
	if a.More {
		blind(j.to, "the journal of node %s tells of so many kills that those before %s are not read", j.node, when(a.Entries[0].At))
	}
	j.warn(a)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.found = append(j.found, a.Entries...)
	return err
}

// begin gets the first line of the window, which shows from when on the log was searched.
func (j *journal) begin(ctx context.Context, s streams, r span) error {
	if !r.from.Before(r.to) {
		return nil
	}
	a, err := j.loki.Query(ctx, loki.Query{LogQL: s.selector, From: r.from, To: r.to, MaxLines: 1})
	j.mu.Lock()
	defer j.mu.Unlock()
	j.found = append(j.found, a.Entries...)
	return err
}

// isRead says whether a moment is in a part that was read in full.
func (j *journal) isRead(t time.Time) bool {
	return slices.ContainsFunc(j.parts, func(p readPart) bool { return p.holds(t) })
}

// clusters are the ranges around the latest kills that were found and are in no part that was read in full.
func (j *journal) clusters() []span {
	var out []span
	for _, e := range slices.Backward(sorted(j.found)) {
		if j.isRead(e.At) || !ofKernel(e) || !strings.Contains(e.Line, "oom") {
			continue
		}
		if n := len(out); n > 0 && out[n-1].from.Sub(e.At) < 2*around && out[n-1].to.Sub(e.At) < 10*around {
			out[n-1].from = e.At.Add(-around)
			continue
		}
		if len(out) == earlier {
			break
		}
		out = append(out, span{e.At.Add(-around), e.At.Add(around)})
	}
	return out
}

// ofKernel tells whether a line is the kernel's.
func ofKernel(e loki.Entry) bool {
	if isJournalJSON(e.Line) {
		return !forged(e) && transportKernel.MatchString(e.Line) || tellsWriter(e.Labels) && writer(e.Labels) == "kernel"
	}
	return writer(e.Labels) == "kernel"
}

// forged tells whether a line that looks like an entry of the kernel in JSON is another program's, by its labels.
func forged(e loki.Entry) bool {
	return tellsWriter(e.Labels) && writer(e.Labels) != "kernel" && strings.Contains(e.Line, `"_TRANSPORT"`) &&
		transportKernel.MatchString(e.Line)
}

var transportKernel = regexp.MustCompile(`"_TRANSPORT"\s*:\s*"kernel"`)

// inJSON tells whether the lines are entries of the journal as JSON, which name their writers.
func (j *journal) inJSON() bool {
	for _, p := range j.parts {
		if len(p.entries) > 0 {
			return isJournalJSON(p.entries[0].Line)
		}
	}
	return len(j.found) > 0 && isJournalJSON(j.found[0].Line)
}

func sorted(entries []loki.Entry) []loki.Entry {
	out := slices.Clone(entries)
	slices.SortStableFunc(out, func(a, b loki.Entry) int { return a.At.Compare(b.At) })
	return out
}

// write puts the log together: each line of a part that was read in full, and of the rest what was found.
func (j *journal) write(s streams) []byte {
	slices.SortStableFunc(j.parts, func(a, b readPart) int { return a.from.Compare(b.from) })
	var all []loki.Entry
	for i, p := range j.parts {
		for _, e := range p.entries {
			if !slices.ContainsFunc(j.parts[:i], func(before readPart) bool { return before.holds(e.At) }) {
				all = append(all, e)
			}
		}
	}
	var last loki.Entry
	for _, e := range sorted(j.found) {
		twice := e.At.Equal(last.At) && e.Line == last.Line // by the search, and as the first line
		if last = e; !twice && (!j.isRead(e.At) || s.all != s.selector && !ofKernel(e)) {
			all = append(all, e)
		}
	}
	var out []byte
	for _, e := range sorted(all) {
		out = j.appendEntry(out, s, e)
	}
	return out
}

// isoMicros is how journalctl -o short-iso-precise writes times.
const isoMicros = "2006-01-02T15:04:05.000000-0700"

// appendEntry writes an entry as journalctl does.
func (j *journal) appendEntry(out []byte, s streams, e loki.Entry) []byte {
	text := strings.TrimRight(e.Line, "\r\n")
	switch {
	case isJournalJSON(text) && !forged(e):
		// Collectors leave out when the journal got the line; where it is there, it comes later and holds.
		out = fmt.Appendf(out, `{"__REALTIME_TIMESTAMP":"%d",`, e.At.UnixMicro())
		if ofKernel(e) {
			out = append(out, `"_TRANSPORT":"kernel",`...)
		}
		return append(append(out, strings.ReplaceAll(text[1:], "\n", " ")...), '\n')
	case s.kind.raw || j.prefixed(text):
		return append(append(out, text...), '\n')
	}
	begin := len(out)
	out = e.At.UTC().AppendFormat(out, isoMicros)
	out = append(append(append(append(append(out, ' '), j.node...), ' '), writer(e.Labels)...), ": "...)
	padding := bytes.Repeat([]byte(" "), len(out)-begin)
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out = append(out, padding...)
		}
		out = append(append(out, strings.TrimRight(line, "\r")...), '\n')
	}
	return out
}

// isJournalJSON tells whether a line is an entry of the journal as JSON.
func isJournalJSON(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "{") && strings.HasSuffix(line, "}") && strings.Contains(line, `"MESSAGE"`)
}

// prefixed tells whether a line has a prefix of its own, with a date: that of a syslog daemon, for instance.
func (j *journal) prefixed(line string) bool {
	var r record
	j.parser.split([]byte(line), &r)
	return r.prefixed && r.date != nil
}
