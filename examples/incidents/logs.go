package incidents

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// containerLog is a log as kubectl logs --timestamps prints it.
type containerLog struct {
	p         *pod
	container string
	previous  bool
	lines     []logLine
}

type logLine struct {
	at   time.Time
	text string
}

// log returns a container's log, which is begun with everyday lines between from and to where there is none.
func (s *scene) log(p *pod, container string, previous bool, from, to time.Time) *containerLog {
	l := &containerLog{p: p, container: container, previous: previous}
	if long := to.Sub(from); long > time.Hour { // what a runtime keeps of a log is its newest part
		from = to.Add(-time.Hour)
	}
	gap := 25 * time.Second
	if s.opt.Small {
		gap = 2 * time.Minute
	}
	for t := from; t.Before(to); t = t.Add(s.dur(gap/5, gap)) {
		l.add(t.Add(time.Duration(s.rng.IntN(1e9))), "%s", s.everyday())
	}
	s.logs = append(s.logs, l)
	return l
}

// add appends a line.
func (l *containerLog) add(at time.Time, format string, args ...any) {
	l.lines = append(l.lines, logLine{at, fmt.Sprintf(format, args...)})
}

// everyday is a line that means nothing.
func (s *scene) everyday() string {
	switch s.rng.IntN(4) {
	case 0:
		return fmt.Sprintf(`level=info msg="request served" method=GET path=/v1/items/%d status=200 took=%dms`, s.rng.IntN(9000), 3+s.rng.IntN(80))
	case 1:
		return fmt.Sprintf(`level=info msg="cache refreshed" keys=%d`, 100+s.rng.IntN(900))
	case 2:
		return fmt.Sprintf(`10.1.0.%d - "GET /healthz HTTP/1.1" 200 2`, s.rng.IntN(255))
	}
	return fmt.Sprintf(`level=debug msg="connection closed" peer=10.1.0.%d:%d`, s.rng.IntN(255), 30000+s.rng.IntN(20000))
}

// renderContainerLogs writes logs/NAMESPACE/POD/CONTAINER[.previous].log.
func (s *scene) renderContainerLogs(files map[string][]byte) {
	for _, l := range s.logs {
		name := l.container
		if l.previous {
			name += ".previous"
		}
		sort.SliceStable(l.lines, func(i, j int) bool { return l.lines[i].at.Before(l.lines[j].at) })
		var b strings.Builder
		for _, line := range l.lines {
			for _, text := range strings.Split(line.text, "\n") {
				b.WriteString(line.at.Format(time.RFC3339Nano) + " " + text + "\n")
			}
		}
		files["logs/"+l.p.ns+"/"+l.p.name+"/"+name+".log"] = []byte(b.String())
	}
}

// heapProfile is a profile of what a container had in use: bytes by stack, the innermost function first.
type heapProfile struct {
	p         *pod
	container string
	at        time.Time
	inUse     []stackBytes
}

type stackBytes struct {
	stack []string
	bytes int64
}

// renderProfiles writes profiles/NAMESPACE/POD/CONTAINER/TIME.pb.gz.
func (s *scene) renderProfiles(files map[string][]byte) error {
	for _, h := range s.profiles {
		var b bytes.Buffer
		if err := h.build().Write(&b); err != nil {
			return fmt.Errorf("write profile: %w", err)
		}
		name := fmt.Sprintf("profiles/%s/%s/%s/%s.pb.gz", h.p.ns, h.p.name, h.container, h.at.Format("20060102T150405Z"))
		files[name] = b.Bytes()
	}
	return nil
}

// build makes the profile as Go's runtime would: four values a sample, of which allocations count freed memory too.
func (h heapProfile) build() *profile.Profile {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{
			{Type: "alloc_objects", Unit: "count"},
			{Type: "alloc_space", Unit: "bytes"},
			{Type: "inuse_objects", Unit: "count"},
			{Type: "inuse_space", Unit: "bytes"},
		},
		DefaultSampleType: "inuse_space", TimeNanos: h.at.UnixNano(),
		PeriodType: &profile.ValueType{Type: "space", Unit: "bytes"}, Period: 512 * kib,
		Mapping: []*profile.Mapping{{ID: 1, Start: 0x400000, Limit: 0x1400000, File: "/app", HasFunctions: true}},
	}
	locations := map[string]*profile.Location{}
	for _, u := range h.inUse {
		var stack []*profile.Location
		for _, name := range u.stack {
			l := locations[name]
			if l == nil {
				id := uint64(len(locations) + 1)
				f := &profile.Function{ID: id, Name: name, SystemName: name, Filename: "app.go"}
				l = &profile.Location{ID: id, Address: 0x400000 + id*64, Mapping: p.Mapping[0], Line: []profile.Line{{Function: f, Line: 10}}}
				locations[name] = l
				p.Function, p.Location = append(p.Function, f), append(p.Location, l)
			}
			stack = append(stack, l)
		}
		p.Sample = append(p.Sample, &profile.Sample{
			Location: stack, Value: []int64{u.bytes / 512, u.bytes * 3, u.bytes / 1024, u.bytes},
		})
	}
	return p
}
