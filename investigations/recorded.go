package investigations

import "strings"

// RecordedName reduces the name of a flight recorder's series to what it means: memory.current, memory_current and
// memory_current_bytes are one (RecordedCurrent), and so are working_set and container_memory_working_set_bytes. A name
// that says nothing but memory is empty.
func RecordedName(name string) string {
	n := strings.NewReplacer(".", "_", "-", "_", " ", "_").Replace(strings.ToLower(name))
	for _, prefix := range []string{"container_", "cgroup_", "memory_", "mem_", "stat_"} {
		n = strings.TrimPrefix(n, prefix)
	}
	if n == "memory" || n == "mem" {
		n = ""
	}
	return strings.TrimSuffix(n, "_bytes")
}
