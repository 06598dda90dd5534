package logs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// maxLast is how many of the last lines are kept, and maxText how long a line that is kept may be.
	maxLast, maxText = 20, 500
	// maxRaw is how much of a line is looked at for what it says.
	maxRaw = 4 << 10
	// maxPending is how many soft lines wait for their judgement: the latest ones; farPending of a log that is
	// not of the target's workload.
	maxPending, farPending = 2_000, 200
	// firstErrors and lastErrors are how many runtime errors of a log are kept from either end.
	firstErrors, lastErrors = 10, 30
	// after is how long behind the moment a line can still tell of the cause.
	after = 10 * time.Minute
)

// room is how many soft matches of a kind are kept: the latest ones.
var room = map[string]int{
	investigations.LogWork: 100, investigations.LogSignal: 20, investigations.LogChildDied: 40, investigations.LogAllocation: 20,
}

// spots is one for all readings: it is large and never changes.
var spots = sync.OnceValue(newSpotter)

// reading is one log as it is read.
type reading struct {
	log    investigations.ContainerLog
	until  time.Time
	lines  *lineReader
	stamps stamper
	key    keyBlock
	errors []investigations.LogMatch
	// heap is the size of V8's heap after its last collection, in bytes, and heapLine where that stands.
	heap, heapLine int64
	pending        ring
	last           ring
}

// rawLine is a line that waits for its judgement.
type rawLine struct {
	at    time.Time
	line  int64
	where int
	found weight
	// inKey says that the line is a part of a private key.
	inKey bool
	text  []byte
}

// ring holds the latest lines, oldest first from next on.
type ring struct {
	lines []rawLine
	limit int
	next  int
}

// push takes a copy of the line.
func (r *ring) push(l rawLine) {
	if len(r.lines) < r.limit {
		l.text = bytes.Clone(l.text)
		r.lines = append(r.lines, l)
		return
	}
	slot := &r.lines[r.next]
	l.text = append(slot.text[:0], l.text...)
	*slot = l
	r.next = (r.next + 1) % r.limit
}

func (r *ring) all() []rawLine { return append(slices.Clone(r.lines[r.next:]), r.lines[:r.next]...) }

func newReading(f file, at time.Time) *reading {
	r := &reading{pending: ring{limit: maxPending}, last: ring{limit: maxLast}}
	r.log = investigations.ContainerLog{
		Namespace: f.namespace, Pod: f.pod, Container: f.container, Previous: f.previous, Source: f.path,
	}
	if f.rank > rankWorkload {
		r.pending.limit = farPending
	}
	if !at.IsZero() {
		r.until = at.Add(after)
	}
	return r
}

// readAll reads a log to its end; what was read before an error can be used.
func (r *reading) readAll(ctx context.Context, src io.Reader) error {
	r.lines = newLineReader(src)
	for i := 0; ; i++ {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := r.lines.next()
		r.log.Lines = r.lines.number
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r.take(line)
	}
}

func (r *reading) take(line []byte) {
	at, rest := r.stamps.read(line)
	if !at.IsZero() {
		if r.log.From.IsZero() || at.Before(r.log.From) {
			r.log.From = at
		}
		if at.After(r.log.To) {
			r.log.To = at
		}
	}
	found, where := spots().spot(rest)
	raw := rawLine{at: at, line: r.lines.number, where: where, found: found, text: rest}
	if r.key.left > 0 || bytes.Contains(rest, []byte("-----BEGIN")) {
		raw.inKey = r.key.holds(string(rest[:min(len(rest), maxRaw)]))
	}
	raw.cut()
	if len(bytes.TrimSpace(raw.text)) > 0 {
		r.last.push(raw)
	}
	if found&fatal != 0 {
		if m, ok := errorMatch(raw); ok {
			r.keepError(m)
			return
		}
		if c := collection.FindSubmatch(raw.text); c != nil {
			r.heap, r.heapLine = int64(number(string(c[1]))*(1<<20)), raw.line
		}
	}
	if found&soft != 0 && (r.until.IsZero() || !at.After(r.until)) {
		r.pending.push(raw)
	}
}

// cut takes the part around what was found out of a line that is long. A word that is cut in two at the
// beginning is left out: it might be the rest of a secret.
func (l *rawLine) cut() {
	if len(l.text) <= maxRaw {
		return
	}
	from := max(0, l.where-maxRaw/4)
	part := l.text[from:min(len(l.text), from+maxRaw)]
	if from > 0 {
		if i := bytes.IndexAny(part[:l.where-from], " ,;\t"); i >= 0 {
			part, from = part[i+1:], from+i+1
		}
	}
	l.text, l.where = part, l.where-from
}

