package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

const (
	// longestRecording bounds how long after a time a recording may end that holds it.
	longestRecording = 24 * time.Hour
	// maxValues bounds the values of all recordings of one answer, maxProfileBytes the bytes of its profiles, and
	// maxEntryBytes those of its reports as they are stored: the newest are told.
	maxValues       = 4_000_000
	maxProfileBytes = 64 << 20
	maxEntryBytes   = 16 << 20
)

// Account implements investigations.NodeLedger.
func (l *Ledger) Account(ctx context.Context, name string, from, to time.Time) (investigations.NodeAccount, error) {
	out := investigations.NodeAccount{Node: name}
	l.mu.Lock()
	n := l.nodes[name]
	if n == nil || n.agent.at.IsZero() && len(n.hours) == 0 {
		l.mu.Unlock()
		return out, fmt.Errorf("what the agent of node %s told: none was ever heard: %w", investigations.Quote(name, 60), investigations.ErrNotFound)
	}
	if s, ok := n.agent.stretchAt(to); ok {
		out.LosslessFrom, out.LosslessTo = s.Since, s.Until
	}
	hours := make([]hour, 0, len(n.hours))
	for h := range n.hours {
		if h >= hourOf(from) && h <= hourOf(to.Add(longestRecording)) {
			hours = append(hours, h)
		}
	}
	l.mu.Unlock()
	slices.Sort(hours)
	a := &answer{ledger: l, node: name, from: from, to: to, out: &out, seen: map[string]int{}}
	for _, h := range slices.Backward(hours) {
		if h > hourOf(to) {
			continue
		}
		if a.bytes > l.entryBytes {
			l.o.Log.Warn("not all reports of a node are told at a time", "node", name, "until", h.ends())
			break
		}
		if err := a.entries(ctx, h); err != nil {
			return out, fmt.Errorf("read what the agent of node %s told: %w", investigations.Quote(name, 60), err)
		}
	}
	if err := a.media(ctx, hours); err != nil {
		return out, fmt.Errorf("read what the agent of node %s recorded: %w", investigations.Quote(name, 60), err)
	}
	a.sort()
	return out, nil
}

// answer is an account that is being put together.
type answer struct {
	ledger   *Ledger
	node     string
	from, to time.Time
	out      *investigations.NodeAccount
	// seen are the places of what was told, by its keys: the same may stand in two hours, where it has no time of its own.
	seen map[string]int
	// bytes is how much was read.
	bytes int
}

func (a *answer) during(t time.Time) bool { return overlaps(t, t, a.from, a.to) }

// entries reads what was told of an hour.
func (a *answer) entries(ctx context.Context, h hour) error {
	for d, err := range a.ledger.o.Shelf.Docs(ctx, kindReports(a.node, h)) {
		if err != nil {
			return a.ledger.unreadable(err)
		}
		a.bytes += len(d.Body)
		if err := a.entry(d); err != nil {
			a.ledger.skip(d, err)
		}
	}
	return nil
}

// unreadable returns err unless it is of a file that is damaged there: what is whole of it is told.
func (l *Ledger) unreadable(err error) error {
	if errors.Is(err, memory.ErrDamaged) {
		l.o.Log.Error("a part of what node agents told can't be read", "err", err)
		return nil
	}
	return err
}

func (a *answer) entry(d investigations.Doc) error {
	kind, _, _ := strings.Cut(d.Key, "/")
	switch kind {
	case "kernel":
		return add(a, d, &a.out.Reports, func(r investigations.KernelReport) time.Time {
			if r.At == nil {
				return time.Time{}
			}
			return *r.At
		})
	case "counted":
		return add(a, d, &a.out.Counted, func(c investigations.CountedKill) time.Time { return c.At })
	case "user":
		return add(a, d, &a.out.UserKills, func(u investigations.UserKill) time.Time { return u.At })
	case "pod":
		if _, later := a.seen[d.Key]; later { // how it was called last holds
			return nil
		}
		return add(a, d, &a.out.Pods, func(investigations.NodePod) time.Time { return a.to })
	}
	return errUnreadable
}

