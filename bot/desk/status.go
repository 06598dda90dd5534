package desk

import (
	"context"
	"time"

	"github.com/oombot/oombot/bot"
)

// statusEvery is how often the line below a thread is set anew: Slack takes it away after two minutes.
const statusEvery = 90 * time.Second

// status has Slack show below an incident's thread that it is being looked at, until the function that it returns is
// called. What Slack does not take is done without: the card says the same.
func (d *Desk) status(ctx context.Context, id string) (quiet func()) {
	d.mu.Lock()
	x := d.state.incidents[id]
	ok := d.o.Slack != nil && x != nil && x.Thread != "" && x.Parent == "" && !d.noStatus
	var channel, thread string
	if ok {
		channel, thread = x.Channel, x.Thread
	}
	d.mu.Unlock()
	if !ok {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	d.spawn(ctx, func() {
		for d.tell(ctx, channel, thread, "is reading the kernel log, pods, metrics, rollouts and logs") {
			select {
			case <-ctx.Done():
				d.tell(context.WithoutCancel(ctx), channel, thread, "")
				return
			case <-time.After(statusEvery):
			}
		}
	})
	return cancel
}

// tell sets the line below a thread, and says whether Slack takes such lines at all.
func (d *Desk) tell(ctx context.Context, channel, thread, text string) bool {
	call, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	err := d.o.Slack.Status(call, channel, thread, text)
	switch fault(err) {
	case bot.FaultScope, bot.FaultRefused:
		d.mu.Lock()
		d.noStatus = true
		d.mu.Unlock()
		d.log.Info("Slack shows no status below threads for this app", "err", err)
		return false
	}
	return true
}