// collection is what V8 prints of its last garbage collections: the heap's size before and after, in MiB.
var collection = regexp.MustCompile(`\bMark-(?:sweep|[Cc]ompact)\b.*\([\d.]+\) -> (\d+(?:\.\d+)?) \([\d.]+\) MB`)

// nearby is how many lines there may be between V8's last collections and its error.
const nearby = 40

func (r *reading) keepError(m investigations.LogMatch) {
	if m.Kind == investigations.LogV8Heap && m.Bytes == 0 && r.heapLine > 0 && m.Line-r.heapLine <= nearby {
		m.Bytes = r.heap
	}
	if len(r.errors) == firstErrors+lastErrors {
		r.errors = slices.Delete(r.errors, firstErrors, firstErrors+1)
	}
	r.errors = append(r.errors, m)
}

// colours are the escape sequences of a terminal.
var colours = regexp.MustCompile(`\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])`)

func plain(text []byte) string {
	if bytes.IndexByte(text, 0x1b) >= 0 {
		text = colours.ReplaceAll(text, nil)
	}
	return string(text)
}

// errorMatch recognises a runtime's own error.
func errorMatch(raw rawLine) (investigations.LogMatch, bool) {
	for _, part := range messages(plain(raw.text)) {
		if kind, detail := investigations.RuntimeError(part); kind != "" {
			return investigations.LogMatch{Kind: kind, LogLine: raw.keep(), Bytes: bytesIn(part), Detail: detail}, true
		}
	}
	return investigations.LogMatch{}, false
}

// messages returns what a line says: itself, or the lines of all texts of one in JSON.
func messages(line string) []string {
	if !strings.HasPrefix(line, "{") {
		return []string{strings.TrimRight(line, " \t")}
	}
	var doc any
	if json.Unmarshal([]byte(line), &doc) != nil {
		return []string{line}
	}
	return texts(doc, nil, 5)
}

func texts(v any, out []string, depth int) []string {
	switch v := v.(type) {
	case string:
		for part := range strings.Lines(v) {
			out = append(out, strings.TrimRight(part, " \t\r\n"))
		}
	case []any:
		for _, e := range v {
			if depth > 0 {
				out = texts(e, out, depth-1)
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if depth > 0 {
				out = texts(v[k], out, depth-1)
			}
		}
	}
	return out
}

// keep returns the line as evidence: clean, without secrets, and short, around what was found in it.
func (l rawLine) keep() investigations.LogLine {
	out := investigations.LogLine{At: l.at, Line: l.line, Text: redact.Masked}
	if l.inKey {
		return out
	}
	anchor := ""
	if l.where < len(l.text) {
		anchor = string(l.text[l.where:min(len(l.text), l.where+8)])
	}
	s := redact.Text(plain(l.text))
	if len(s) > maxText {
		if i := strings.Index(s, anchor); anchor != "" && i > maxText/2 {
			s = "…" + strings.ToValidUTF8(s[i-maxText/4:], "")
		}
	}
	out.Text = investigations.CleanText(s, maxText)
	return out
}

// finish judges the lines that wait for it, and returns the log.
func (r *reading) finish() *investigations.ContainerLog {
	byKind := map[string][]investigations.LogMatch{}
	timedOut := int64(-1)
	for _, raw := range r.pending.all() {
		text := plain(raw.text)
		if raw.found&ending != 0 && timeout.MatchString(text) {
			timedOut = raw.line
		}
		m, ok := softMatch(text, raw.found)
		if !ok {
			continue
		}
		// gunicorn kills a worker that does not answer, and then guesses that memory was the reason.
		if m.Kind == investigations.LogChildDied && timedOut >= 0 && raw.line-timedOut <= 100 {
			m.Detail = "worker timeout"
		}
		m.LogLine = raw.keep()
		byKind[m.Kind] = append(byKind[m.Kind], m)
	}
	matches := r.errors
	for kind, ms := range byKind {
		if kind == investigations.LogWork || kind == investigations.LogAllocation {
			ms = unusual(ms)
		}
		matches = append(matches, ms[max(0, len(ms)-room[kind]):]...)
	}
	slices.SortFunc(matches, func(a, b investigations.LogMatch) int { return cmp.Compare(a.Line, b.Line) })
	r.log.Matches = matches
	for _, raw := range r.last.all() {
		r.log.Last = append(r.log.Last, raw.keep())
	}
	return &r.log
}
