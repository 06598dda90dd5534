package kernlog

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// agentIdent is the identifier of the lines that Render writes of what a node agent saw itself:
//
//	oombot-agent: counted 2 kills within 1000 ms, of pids 12 13, at its own limit, in cgroup /kubepods/…
//	oombot-agent: counted 2 kills within 1000 ms, among those of pids 12 13 14, in cgroup /kubepods/…
//	oombot-agent: placed 2 kills within 1000 ms, of pids 12 13, where the recorder saw them, in cgroup /kubepods/…
//	oombot-agent: kubelet-eviction of pod UID, container ID, pid 12: what was said
//	oombot-agent: followed the kernel log without loss since 2026-11-23T14:19:07.664609Z
//	oombot-agent: did not follow the kernel log without loss
const agentIdent = "oombot-agent"

// maxCounted is how many pids a line names.
const maxCounted = 64

// Counted is the kill by user space under which a kernel log tells of a kill that a cgroup's counter told of.
func Counted(c investigations.CountedKill) investigations.UserKill {
	k := investigations.UserKill{At: c.At, Killer: investigations.UserKillCounter, Path: c.Path, PodUID: c.PodUID, ContainerID: c.ContainerID}
	k.Counted = &c
	k.Text = countedText(&c)
	return k
}

// How the lines about counters begin: with what counted them, or with what the recorder saw of their processes.
const (
	countedWord = "counted "
	placedWord  = "placed "
)

// countedText is the line about a counter.
func countedText(c *investigations.CountedKill) string {
	var b strings.Builder
	word := countedWord
	if c.Recorded {
		word = placedWord
	}
	fmt.Fprintf(&b, "%s%d kills within %d ms", word, c.Kills, c.WithinMS)
	pids := func(words string, of []int64) {
		for i, pid := range of[:min(len(of), maxCounted)] {
			if i == 0 {
				b.WriteString(words)
			}
			fmt.Fprintf(&b, " %d", pid)
		}
	}
	pids(", of pids", c.PIDs)
	pids(", among those of pids", c.Among)
	if c.Recorded {
		b.WriteString(", where the recorder saw them")
	}
	if c.OOM {
		b.WriteString(", at its own limit")
	}
	b.WriteString(", in cgroup " + pathText(c.Path))
	return b.String()
}

const (
	followedWords    = "followed the kernel log without loss since "
	notFollowedWords = "did not follow the kernel log without loss"
)

// followed writes how the agent followed the log: a line of the end of that stretch, or, where there is none, of the last
// that the agent told.
func (w *renderer) followed(a investigations.NodeAccount, all []told) {
	at, text := a.LosslessTo, followedWords+a.LosslessFrom.UTC().Format(time.RFC3339Nano)
	if a.LosslessFrom.Year() < 1970 || a.LosslessTo.Before(a.LosslessFrom) {
		if len(all) == 0 {
			return
		}
		at, text = all[len(all)-1].at, notFollowedWords
	}
	if at.Year() >= 1970 && at.Year() < 10000 {
		w.out = append(w.out, at.UTC().Format("2006-01-02T15:04:05.000000+00:00")+" "+w.userHost()+agentIdent+": "+text+"\n"...)
	}
}

// agent reads a line about how the log was followed.
func (p *Parser) agent(r *record) bool {
	if string(r.msg) == notFollowedWords {
		p.sum.followed = &investigations.KernelFollowed{}
		return true
	}
	rest, ok := bytes.CutPrefix(r.msg, []byte(followedWords))
	if !ok {
		return false
	}
	from, err := time.Parse(time.RFC3339Nano, string(rest))
	to, dated := p.at(r)
	if err != nil || !dated || to.Before(from.Add(-time.Microsecond)) {
		return false
	}
	p.sum.followed = &investigations.KernelFollowed{From: from.UTC(), To: to}
	p.sum.seenDates(stamp{at: from.UTC()})
	return true
}

// agentKill reads a line of a node agent about a kill.
func agentKill(msg []byte, k *investigations.UserKill) bool {
	if rest, ok := bytes.CutPrefix(msg, []byte(countedWord)); ok {
		return countedKill(string(rest), k)
	}
	if rest, ok := bytes.CutPrefix(msg, []byte(placedWord)); ok && countedKill(string(rest), k) {
		k.Counted.Recorded = true
		return true
	}
	for _, killer := range agentKillers {
		if rest, ok := bytes.CutPrefix(msg, []byte(killer)); ok {
			k.Killer = killer
			return relayedKill(string(rest), k)
		}
	}
	return false
}

// agentKillers are who can kill, or say so, in a line of a node agent.
var agentKillers = []string{
	investigations.UserKillSystemdOOMD, investigations.UserKillEarlyOOM, investigations.UserKillKubeletEviction, investigations.UserKillUnit,
}

