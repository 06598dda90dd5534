package kernlog

import (
	"bytes"

	"github.com/oombot/oombot/investigations"
)

// userProgram is a program of user space whose lines tell of kills.
type userProgram uint8

const (
	identNone userProgram = iota
	identSystemd
	identOOMD
	identEarlyOOM
	identKubelet
	identJournald
	identRsyslog
	identAgent
)

// userIdent knows the identifiers of programs that matter.
func userIdent(ident []byte) userProgram {
	switch string(ident) {
	case "systemd":
		return identSystemd
	case "systemd-oomd":
		return identOOMD
	case "earlyoom":
		return identEarlyOOM
	case "kubelet", "k3s", "k3s-agent", "rke2", "k0s", "kubelite", "hyperkube":
		return identKubelet
	case "systemd-journald", "systemd-journal":
		return identJournald
	case "rsyslogd", "imklog", "imjournal":
		return identRsyslog
	case agentIdent:
		return identAgent
	}
	return identNone
}

// user takes a line of user space: never part of a kernel report, whatever it says.
func (p *Parser) user(r *record) {
	id := userIdent(r.ident)
	switch id {
	case identNone:
		return
	case identJournald, identRsyslog:
		// What journald suppresses of a unit is no kernel line: "Suppressed N messages from x.service".
		msg := r.msg[:min(len(r.msg), 400)]
		if bytes.Contains(msg, []byte(" kernel messages")) || bytes.Contains(msg, []byte("messages lost due to rate-limiting")) {
			p.lost(r, string(msg))
		}
		return
	case identAgent:
		if p.agent(r) {
			return
		}
	}
	p.userKill(r, id)
}

// userKill notes a line of a user-space killer. Without an identifier (journalctl -o cat) the words decide.
func (p *Parser) userKill(r *record, id userProgram) bool {
	msg := r.msg[:min(len(r.msg), maxMessage)]
	k := investigations.UserKill{Line: p.line}
	plain := id == identNone
	switch {
	case (plain || id == identOOMD) && oomdKill(msg, &k):
	case (plain || id == identSystemd) && unitKill(msg, &k):
	case (plain || id == identEarlyOOM) && earlyKill(msg, &k):
	case id == identKubelet && eviction(msg):
		k.Killer = investigations.UserKillKubeletEviction
	case id == identAgent && agentKill(decode(nil, msg, r.syslog), &k):
	default:
		return false
	}
	if at, ok := p.at(r); ok {
		k.At = at
	}
	if k.Text == "" {
		k.Text = investigations.CleanText(string(decode(nil, msg[:min(len(msg), 2000)], r.syslog)), 500)
	}
	if k.Path != "" {
		k.PodUID, k.ContainerID = inPath(k.Path)
	}
	if c := k.Counted; c != nil {
		c.At, c.PodUID, c.ContainerID = k.At, k.PodUID, k.ContainerID
	}
	if len(p.sum.userKills) >= maxNotes {
		return true
	}
	p.sum.userKills = append(p.sum.userKills, k)
	if us, ok := r.micros(); ok && k.At.IsZero() {
		p.sum.undatedKills = append(p.sum.undatedKills, undated{len(p.sum.userKills) - 1, p.sum.boot, us})
	}
	return true
}

// inPath returns the pod and the container that a cgroup's path tells of.
func inPath(path string) (pod, container string) {
	c := ParseCgroup(path)
	if c.PodUID == "" {
		return "", containerID(path)
	}
	return c.PodUID, c.ContainerID
}

// early takes a line that systemd wrote into the kernel's log, as it does where no journal runs, and which dmesg
// shows without saying who wrote it.
func (p *Parser) early(r *record) bool {
	ident, msg := identifier(r.msg)
	id := userIdent(ident)
	if id != identSystemd && id != identOOMD {
		return false
	}
	t := *r
	t.msg = msg
	p.userKill(&t, id)
	p.forget(originUser)
	return true
}

// oomdKill reads systemd-oomd's `Killed /PATH due to memory pressure for …` and `… due to memory used …`.
func oomdKill(msg []byte, k *investigations.UserKill) bool {
	rest, ok := bytes.CutPrefix(msg, []byte("Killed /"))
	if !ok {
		return false
	}
	path, _, ok := bytes.Cut(rest, []byte(" due to memory "))
	if !ok {
		if path, _, ok = bytes.Cut(rest, []byte(" due to swap ")); !ok {
			return false
		}
	}
	k.Killer, k.Path = investigations.UserKillSystemdOOMD, "/"+string(path[:min(len(path), maxPath)])
	return true
}

// unitKill reads what systemd says of a unit whose processes were killed.
func unitKill(msg []byte, k *investigations.UserKill) bool {
	unit, what, ok := bytes.Cut(msg, []byte(": "))
	if !ok || len(unit) > 512 || bytes.IndexByte(unit, ' ') >= 0 {
		return false
	}
	switch {
	case bytes.HasPrefix(what, []byte("A process of this unit has been killed by the OOM killer")),
		bytes.HasPrefix(what, []byte("Failed with result 'oom-kill'")):
		k.Killer = investigations.UserKillUnit
	case bytes.HasPrefix(what, []byte("systemd-oomd killed ")):
		k.Killer = investigations.UserKillSystemdOOMD
	default:
		return false
	}
	k.Path = string(unit)
	return true
}

// earlyKill reads earlyoom's `sending SIGTERM to process N uid U "C": badness …`.
func earlyKill(msg []byte, k *investigations.UserKill) bool {
	if !bytes.HasPrefix(msg, []byte("sending SIGTERM to process ")) && !bytes.HasPrefix(msg, []byte("sending SIGKILL to process ")) {
		return false
	}
	rest := msg[len("sending SIGTERM to process "):]
	pid, n := leadingInt(rest)
	if n == 0 {
		return false
	}
	k.Killer, k.PID = investigations.UserKillEarlyOOM, pid
	if _, name, ok := bytes.Cut(rest, []byte(` "`)); ok {
		if end := bytes.LastIndex(name, []byte(`":`)); end >= 0 {
			k.Comm = string(name[:min(end, 256)])
		}
	}
	return true
}

// eviction tells whether a line of the kubelet is about an eviction for want of memory.
func eviction(msg []byte) bool {
	if !bytes.Contains(msg, []byte("viction manager")) && !bytes.Contains(msg, []byte("eviction_manager")) {
		return false
	}
	switch {
	case bytes.Contains(msg, []byte("pod is evicted successfully")), bytes.Contains(msg, []byte("pods evicted")):
		return true
	case bytes.Contains(msg, []byte("must evict pod")), bytes.Contains(msg, []byte("attempting to reclaim")):
		return bytes.Contains(msg, []byte("memory"))
	}
	return false
}
