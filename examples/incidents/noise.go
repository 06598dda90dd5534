package incidents

import (
	"fmt"
	"time"
)

// kernelNoise is what else a node's kernel has to say: a record every few minutes. In it are audit records,
// whose own clock ties a log in seconds since boot to the calendar.
func (s *scene) kernelNoise(l *klog) []kline {
	if l.quiet {
		return nil
	}
	var lines []kline
	lo, hi := 2*time.Minute, 40*time.Minute
	if s.opt.Small {
		lo, hi = 15*time.Minute, 70*time.Minute
	}
	lines = append(lines, s.auditLine(l.from.Add(1500*time.Millisecond)))
	for t := l.from.Add(s.dur(10*time.Second, lo)); t.Before(l.to); t = t.Add(s.dur(lo, hi)) {
		t = t.Add(time.Duration(s.rng.IntN(1e6)) * time.Microsecond)
		lines = append(lines, s.noiseLine(t))
	}
	return lines
}

// noiseLine is one harmless record.
func (s *scene) noiseLine(t time.Time) kline {
	veth := "veth" + s.hex(8)
	switch s.rng.IntN(7) {
	case 0:
		return s.auditLine(t)
	case 1:
		return kline{at: t, prio: 6, text: "IPv6: ADDRCONF(NETDEV_CHANGE): " + veth + ": link becomes ready"}
	case 2:
		return kline{at: t, prio: 6, text: "device " + veth + " entered promiscuous mode"}
	case 3:
		return kline{at: t, prio: 6, text: "TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies."}
	case 4:
		return kline{at: t, prio: 6, text: "EXT4-fs (nvme1n1): mounted filesystem with ordered data mode"}
	}
	return kline{at: t, prio: 6, text: fmt.Sprintf("cni0: port %d(%s) entered %s state", 1+s.rng.IntN(30), veth, pick(s, "blocking", "forwarding"))}
}

// auditLine is a record that carries the time of day.
func (s *scene) auditLine(t time.Time) kline {
	return kline{at: t, prio: 5, text: fmt.Sprintf(
		`audit: type=1400 audit(%d.%03d:%d): apparmor="DENIED" operation="ptrace" class="ptrace" profile="cri-containerd.apparmor.d" comm="ps"`,
		t.Unix(), t.Nanosecond()/1e6, 100+s.rng.IntN(9000))}
}
