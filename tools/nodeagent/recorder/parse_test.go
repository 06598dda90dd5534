package recorder

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNumbers(t *testing.T) {
	tests := map[string]int64{
		"0\n": 0, "4096\n": 4096, "4096": 4096, "1152921504606846975\n": 1<<60 - 1,
		// no limit, of v2, v1 and 3.x
		"max\n": missing, "9223372036854771712\n": missing, "18446744073709551615\n": missing,
		"": missing, "-1\n": missing, "12x\n": missing, "12 34\n": missing, strings.Repeat("9", 400): missing,
	}
	for text, want := range tests {
		if got := number([]byte(text)); got != want {
			t.Errorf("number(%q) = %d, want %d", text, got, want)
		}
	}
}

// The files of several kernels. 3.10 has no shmem; 4.x and 5.x differ in what stands between; v2 of 4.15 has no slab in
// one line; that of 6.x has kernel, zswap and more.
const (
	stat310 = "cache 10\nrss 20\nrss_huge 0\nmapped_file 1\nswap 0\npgpgin 1\npgpgout 1\ninactive_anon 0\nactive_anon 20\ninactive_file 5\nactive_file 5\nunevictable 0\n" +
		"hierarchical_memory_limit 67108864\nhierarchical_memsw_limit 9223372036854775807\ntotal_cache 110\ntotal_rss 120\ntotal_rss_huge 0\ntotal_mapped_file 1\ntotal_swap 0\n" +
		"total_inactive_anon 0\ntotal_active_anon 120\ntotal_inactive_file 55\ntotal_active_file 55\ntotal_unevictable 0\n"
	stat61v1 = "cache 10\nrss 20\nrss_huge 0\nshmem 1\nmapped_file 1\ndirty 0\nwriteback 0\nworkingset_refault_anon 0\nworkingset_refault_file 0\nswap 0\npgpgin 9\n" +
		"inactive_anon 1\nactive_anon 2\ninactive_file 3\nactive_file 4\nunevictable 0\nhierarchical_memory_limit 67108864\nhierarchical_memsw_limit 9223372036854771712\n" +
		"total_cache 110\ntotal_rss 120\ntotal_rss_huge 0\ntotal_shmem 30\ntotal_mapped_file 1\ntotal_dirty 0\ntotal_inactive_anon 0\ntotal_active_anon 0\ntotal_inactive_file 55\ntotal_active_file 55\n"
	stat415v2 = "anon 120\nfile 110\nkernel_stack 16\nslab 700\nsock 40\nshmem 30\nfile_mapped 1\nfile_dirty 0\nfile_writeback 0\ninactive_anon 1\nactive_anon 2\n" +
		"inactive_file 55\nactive_file 55\nunevictable 0\nslab_reclaimable 500\nslab_unreclaimable 200\npgfault 9\n"
	stat66v2 = "anon 120\nfile 110\nkernel 4096\nkernel_stack 16\npagetables 64\nsec_pagetables 0\npercpu 8\nsock 40\nvmalloc 0\nshmem 30\nzswap 0\nzswapped 0\nfile_mapped 1\n" +
		"file_dirty 0\nfile_writeback 0\nswapcached 0\nanon_thp 0\nfile_thp 0\nshmem_thp 0\ninactive_anon 1\nactive_anon 2\ninactive_file 55\nactive_file 55\nunevictable 0\n" +
		"slab_reclaimable 500\nslab_unreclaimable 200\nslab 700\nworkingset_refault_anon 0\npgfault 9\n"
)

