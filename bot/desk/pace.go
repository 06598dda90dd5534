package desk

import (
	"sync"
	"time"
)

const (
	// postEvery is the least time between two messages in a channel: Slack takes about one a second.
	postEvery = 1050 * time.Millisecond
	// editEvery is the least time between two edits of a message. Edits that show only how far an investigation is come
	// more seldom, so that a verdict seldom has to wait for one; and a verdict may come soon after the message itself.
	editEvery     = 1500 * time.Millisecond
	progressEvery = 4 * time.Second
	editFirst     = 300 * time.Millisecond
	// editsPerMinute bounds the edits in all channels together (Slack's tier 3 allows 50 a minute and workspace), of
	// which so many may come at once; reserve of them are kept for verdicts.
	editsPerMinute = 50
	editBurst      = 12
	reserve        = 5
)

// pace says when Slack may be called. It is safe for concurrent use.
type pace struct {
	mu sync.Mutex
	// posts are when each channel takes the next message, cards when it takes the next first card; methods when each method may be called again, as Slack told.
	posts   map[string]time.Time
	cards   map[string]time.Time
	methods map[string]time.Time
	// rested is when channels take messages that this run of the program has posted nothing to.
	rested time.Time
	// edits are how many may be made, as of editsAt.
	edits   float64
	editsAt time.Time
}

// post returns how long to wait until a channel takes a message; 0: now.
func (p *pace) post(channel string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.posts[channel].Sub(now), p.methods["post"].Sub(now), p.rested.Sub(now))
}

// first returns how long to wait until a channel takes a first card: it does not wait for a file that came just before it,
// which is another method's. Slack bears with two messages in a second where that is seldom.
func (p *pace) first(channel string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.cards[channel].Sub(now), p.methods["post"].Sub(now), p.rested.Sub(now))
}

// resumed says that an earlier run of the program may have posted just now.
func (p *pace) resumed(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rested = now.Add(postEvery)
}

// posted says that a message was sent to a channel.
func (p *pace) posted(channel string, now time.Time) {
	p.shared(channel, now)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cards == nil {
		p.cards = map[string]time.Time{}
	}
	p.cards[channel] = now.Add(postEvery)
}

// shared says that a file was sent to a channel.
func (p *pace) shared(channel string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.posts == nil {
		p.posts = map[string]time.Time{}
	}
	p.posts[channel] = now.Add(postEvery)
}

// edit takes leave to edit a message, or returns how long to wait for it.
func (p *pace) edit(now time.Time, verdict bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.methods["edit"].Sub(now); wait > 0 {
		return wait
	}
	perSecond := float64(editsPerMinute) / 60
	if p.editsAt.IsZero() {
		p.edits = editBurst
	} else {
		p.edits = min(editBurst, p.edits+now.Sub(p.editsAt).Seconds()*perSecond)
	}
	p.editsAt = now
	need := 1.0
	if !verdict {
		need += reserve
	}
	if p.edits >= need {
		p.edits--
		return 0
	}
	return max(time.Millisecond, time.Duration((need-p.edits)/perSecond*float64(time.Second)))
}

// unused gives back leave that was not made use of.
func (p *pace) unused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.edits = min(editBurst, p.edits+1)
}

// reactEvery is the least time between two reactions.
const reactEvery = 1500 * time.Millisecond

// reaction returns how long to wait until a reaction may be put.
func (p *pace) reaction(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.methods["react"].Sub(now))
}

// busy notes that Slack asked not to be called for a while; kind is post or edit.
func (p *pace) busy(kind string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.methods == nil {
		p.methods = map[string]time.Time{}
	}
	if until.After(p.methods[kind]) {
		p.methods[kind] = until
	}
}