// add adds something of the time that is asked for.
func add[T any](a *answer, d investigations.Doc, to *[]T, at func(T) time.Time) error {
	var v T
	if err := readEntry(d.Body, &v); err != nil {
		return err
	}
	if !a.during(at(v)) {
		return nil
	}
	if known, ok := a.seen[d.Key]; ok { // the earlier time is the better one: it was told first
		(*to)[known] = v
		return nil
	}
	a.seen[d.Key] = len(*to)
	*to = append(*to, v)
	return nil
}

// found is a medium that is of the time asked for.
type found struct {
	storedMedium
	key  string
	hour hour
}

// media reads recordings and profiles, the newest first, as many as fit.
func (a *answer) media(ctx context.Context, hours []hour) error {
	var all []found
	for _, h := range hours {
		for d, err := range a.ledger.o.Shelf.Docs(ctx, kindMedia(a.node, h)) {
			if err != nil {
				if err := a.ledger.unreadable(err); err != nil {
					return err
				}
				break
			}
			f := found{key: d.Key, hour: h}
			if err := json.Unmarshal(d.Body, &f.storedMedium); err != nil || f.Version != storedVersion {
				a.ledger.skip(d, fmt.Errorf("version %d: %w", f.Version, errUnreadable))
				continue
			}
			if overlaps(f.From, f.To, a.from, a.to) {
				all = append(all, f)
			}
		}
	}
	slices.SortStableFunc(all, func(x, y found) int { return y.To.Compare(x.To) })
	values, bytes, left := 0, int64(0), 0
	for _, f := range all {
		if values > maxValues || f.Kind == mediumProfile && bytes+f.Bytes > maxProfileBytes {
			left++
			continue
		}
		n, err := a.medium(ctx, f)
		switch {
		case errors.Is(err, errUnreadable), errors.Is(err, investigations.ErrNotFound), errors.Is(err, memory.ErrDamaged):
			a.ledger.skip(investigations.Doc{Kind: kindMedia(a.node, f.hour), Key: f.key}, err)
		case err != nil:
			return err
		case f.Kind == mediumProfile:
			bytes += f.Bytes
		}
		values += n
	}
	if left > 0 {
		a.ledger.o.Log.Warn("not all recordings of a node are told at a time", "node", a.node, "left_out", left)
	}
	return nil
}

// medium adds one, and returns how many values it holds.
func (a *answer) medium(ctx context.Context, f found) (values int, err error) {
	data, err := a.ledger.readMedium(ctx, a.node, f.hour, f.key, f.storedMedium)
	if err != nil {
		return 0, err
	}
	if f.Kind == mediumProfile {
		a.out.Profiles = append(a.out.Profiles, investigations.NodeProfile{
			Namespace: f.Namespace, Pod: f.Pod, Container: f.Container, At: f.To, Data: data,
		})
		return 0, nil
	}
	if data, err = unpack(data); err != nil {
		return 0, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	var r investigations.NodeRecording
	if err := json.Unmarshal(data, &r); err != nil {
		return 0, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	for _, s := range r.Series {
		values += len(s.Values)
	}
	a.out.Recordings = append(a.out.Recordings, r)
	return values, nil
}

// sort puts everything in the order of time.
func (a *answer) sort() {
	o := a.out
	slices.SortStableFunc(o.Reports, func(x, y investigations.KernelReport) int { return x.At.Compare(*y.At) })
	slices.SortStableFunc(o.Counted, func(x, y investigations.CountedKill) int { return x.At.Compare(y.At) })
	slices.SortStableFunc(o.UserKills, func(x, y investigations.UserKill) int { return x.At.Compare(y.At) })
	slices.SortStableFunc(o.Pods, func(x, y investigations.NodePod) int {
		return strings.Compare(x.Namespace+"/"+x.Name, y.Namespace+"/"+y.Name)
	})
	slices.SortStableFunc(o.Recordings, func(x, y investigations.NodeRecording) int { return x.To.Compare(y.To) })
	slices.SortStableFunc(o.Profiles, func(x, y investigations.NodeProfile) int { return x.At.Compare(y.At) })
}
