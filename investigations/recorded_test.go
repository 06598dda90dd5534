package investigations

import "testing"

func TestRecordedName(t *testing.T) {
	for name, want := range map[string]string{
		RecordedCurrent: RecordedCurrent, "memory.current": RecordedCurrent, "memory_current_bytes": RecordedCurrent, "Memory": "", "mem": "",
		"container_memory_working_set_bytes": "working_set", "memory.stat.anon": RecordedAnon, RecordedShmem: RecordedShmem, RecordedPressureSome: RecordedPressureSome, "": "",
		"memory_usage": "usage", "container_rss": "rss", "pgmajfault": "pgmajfault", "working_set": "working_set",
	} {
		if got := RecordedName(name); got != want {
			t.Errorf("%q means %q, want %q", name, got, want)
		}
	}
}