func TestMemoryStat(t *testing.T) {
	type kinds struct{ Anon, File, Shmem, Sock, Slab, Inactive int64 }
	tests := []struct {
		name string
		l    *layout
		text string
		want kinds
	}{
		{"3.10, v1", &v1, stat310, kinds{120, 110, missing, 9, 9, 55}},
		{"6.1, v1", &v1, stat61v1, kinds{120, 110, 30, 9, 9, 55}},
		{"4.15, v2", &v2, stat415v2, kinds{120, 110, 30, 40, 700, 55}},
		{"6.6, v2", &v2, stat66v2, kinds{120, 110, 30, 40, 700, 55}},
		{"parts of slab alone", &v2, "slab_reclaimable 500\nslab_unreclaimable 200\n", kinds{missing, missing, missing, missing, 700, missing}},
		{"one part of slab alone", &v2, "slab_reclaimable 500\n", kinds{missing, missing, missing, missing, missing, missing}},
		{"nothing", &v2, "", kinds{missing, missing, missing, missing, missing, missing}},
		{"cut in a number", &v2, "anon 120\nfile 11", kinds{120, missing, missing, missing, missing, missing}},
		{"another order", &v2, "sock 1\nfile 2\nanon 3\n", kinds{3, 2, missing, 1, missing, missing}},
		{
			"garbage", &v2, "\n \n anon 5\nanon\nanon x\nfile -1\nshmem 1 2\nsock \x00\n\xff\xfe 3\ninactive_file 99999999999999999999999\n",
			kinds{missing, missing, missing, missing, missing, missing},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// v1's memory.stat tells neither of these, and leaves what other files told.
			var r reading
			r.values[sock], r.values[slab] = 9, 9
			tt.l.takeStat([]byte(tt.text), &r)
			v := &r.values
			if diff := cmp.Diff(tt.want, kinds{v[anon], v[file], v[shmem], v[sock], v[slab], r.inactive}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	tests := []struct {
		name                 string
		l                    *layout
		text                 string
		kills, limit, groups int64
	}{
		{"v2", &v2, "low 0\nhigh 0\nmax 77\noom 3\noom_kill 2\noom_group_kill 1\n", 2, 3, 1},
		{"v2 of 4.13, without oom_group_kill", &v2, "low 0\nhigh 0\nmax 77\noom 3\noom_kill 2\n", 2, 3, missing},
		{"v2 before 4.13", &v2, "low 0\nhigh 0\nmax 77\noom 3\n", missing, 3, missing},
		{"v1", &v1, "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5, missing, missing},
		{"v1 before 4.13", &v1, "oom_kill_disable 0\nunder_oom 0\n", missing, missing, missing},
		{"v1 with a line that has no key", &v1, " 9\noom_kill 5\n", 5, missing, missing},
	}
	for _, tt := range tests {
		var got [events]int64
		keyed([]byte(tt.text), tt.l.events, got[:])
		if want := [events]int64{tt.kills, tt.limit, tt.groups}; got != want {
			t.Errorf("%s: %v, want %v", tt.name, got, want)
		}
	}
}

func TestPressure(t *testing.T) {
	tests := []struct {
		text       string
		some, full int64
	}{
		{"some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.07 avg60=0.00 avg300=0.00 total=8\n", 150, 7},
		{"some avg10=100.00 avg60=0.00 avg300=0.00 total=9\n", 10000, missing},
		{"full avg10=0.00 avg60=9.99\n", missing, 0},
		{"some avg10=1.5 avg60=0.00\nfull avg10=x\n", missing, missing},
		{"some avg10=1.500 avg60=0.00\nfull avg10=999999999999.00 avg60\n", missing, missing},
		{"some avg10=1.50 avg60=0.0", missing, missing},
		{"", missing, missing},
	}
	for _, tt := range tests {
		if some, full := pressure([]byte(tt.text)); some != tt.some || full != tt.full {
			t.Errorf("%q: %d and %d, want %d and %d", tt.text, some, full, tt.some, tt.full)
		}
	}
}

func TestTaskFiles(t *testing.T) {
	const after = " S 1 1 1 0 -1 4194304 1 0 0 0 1 2 0 0 20 0 1 0 4711 1000 50 18446744073709551615 1\n"
	names := []string{"java", "a b) c, pid=1", "(sd-pam)", "x) S 1 1 1 0 (y", "new\nline", "\xff\xfe<!here>", ""}
	for _, name := range names {
		comm, start := taskStat([]byte("123 (" + name + ")" + after))
		if string(comm) != name || start != 4711 {
			t.Errorf("%q: %q, started %d", name, comm, start)
		}
	}
	bad := []string{"", "1", "1 (java", "1 java)", ")(", "1 (java) S 1 1", "1 (java)" + after[:50], "1 (java)" + strings.Replace(after, "4711", "x", 1)}
	for _, text := range bad {
		if comm, start := taskStat([]byte(text)); start != missing {
			t.Errorf("%q: %q, started %d", text, comm, start)
		}
	}
	for text, want := range map[string]int64{
		"9999 50 1 1 0 9 0\n": 50, "9999 0 1\n": 0, "": missing, "9999": missing, "9999 ": missing, "9999 50": missing, "9999 -5 1\n": missing,
		"9999 " + fmt.Sprint(int64(math.MaxInt64)) + " 1\n": missing,
	} {
		if got := residentPages([]byte(text)); got != want {
			t.Errorf("residentPages(%q) = %d, want %d", text, got, want)
		}
	}
}

// FuzzFiles gives what a file of a cgroup or process may be to all that read one.
func FuzzFiles(f *testing.F) {
	for _, s := range []string{stat310, stat66v2, "max\n", "some avg10=1.50 avg60=0.00\n", "1 (a) b) S 1 1\n", "1 2 3\n", "123\n456\n0\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r reading
		for _, l := range []*layout{&v1, &v2} {
			l.takeStat(data, &r)
			keyed(data, l.events, r.events[:])
		}
		some, full := pressure(data)
		_, started := taskStat(data)
		got := append(r.values[:], r.events[0], r.events[1], r.inactive, some, full, started, number(data), residentPages(data))
		for i, v := range got {
			if v < 0 && v != missing {
				t.Errorf("value %d is %d", i, v)
			}
		}
		if n := len(commandLine(data)); n > maxCommand {
			t.Errorf("a command line of %d bytes", n)
		}
	})
}