func countedKill(s string, k *investigations.UserKill) bool {
	before, path, ok := strings.Cut(s, ", in cgroup ")
	if !ok || path == "" {
		return false
	}
	c := &investigations.CountedKill{Path: path[:min(len(path), maxPath)]}
	parts := strings.Split(before, ", ")
	if _, err := fmt.Sscanf(parts[0], "%d kills within %d ms", &c.Kills, &c.WithinMS); err != nil || c.Kills <= 0 || c.WithinMS < 0 {
		return false
	}
	for _, part := range parts[1:] {
		if pids, ok := strings.CutPrefix(part, "of pids "); ok {
			c.PIDs = pidsIn(c.PIDs, pids)
		} else if pids, ok := strings.CutPrefix(part, "among those of pids "); ok {
			c.Among = pidsIn(c.Among, pids)
		}
		c.OOM = c.OOM || part == "at its own limit"
	}
	k.Killer, k.Path, k.Counted = investigations.UserKillCounter, c.Path, c
	return true
}

// pidsIn appends the numbers of a text.
func pidsIn(to []int64, text string) []int64 {
	for word := range strings.FieldsSeq(text) {
		if pid, err := strconv.ParseInt(word, 10, 64); err == nil && len(to) < maxCounted {
			to = append(to, pid)
		}
	}
	return to
}

// relayedText is the line about a kill that no other program's line tells as it was.
func relayedText(k *investigations.UserKill) string {
	var of []string
	for _, w := range [...][2]string{{"pod ", k.PodUID}, {"container ", k.ContainerID}} {
		if w[1] != "" && !strings.ContainsAny(w[1], ",: ") {
			of = append(of, w[0]+w[1])
		}
	}
	if k.PID > 0 {
		of = append(of, fmt.Sprintf("pid %d", k.PID))
	}
	text := k.Killer
	if len(of) > 0 {
		text += " of " + strings.Join(of, ", ")
	}
	return text + ": " + k.Text
}

func relayedKill(s string, k *investigations.UserKill) bool {
	of, text, ok := strings.Cut(s, ": ")
	if !ok {
		return false
	}
	k.Text = investigations.CleanText(text, 500)
	of, named := strings.CutPrefix(of, " of ")
	if !named {
		return of == ""
	}
	for part := range strings.SplitSeq(of, ", ") {
		word, value, _ := strings.Cut(part, " ")
		switch word {
		case "pod":
			k.PodUID = value[:min(len(value), 64)]
		case "container":
			k.ContainerID = value[:min(len(value), 128)]
		case "pid":
			k.PID, _ = strconv.ParseInt(value, 10, 64)
		}
	}
	return true
}

// userKill writes a kill by user space: as the program's own line where that reads as the same, and else as the agent's.
func (w *renderer) userKill(k *investigations.UserKill) {
	if k.At.Year() < 1970 || k.At.Year() >= 10000 || len(w.out) > 2*w.room {
		return
	}
	before := k.At.UTC().Format("2006-01-02T15:04:05.000000+00:00") + " " + w.userHost()
	if k.Killer == investigations.UserKillCounter {
		if k.Counted != nil {
			w.userLine(before, agentIdent, countedText(k.Counted), k)
		}
		return
	}
	for _, ident := range [...]string{"systemd-oomd", "systemd", "earlyoom", "kubelet"} {
		if w.userLine(before, ident, k.Text, k) {
			return
		}
	}
	if slices.Contains(agentKillers, k.Killer) {
		w.userLine(before, agentIdent, relayedText(k), k)
	}
}

// userLine writes a line, and takes it back where it does not read as that kill.
func (w *renderer) userLine(before, ident, text string, k *investigations.UserKill) bool {
	begin := len(w.out)
	w.out = appendEscaped(append(append(append(w.out, before...), ident...), ": "...), text)
	w.out = append(w.out, '\n')
	p := NewParser(Options{})
	p.Line(w.out[begin : len(w.out)-1])
	p.Flush()
	if got := p.Summary().UserKills; p.Next() == nil && len(got) == 1 && sameKill(&got[0], k) {
		return true
	}
	w.out = w.out[:begin]
	return false
}

// sameKill tells whether a line reads as a kill. What the kernel's counter tells has no pod but in the path.
func sameKill(got, want *investigations.UserKill) bool {
	if got.Killer != want.Killer {
		return false
	}
	if want.Killer == investigations.UserKillCounter {
		return got.Path == pathText(want.Counted.Path)
	}
	return got.PodUID == want.PodUID && got.ContainerID == want.ContainerID && got.PID == want.PID
}
