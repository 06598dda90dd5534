package desk

import (
	"slices"
	"time"
)

// queue is what waits for its investigation: by channel, so that one busy channel holds up no other, and within a
// channel people before alerts before looks that only confirm. It is guarded by Desk.mu.
type queue struct {
	concurrent, perMinute int
	running               int
	// begun are when the starts of the last minute were.
	begun []time.Time
	// channels have their turn one after the other.
	channels []string
	waiting  map[string][]waiting
}

// waiting is an incident that waits.
type waiting struct {
	id   string
	rank rank
}

// rank is who goes first within a channel.
type rank int

const (
	rankPerson rank = iota
	rankAlert
	rankCheck
)

func newQueue(concurrent, perMinute int) queue {
	return queue{concurrent: concurrent, perMinute: perMinute, waiting: map[string][]waiting{}}
}

// put enters an incident, behind those of its rank.
func (q *queue) put(channel, id string, r rank) {
	list := q.waiting[channel]
	if slices.ContainsFunc(list, func(w waiting) bool { return w.id == id }) {
		return
	}
	if len(list) == 0 {
		q.channels = append(q.channels, channel)
	}
	i := len(list)
	for i > 0 && list[i-1].rank > r {
		i--
	}
	q.waiting[channel] = slices.Insert(list, i, waiting{id, r})
}

// drop takes an incident out.
func (q *queue) drop(channel, id string) {
	list := slices.DeleteFunc(q.waiting[channel], func(w waiting) bool { return w.id == id })
	q.set(channel, list)
}

func (q *queue) set(channel string, list []waiting) {
	if len(list) > 0 {
		q.waiting[channel] = list
		return
	}
	delete(q.waiting, channel)
	q.channels = slices.DeleteFunc(q.channels, func(c string) bool { return c == channel })
}

// next takes the incident whose turn it is. Where none may start now, again says after which time one may; 0 means that
// first something has to end or to come.
func (q *queue) next(now time.Time) (id string, again time.Duration) {
	q.begun = slices.DeleteFunc(q.begun, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	switch {
	case len(q.channels) == 0 || q.running >= q.concurrent:
		return "", 0
	case len(q.begun) >= q.perMinute:
		return "", time.Minute - now.Sub(q.begun[0])
	}
	channel := q.channels[0]
	q.channels = append(q.channels[1:], channel)
	list := q.waiting[channel]
	id = list[0].id
	q.set(channel, list[1:])
	q.running++
	q.begun = append(q.begun, now)
	return id, 0
}

// ahead is how many start before an incident, at least.
func (q *queue) ahead(channel, id string) int {
	return max(0, slices.IndexFunc(q.waiting[channel], func(w waiting) bool { return w.id == id }))
}

// length is how many wait.
func (q *queue) length() int {
	n := 0
	for _, list := range q.waiting {
		n += len(list)
	}
	return n
}
