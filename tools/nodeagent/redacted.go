package nodeagent

import (
	"slices"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// redacted returns a report whose texts have passed redaction. A process can call itself anything, a token too.
func redacted(r investigations.KernelReport) investigations.KernelReport {
	seen := map[string]string{} // most of a table's rows have one of a few names
	text := func(s *string) {
		if *s == "" {
			return
		}
		masked, ok := seen[*s]
		if !ok {
			masked = redact.Text(*s)
			seen[*s] = masked
		}
		*s = masked
	}
	for _, s := range []*string{&r.OOMMemcg, &r.TaskMemcg, &r.StatsPath, &r.Host, &r.Kernel} {
		text(s)
	}
	if r.InvokedBy != nil {
		by := *r.InvokedBy
		text(&by.Comm)
		r.InvokedBy = &by
	}
	r.Killed, r.Tasks = slices.Clone(r.Killed), slices.Clone(r.Tasks)
	for i := range r.Killed {
		text(&r.Killed[i].Comm)
	}
	for i := range r.Tasks {
		text(&r.Tasks[i].Comm)
	}
	if len(r.Children) > 0 {
		children := make(map[string]map[string]int64, len(r.Children))
		for path, stats := range r.Children {
			text(&path)
			children[path] = stats
		}
		r.Children = children
	}
	return r
}

func redactedUser(k investigations.UserKill) investigations.UserKill {
	for _, s := range []*string{&k.Path, &k.Comm, &k.Text} {
		*s = redact.Text(*s)
	}
	return k
}

func redactedCount(c investigations.CountedKill) investigations.CountedKill {
	c.Path = redact.Text(c.Path)
	return c
}
