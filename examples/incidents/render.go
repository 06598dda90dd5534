package incidents

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// render writes every part of the bundle into memory: path within the bundle to content.
func (s *scene) render() (map[string][]byte, error) {
	files := map[string][]byte{}
	s.coverLogs()
	for name, l := range s.sortedLogs() {
		files["kernel/"+name+".log"] = l.render(s)
	}
	s.everydayEvents()
	if err := s.renderObjects(files); err != nil {
		return nil, err
	}
	s.renderMetrics(files)
	s.renderContainerLogs(files)
	if err := s.renderProfiles(files); err != nil {
		return nil, err
	}
	if err := s.renderRecorders(files); err != nil {
		return nil, err
	}
	if !s.opt.Small && s.rng.IntN(3) == 0 { // not every site scrapes them
		s.without = append(s.without, "metrics/container_oom_events.json", "metrics/container_restarts.json")
	}
	for _, part := range s.without {
		for name := range files {
			if name == part || strings.HasPrefix(name, part+"/") {
				delete(files, name)
			}
		}
	}
	for name, f := range s.damage {
		if b, ok := files[name]; ok {
			files[name] = f(b)
		}
	}
	files["incident.yaml"] = s.incident()
	t, err := s.truth.yaml()
	if err != nil {
		return nil, err
	}
	files["truth.yaml"] = t
	return files, s.err
}

// coverLogs sets what time each kernel log covers, where its kind did not.
func (s *scene) coverLogs() {
	s.klog(s.node)
	for _, n := range s.nodes {
		l := s.klogs[n.name]
		if l == nil || !l.from.IsZero() {
			continue
		}
		l.from, l.to = s.ago(s.dur(s.window/3, s.window)), s.to
		for _, k := range l.lines {
			if k.at.Before(l.from) {
				l.from = k.at.Add(-time.Minute)
			}
		}
		if boot := l.node.boot; l.from.Before(boot) {
			l.from = boot.Add(time.Second)
		}
	}
}

// sortedLogs yields the kernel logs by the names of their nodes.
func (s *scene) sortedLogs() func(yield func(string, *klog) bool) {
	return func(yield func(string, *klog) bool) {
		for _, name := range slices.Sorted(maps.Keys(s.klogs)) {
			if !yield(name, s.klogs[name]) {
				return
			}
		}
	}
}

// incident is incident.yaml.
func (s *scene) incident() []byte {
	var b strings.Builder
	j := func(v any) string {
		out, err := json.Marshal(v)
		if err != nil {
			s.contradiction("incident.yaml: %w", err)
		}
		return string(out)
	}
	fmt.Fprintf(&b, "version: 1\nat: %q\ntarget: %s\n", s.alertAt.Format(time.RFC3339), j(s.target))
	if s.cluster != "" {
		fmt.Fprintf(&b, "cluster: %s\n", j(s.cluster))
	}
	if s.window != 24*time.Hour || s.rng.IntN(2) == 0 {
		fmt.Fprintf(&b, "window: \"%dh\"\n", int(s.window.Hours()))
	}
	if s.alert == nil && (s.opt.Small || s.rng.IntN(2) == 0) {
		s.alert = s.everydayAlert()
	}
	if s.alert != nil {
		fmt.Fprintf(&b, "alert: %s\n", j(s.alert))
	}
	return []byte(b.String())
}

// everydayAlert is an alert that says no more than that something restarted.
func (s *scene) everydayAlert() map[string]string {
	defer func(r *rand.Rand) { s.rng = r }(s.rng)
	s.rng = newRand(s.kind.Name+" alert", s.seed) // what is rendered before does not change it
	name := cmp.Or(s.target["container"], s.target["pod"], s.target["workload"], s.target["node"])
	title := pick(s, name+" is restarting", name+" is crash looping", "KubePodCrashLooping "+name, name+": error rate above 2 %")
	if s.target["node"] != "" {
		title = name + " is low on memory"
	}
	return map[string]string{"source": pick(s, "pagerduty", "alertmanager"), "id": "Q" + strings.ToUpper(s.hex(12)), "title": title}
}

// writeFiles writes a bundle's files into a folder.
func writeFiles(dir string, files map[string][]byte) error {
	names := slices.Collect(maps.Keys(files))
	sort.Strings(names)
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write bundle: %w", err)
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return fmt.Errorf("write bundle: %w", err)
		}
	}
	return nil
}

// list renders objects as kubectl prints them, one object a line.
func list(items []any) ([]byte, error) {
	var b strings.Builder
	b.WriteString(`{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [`)
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		j, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		b.WriteByte('\n')
		b.Write(j)
	}
	b.WriteString("\n]}\n")
	return []byte(b.String()), nil
}
