package desk

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// started takes all that may start now.
func started(q *queue, now time.Time) []string {
	var out []string
	for {
		id, _ := q.next(now)
		if id == "" {
			return out
		}
		out = append(out, id)
	}
}

func TestQueueIsFair(t *testing.T) {
	q := newQueue(100, 100)
	for i := range 5 {
		q.put("C1", fmt.Sprint("busy", i), rankAlert)
	}
	q.put("C2", "quiet", rankAlert)
	q.put("C1", "check", rankCheck)
	q.put("C1", "person", rankPerson)
	q.put("C1", "busy0", rankAlert) // it waits already
	got := started(&q, noon)
	want := []string{"person", "quiet", "busy0", "busy1", "busy2", "busy3", "busy4", "check"}
	if !slices.Equal(got, want) {
		t.Errorf("they start in the order %v, want %v", got, want)
	}
}

func TestQueueLimits(t *testing.T) {
	q := newQueue(2, 3)
	for i := range 6 {
		q.put("C1", fmt.Sprint(i), rankAlert)
	}
	if got := started(&q, noon); len(got) != 2 {
		t.Fatalf("%v start, want two at a time", got)
	}
	q.running = 0
	if got := started(&q, noon.Add(10*time.Second)); len(got) != 1 {
		t.Fatalf("%v start, want the third and last of this minute", got)
	}
	q.running = 0
	id, again := q.next(noon.Add(30 * time.Second))
	if id != "" || again != 30*time.Second {
		t.Errorf("%q starts, and the next may after %s; want none, after 30s", id, again)
	}
	if got := started(&q, noon.Add(time.Minute)); len(got) != 2 {
		t.Errorf("%v start a minute later, want two", got)
	}
	if n := q.length(); n != 1 {
		t.Errorf("%d wait, want 1", n)
	}
	q.drop("C1", "5")
	if n := q.length(); n != 0 {
		t.Errorf("%d wait after the last was dropped, want none", n)
	}
}

func TestPace(t *testing.T) {
	var p pace
	if w := p.post("C1", noon); w != 0 {
		t.Errorf("the first post waits %s", w)
	}
	p.posted("C1", noon)
	if w := p.post("C1", noon.Add(time.Second)); w <= 0 {
		t.Error("a second post within a second does not wait")
	}
	if w := p.post("C2", noon); w != 0 {
		t.Errorf("a post to another channel waits %s", w)
	}
	edits := 0
	for i := range 120 {
		if p.edit(noon.Add(time.Duration(i)*time.Second/2), true) == 0 {
			edits++
		}
	}
	if edits > editsPerMinute+editBurst || edits < editsPerMinute {
		t.Errorf("%d edits in a minute, want %d and at most %d beside", edits, editsPerMinute, editBurst)
	}
	for p.edit(noon.Add(time.Hour), true) == 0 { // until none is left
	}
	if p.edit(noon.Add(time.Hour+2*time.Second), false) == 0 || p.edit(noon.Add(time.Hour+2*time.Second), true) != 0 {
		t.Error("nothing is kept for verdicts where edits are scarce")
	}
	p.busy("edit", noon.Add(2*time.Hour))
	if w := p.edit(noon.Add(2*time.Hour-time.Minute), true); w != time.Minute {
		t.Errorf("where Slack asked for an hour an edit waits %s, want what is left of it", w)
	}
}
