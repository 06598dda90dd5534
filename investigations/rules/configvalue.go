package rules

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// configMap returns a ConfigMap of the target's namespace by name; nil where it was not recorded.
func (s *scene) configMap(name string) *investigations.ConfigMap {
	for i := range s.ev.Rollouts.ConfigMaps {
		if m := &s.ev.Rollouts.ConfigMaps[i]; m.Namespace == s.target.Namespace && m.Name == name {
			return m
		}
	}
	return nil
}

// keyChanged is when a key of a ConfigMap was changed last, at the latest: as the entry of managedFields tells
// that owns the key, else as the newest entry does. It is zero where managedFields were not recorded.
func keyChanged(m *investigations.ConfigMap, key string) time.Time {
	var newest, own time.Time
	for _, ch := range m.Changed {
		if ch.At.After(newest) {
			newest = ch.At
		}
		for _, f := range ch.Fields {
			if f == "data."+key && ch.At.After(own) {
				own = ch.At
			}
		}
	}
	if !own.IsZero() {
		return own
	}
	return newest
}

// settings are a container's memory settings as it ran with them.
type settings struct {
	flags
	// since are the ConfigMaps that hold one of the settings now and whose value then is not known: they were
	// changed after the container had started, or it is not known when.
	since []string
	// changed is when the latest of those changes took place; zero where that is not known.
	changed time.Time
}

// settingsAt reads the settings that a container of that template had which started at a moment, in unix seconds.
// The kubelet reads a ConfigMap's values into the environment when it starts the container, and never again: a
// value is known only for containers that started after the last change of its key.
func (s *scene) settingsAt(c *investigations.Container, limit, start float64) settings {
	var out settings
	out.flags = readFlags(c, limit, func(name, key string) string {
		m := s.configMap(name)
		if m == nil || m.Data[key] == "" {
			return ""
		}
		at := keyChanged(m, key)
		if !at.IsZero() && seconds(at) <= start+60 {
			return m.Data[key]
		}
		out.since = append(out.since, name)
		if at.After(out.changed) {
			out.changed = at
		}
		return ""
	})
	return out
}

// startedWith is the lookup for the container that ended: the values of ConfigMaps as they are now, unless they
// were changed after it had started; unsure says that one was.
func (s *scene) startedWith(unsure *bool) func(name, key string) string {
	start := 0.0
	switch {
	case s.death != nil && (s.subjectContainer == "" || s.death.container == s.subjectContainer) && !s.death.term.StartedAt.IsZero():
		start = seconds(s.death.term.StartedAt)
	case s.life != nil:
		start = s.life.start
	}
	return func(name, key string) string {
		m := s.configMap(name)
		if m == nil {
			return ""
		}
		if at := keyChanged(m, key); start > 0 && m.Data[key] != "" && !at.IsZero() && seconds(at) > start+60 {
			*unsure = true
			return ""
		}
		return m.Data[key]
	}
}

// configTimeUnknown says whether the pod takes in a ConfigMap of which it is not known when it changed.
func (s *scene) configTimeUnknown() bool {
	if s.spec() == nil {
		return false
	}
	for name := range s.configMapsOfPod() {
		if m := s.configMap(name); m == nil || !m.HasManagedFields {
			return true
		}
	}
	return false
}
