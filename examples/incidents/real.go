package incidents

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"
)

// realReports are kernel logs of kills that were provoked on real kernels; see reports/README.md.
//
//go:embed reports/*.kmsg.log
var realReports embed.FS

// realReport puts a real kernel's records into the node's log. Their text stays as it is; their clock is moved
// so that the first is at the scene's moment. Records that user space wrote are left out.
func (s *scene) realReport(n *node, name, transport string) {
	b, err := realReports.ReadFile("reports/" + name + ".kmsg.log")
	if err != nil {
		s.contradiction("real report: %w", err)
		return
	}
	log := s.klog(n)
	log.transport = transport
	var first int64
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var prio int
		var seq, stamp int64
		head, text, ok := strings.Cut(line, ";")
		if _, err := fmt.Sscanf(head, "%d,%d,%d", &prio, &seq, &stamp); !ok || err != nil {
			s.contradiction("real report %s: %q", name, line)
			return
		}
		if prio >= 8 {
			continue
		}
		if first == 0 {
			first = stamp
		}
		at := s.at.Add(time.Duration(stamp-first) * time.Microsecond)
		log.lines = append(log.lines, kline{at: at, prio: prio, text: strings.ReplaceAll(text, `\x0a`, "\n")})
	}
}

// onlySince lets a node's log begin at a moment: its ring buffer holds no more.
func (s *scene) onlySince(n *node, from time.Time) {
	l := s.klog(n)
	l.from, l.to = from, s.to
	l.lines = slices.DeleteFunc(l.lines, func(k kline) bool { return k.at.Before(from) })
}

// edge replaces the nodes by one small machine with so many pages for everybody's use. Its daemons are those of
// the list; nothing else runs there yet.
func (s *scene) edge(pages, reserved int64, daemons []process) *node {
	s.nodes, s.pods, s.workloads, s.klogs = nil, nil, nil, map[string]*klog{}
	s.node = &node{
		name: "edge-" + s.hex(3), uid: s.uid(), ip: "10.0.3.7", ramPages: pages + reserved, reservedPages: reserved,
		reserve: 16 * mib, eviction: 10 * mib, boot: s.ago(s.dur(9*day, 30*day)), daemons: daemons,
		slab: flat(float64(pages*pageSize) * 0.05),
	}
	s.nodes = []*node{s.node}
	return s.node
}

// named gives a life the container id and process that a real report names.
func named(l *life, id string, pid int) *life {
	l.id, l.pid = id, pid
	return l
}
