package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
)

// The pauses of the script; with --fast there are none.
const (
	scriptFirst   = 3 * time.Second
	scriptBetween = 8 * time.Second
	scriptBurst   = 500 * time.Millisecond
	// scriptWaits is how long the bot is waited for.
	scriptWaits = 30 * time.Second
	// alertAfter is how long after a kill its alert is posted.
	alertAfter = 40 * time.Second
)

// replayClock tells the time of what is replayed: it goes as fast as any, from the moment that it was set to. The zero
// replayClock tells the present. It is safe for concurrent use.
type replayClock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *replayClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// set has the clock go on from t. Once anything has looked at it, it must not go back: whoever waits until a time would
// wait for long.
func (c *replayClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = time.Until(t)
}

// firing is an alert as Alertmanager posts it to Slack: its title holds the values of labels without their names.
type firing struct {
	name   string
	values []string
	says   string
}

// killAlert is what fires when a container was killed.
func killAlert(r *recorded) firing {
	t := r.target
	return firing{
		"KubernetesContainerOomKiller",
		[]string{r.req.Cluster, t.Container, t.Namespace, t.Pod, "critical"},
		fmt.Sprintf("Container %s of %s/%s was killed: out of memory.", t.Container, t.Namespace, t.Pod),
	}
}

// nodeStorm is what else fires when a machine ran out of memory.
func nodeStorm(r *recorded) []firing {
	t, cluster := r.target, r.req.Cluster
	return []firing{
		{"HostOomKillDetected", []string{cluster, t.Node, "critical"}, "The kernel of node/" + t.Node + " killed processes."},
		{"KubePodCrashLooping", []string{cluster, t.Container, t.Namespace, t.Pod, "warning"}, fmt.Sprintf("Pod %s/%s restarts again and again.", t.Namespace, t.Pod)},
		{"HostOutOfMemory", []string{cluster, t.Node, "warning"}, "Little memory of node/" + t.Node + " is left."},
		{"KubeStatefulSetReplicasMismatch", []string{cluster, t.Namespace, "warning"}, fmt.Sprintf("%s/%s has fewer replicas than it should.", t.Namespace, t.Workload)},
	}
}

// post is the alert as Alertmanager's Slack receiver writes it.
func (f firing) post(resolved bool) (json.RawMessage, error) {
	status, color := "FIRING:1", "danger"
	if resolved {
		status, color = "RESOLVED", "good"
	}
	title := fmt.Sprintf("[%s] %s (%s)", status, f.name, strings.Join(f.values, " "))
	link := "http://alertmanager.example:9093/#/alerts?receiver=slack"
	return json.Marshal([]map[string]any{{
		"color": color, "title": title, "title_link": link, "fallback": title + " | " + link, "text": f.says, "mrkdwn_in": []string{"fallback", "pretext", "text"},
	}})
}

// scene is one of the demo's incidents: an example, and what fires of it beside the kill's own alert.
type scene struct {
	example string
	more    func(*recorded) []firing
}

// scenes are an incident, its like nine days later, which inherits from it, and a storm.
var scenes = []scene{
	{example: "leak-after-deploy"},
	{example: "leak-after-deploy-again"},
	{example: "neighbour-is-a-backup-agent", more: nodeStorm},
}

// staged is a scene with the example that it is of.
type staged struct {
	*recorded
	alerts []firing
}

// at is when the first alert of it is posted.
func (i staged) at() time.Time { return i.req.At.Add(alertAfter) }

// stage returns the incidents of all scenes in their order, and sets the clock to some seconds before the first.
func (d *slackDemo) stage(all []recorded) ([]staged, error) {
	var out []staged
	for _, sc := range scenes {
		i := slices.IndexFunc(all, func(r recorded) bool { return path.Base(r.dir) == sc.example })
		if i < 0 {
			return nil, fmt.Errorf("there is no example %s", sc.example)
		}
		alerts := []firing{killAlert(&all[i])}
		if sc.more != nil {
			alerts = append(alerts, sc.more(&all[i])...)
		}
		out = append(out, staged{&all[i], alerts})
	}
	d.clock.set(out[0].at().Add(-scriptFirst))
	return out, nil
}

