package loki

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// defaultPage is how many entries are asked for at once: what Loki allows by default. smallestPage is the
	// least that a page is made smaller to.
	defaultPage, smallestPage = 5000, 50
	// defaultLines and defaultBytes bound a query that names no limits.
	defaultLines, defaultBytes = 10_000, 16 << 20
	// maxPages bounds the requests of one query.
	maxPages = 100
)

// Query asks for the lines of a range of time.
type Query struct {
	LogQL string
	// From is in the range, To is not.
	From, To time.Time
	// Backward takes the latest lines where there are more than the limits allow; else the earliest are taken.
	Backward bool
	// MaxLines and MaxBytes bound what is taken; zero means some thousand lines, and some megabytes.
	MaxLines int
	MaxBytes int64
}

// Answer is what a query gave.
type Answer struct {
	// Entries are in the order of time, in either direction, those of the same moment and stream in the order in
	// which they were written.
	Entries []Entry
	// More says that there may be more lines than the limits of the query allow.
	More bool
	// Warnings are the server's, and say that the answer may not be whole.
	Warnings []string
}

// Query asks for lines, in as many requests as the server's limits need. What came before an error is in the
// answer.
func (c *Client) Query(ctx context.Context, q Query) (Answer, error) {
	if q.MaxLines <= 0 {
		q.MaxLines = defaultLines
	}
	if q.MaxBytes <= 0 {
		q.MaxBytes = defaultBytes
	}
	a, err := c.pages(ctx, q)
	if !q.Backward || err != nil || !tied(a.Entries) {
		return a, err
	}
	return c.ordered(ctx, q, a), nil
}

// ordered asks for what a backward answer holds in forward direction: the server's order of the entries of one
// moment is to be relied on only there. Where that fails, the answer stays as it is.
func (c *Client) ordered(ctx context.Context, q Query, a Answer) Answer {
	const spare = 1000 // entries of the first moment that were not in the answer
	q.Backward, q.From = false, a.Entries[0].At
	q.MaxLines, q.MaxBytes = len(a.Entries)+spare, q.MaxBytes+1<<20
	again, err := c.pages(ctx, q)
	if err != nil || again.More || len(again.Entries) < len(a.Entries) {
		return a
	}
	a.Entries = again.Entries[len(again.Entries)-len(a.Entries):]
	return a
}

// tied tells whether two entries of one stream have the same time.
func tied(entries []Entry) bool {
	moments := map[string]time.Time{}
	for i := range entries {
		e := &entries[i]
		if last, ok := moments[e.stream]; ok && last.Equal(e.At) {
			return true
		}
		moments[e.stream] = e.At
	}
	return false
}

func (c *Client) pages(ctx context.Context, q Query) (Answer, error) {
	p := &pager{q: q, page: defaultPage}
	var err error
	for range maxPages {
		var more bool
		if more, err = p.next(ctx, c); !more || err != nil {
			return p.answer(), err
		}
	}
	p.more = true
	return p.answer(), nil
}

// pager goes through the pages of a query.
type pager struct {
	q    Query
	page int
	// seen are the entries of the moment at which the last page ended, which the next begins with again:
	// several entries can have the same.
	seen     map[string]int
	pages    [][]Entry
	lines    int
	bytes    int64
	more     bool
	warnings []string
}

// next gets one page, and says whether there may be another.
func (p *pager) next(ctx context.Context, c *Client) (bool, error) {
	limit := min(p.page, p.q.MaxLines-p.lines+p.repeated())
	params := span(p.q.From, p.q.To)
	params.Set("query", p.q.LogQL)
	params.Set("limit", strconv.Itoa(limit))
	params.Set("direction", "forward")
	if p.q.Backward {
		params.Set("direction", "backward")
	}
	body, err := c.get(ctx, "/loki/api/v1/query_range", params)
	if err != nil {
		return p.smaller(err, limit)
	}
	entries, warnings, err := decode(body, p.q.Backward)
	if err != nil {
		return false, err
	}
	for _, w := range warnings {
		if !slices.Contains(p.warnings, w) {
			p.warnings = append(p.warnings, w)
		}
	}
	full := len(entries) >= limit
	p.take(entries)
	switch {
	case p.lines >= p.q.MaxLines || p.bytes >= p.q.MaxBytes:
		p.more = p.more || full
		return false, nil
	case !full:
		return false, nil
	}
	return p.advance(entries), nil
}