// play posts the alerts of all incidents, each at its own time.
func (d *slackDemo) play(ctx context.Context, all []staged) error {
	pause := scriptFirst
	for _, i := range all {
		if err := d.pause(ctx, pause); err != nil {
			return err
		}
		if d.clock.now().Before(i.at()) {
			d.clock.set(i.at())
		}
		if err := d.happen(ctx, i.alerts); err != nil {
			return fmt.Errorf("%s: %w", i.dir, err)
		}
		pause = scriptBetween
	}
	return nil
}

// happen posts alerts, each when the bot has seen the one before, waits for the verdict and has them end.
func (d *slackDemo) happen(ctx context.Context, alerts []firing) error {
	var posted []string
	for i, f := range alerts {
		body, err := f.post(false)
		if err != nil {
			return err
		}
		ts, err := d.fake.PostAs(demoChannel, slackfake.BotPost{Bot: demoAlerts, Attachments: body})
		if err != nil {
			return err
		}
		posted = append(posted, ts)
		seen := func(s *slackfake.Server) bool {
			m, ok := s.Message(demoChannel, ts)
			return ok && len(m.Reactions) > 0 && (i > 0 || m.ThreadTS != "")
		}
		if err := d.await(ctx, seen); err != nil {
			return fmt.Errorf("wait until an alert is seen: %w", err)
		}
		if err := d.pause(ctx, scriptBurst); err != nil {
			return err
		}
	}
	if err := d.await(ctx, func(s *slackfake.Server) bool { return hasVerdict(s, posted[0]) }); err != nil {
		return fmt.Errorf("wait for a verdict: %w", err)
	}
	if err := d.pause(ctx, scriptBetween); err != nil {
		return err
	}
	for i, f := range alerts {
		body, err := f.post(true)
		if err != nil {
			return err
		}
		if err := d.fake.Edit(demoChannel, posted[i], slackfake.Version{Attachments: body}); err != nil {
			return err
		}
	}
	return d.await(ctx, func(s *slackfake.Server) bool { return cardSaysEnded(s, posted[0]) })
}

// await waits for a state of the workspace, and gives up after a while.
func (d *slackDemo) await(ctx context.Context, done func(*slackfake.Server) bool) error {
	ctx, end := context.WithTimeout(ctx, scriptWaits)
	defer end()
	return d.fake.Wait(ctx, done)
}

// hasVerdict says whether a thread has a verdict, and the last of the files that follow it.
func hasVerdict(s *slackfake.Server, ts string) bool {
	last := map[string]bool{}
	for _, f := range s.Files() {
		last[f.ID] = strings.HasSuffix(f.Name, ".json")
	}
	verdict, files := false, false
	for _, m := range s.Replies(demoChannel, ts) {
		verdict = verdict || bytes.Contains(m.Blocks, []byte(bot.ActionUp))
		files = files || slices.ContainsFunc(m.Files, func(id string) bool { return last[id] })
	}
	return verdict && files
}

// cardSaysEnded says whether the card of a thread tells that its alerts ended.
func cardSaysEnded(s *slackfake.Server, ts string) bool {
	return slices.ContainsFunc(s.Replies(demoChannel, ts), func(m slackfake.Message) bool {
		return bytes.Contains(m.Blocks, []byte("Resolved at")) && bytes.Contains(m.Blocks, []byte(bot.ActionUp))
	})
}

// pause waits unless the script is to be fast; a key ends it. Its error is ctx's.
func (d *slackDemo) pause(ctx context.Context, span time.Duration) error {
	if d.fast {
		return ctx.Err()
	}
	t := time.NewTimer(span)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
	case <-d.skip:
	}
	return nil
}