// tooMany is how Loki refuses a limit that is higher than it allows.
var tooMany = regexp.MustCompile(`max_entries_limit(?:_per_query)? \(\d+ > (\d+)\)`)

// smaller makes the pages or the range smaller, where err says that they are too large.
func (p *pager) smaller(err error, limit int) (bool, error) {
	if begin, ok := shorter(err, p.q.From, p.q.To); ok && len(p.pages) == 0 {
		p.q.From = begin
		p.warnings = append(p.warnings, shortened(begin))
		return true, nil
	}
	page := 0
	if r, ok := errors.AsType[*refusal](err); ok && r.status == http.StatusBadRequest {
		if m := tooMany.FindStringSubmatch(r.body); m != nil {
			page, _ = strconv.Atoi(m[1]) // digits too many for an int give none
		}
	}
	if errors.Is(err, investigations.ErrTooLarge) && limit > smallestPage {
		page = max(limit/8, smallestPage)
	}
	if page <= 0 || page >= limit {
		return false, err
	}
	p.page = page
	return true, nil
}

// repeated is how many entries the next page begins with that are known.
func (p *pager) repeated() int {
	n := 0
	for _, count := range p.seen {
		n += count
	}
	return n
}

// take keeps what is new in a page, as far as the limits allow.
func (p *pager) take(entries []Entry) {
	known := map[string]int{}
	fresh := make([]Entry, 0, len(entries))
	for _, e := range entries {
		if k := e.key(); p.seen[k] > known[k] {
			known[k]++
			continue
		}
		fresh = append(fresh, e)
	}
	if p.q.Backward {
		slices.Reverse(fresh)
	}
	kept := 0
	for _, e := range fresh {
		if p.lines >= p.q.MaxLines || p.bytes >= p.q.MaxBytes {
			p.more = true
			break
		}
		kept++
		p.lines++
		p.bytes += int64(len(e.Line)) + 1
	}
	fresh = fresh[:kept]
	if p.q.Backward {
		slices.Reverse(fresh)
	}
	p.pages = append(p.pages, fresh)
}

func (e *Entry) key() string { return nanos(e.At) + " " + e.stream + " " + e.Line }

// advance moves the range behind a full page. The moment at its end is asked for again, since not all of its
// entries need have been on the page.
func (p *pager) advance(entries []Entry) bool {
	last := entries[len(entries)-1].At
	if p.q.Backward {
		last = entries[0].At
	}
	if first := entries[0].At; first.Equal(entries[len(entries)-1].At) && p.seen != nil {
		// A whole page of one moment, again: the rest of that moment can't be reached.
		p.warnings = append(p.warnings, fmt.Sprintf("more than %d lines have the time %s; some of them are not read",
			len(entries), last.Format(time.RFC3339Nano)))
		p.seen = nil
		if p.q.Backward {
			p.q.To = last
		} else {
			p.q.From = last.Add(1)
		}
		return p.q.From.Before(p.q.To)
	}
	p.seen = map[string]int{}
	for i := range entries {
		if entries[i].At.Equal(last) {
			p.seen[entries[i].key()]++
		}
	}
	if p.q.Backward {
		p.q.To = last.Add(1)
	} else {
		p.q.From = last
	}
	return true
}

// answer puts the pages together.
func (p *pager) answer() Answer {
	if p.q.Backward {
		slices.Reverse(p.pages)
	}
	a := Answer{More: p.more, Warnings: p.warnings}
	for _, page := range p.pages {
		a.Entries = append(a.Entries, page...)
	}
	sortByTime(a.Entries)
	return a
}
