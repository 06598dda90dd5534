package recorder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// commands reads all command lines that are asked for, as Run does meanwhile.
func (f *fixture) commands() {
	for {
		select {
		case t := <-f.r.asks:
			f.r.readCommand(t)
		default:
			return
		}
	}
}

// line is what a test compares of a reading of a process.
type line struct {
	Second, PID int64
	Comm        string
	MiB         int64
	Command     string
}

func lines(rec investigations.NodeRecording) []line {
	var out []line
	for _, p := range rec.Top {
		out = append(out, line{int64(p.At.Sub(start) / time.Second), p.PID, p.Comm, p.RSSBytes / mib, p.Command})
	}
	return out
}

// pages is how many pages a number of MiB is.
func pages(n int64) int { return int(n * mib / pageSize) }

// TestTop reads the largest processes every five seconds, and every second above 80 % of the limit.
func TestTop(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 50, limit: 100})
	for i := range 7 {
		f.task(path, 100+i, i, fmt.Sprint("worker", i), pages(int64(i+1)), "worker", fmt.Sprint("--shard=", i))
	}
	r := f.start()
	f.tick(3)
	f.commands()
	want := []line{
		{0, 106, "worker6", 7, "worker --shard=6"},
		{0, 105, "worker5", 6, "worker --shard=5"},
		{0, 104, "worker4", 5, "worker --shard=4"},
		{0, 103, "worker3", 4, "worker --shard=3"},
		{0, 102, "worker2", 3, "worker --shard=2"},
	}
	if diff := cmp.Diff(want, lines(r.Recording(f.now, all, 0))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i := range int64(4) { // seconds 3 to 6: it grows, and at 4 it is its turn
		f.set(path, memory{current: 60 + i, limit: 100})
		f.task(path, 100, 0, "worker0", pages(40+i))
		f.tick(1)
	}
	for i := range int64(3) { // 7 to 9: near the limit
		f.set(path, memory{current: 85 + i, limit: 100})
		f.task(path, 100, 0, "worker0", pages(60+i))
		f.tick(1)
	}
	f.commands()
	var got []line
	for _, l := range lines(r.Recording(f.now, all, 0)) {
		if l.PID == 100 {
			got = append(got, l)
		}
	}
	const command = "worker --shard=0"
	want = []line{{4, 100, "worker0", 41, ""}, {7, 100, "worker0", 60, ""}, {8, 100, "worker0", 61, ""}, {9, 100, "worker0", 62, ""}}
	if diff := cmp.Diff(want, got); diff != "" { // this process was made without arguments
		t.Errorf("%s (-want +got)\n%s", command, diff)
	}
}

// TestSparedLooks looks less often at a container whose use hardly changes.
func TestSparedLooks(t *testing.T) {
	spared := []int64{0, 14, 29}
	each := []int64{0, 4, 9, 14, 19, 24, 29}
	tests := []struct {
		name  string
		step  int64 // MiB in use more or less, by turns
		limit int64
		want  []int64
	}{
		{"the same to the page", 0, 0, spared},
		{"some", 3, 0, spared},
		{"more than noise", 4, 0, each},
		{"some of a large limit", 3, 400, spared},
		{"some of a small one", 3, 300, each},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, 2)
			path := "kubepods/pod" + uid1 + "/" + id1
			r := f.start()
			for i := range int64(31) {
				f.set(path, memory{current: 50 + (i+1)/5%2*tt.step, limit: tt.limit})
				f.task(path, 100, 1, "calm", pages(i+1), "calm")
				f.tick(1)
			}
			var want []line
			for _, at := range tt.want {
				want = append(want, line{at, 100, "calm", at + 1, ""})
			}
			if diff := cmp.Diff(want, lines(r.Recording(f.now, all, 0))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestExec tells a program from the one that it replaced in the same process, and a process from one that had its number.
func TestExec(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 90, limit: 100})
	f.task(path, 100, 7, "runc:[2:INIT]", pages(1), "runc", "init")
	r := f.start()
	f.tick(1)
	f.commands()
	f.task(path, 100, 7, "java", pages(50), "java", "-jar", "app.jar")
	f.tick(1)
	f.commands()
	f.task(path, 100, 9999, "java", pages(2), "java", "-version")
	f.tick(1)
	f.commands()
	want := []line{{0, 100, "runc:[2:INIT]", 1, "runc init"}, {1, 100, "java", 50, "java -jar app.jar"}, {2, 100, "java", 2, "java -version"}}
	if diff := cmp.Diff(want, lines(r.Recording(f.now, all, 0))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestCommandOfAnother keeps no command line that was read when the number had gone to another process.
func TestCommandOfAnother(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	f.task(path, 100, 7, "first", pages(1), "first")
	r := f.start()
	f.tick(1)
	f.task(path, 100, 8, "second", pages(1), "second")
	f.commands()
	if got := lines(r.Recording(f.now, all, 0)); len(got) != 1 || got[0].Command != "" {
		t.Errorf("%+v", got)
	}
}

// TestNestedProcesses finds processes in cgroups below a container's, where all of them are on v2 when those have controllers.
func TestNestedProcesses(t *testing.T) {
	for name, below := range map[string]string{"none": "", "cri-o": "/container", "systemd in a container": "/init.scope/a/b"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 2)
			path := "kubepods.slice/kubepods-pod" + strings.ReplaceAll(uid1, "-", "_") + ".slice/crio-" + id1 + ".scope"
			f.set(path, memory{current: 1})
			f.task(path+below, 100, 1, "app", pages(3), "app")
			r := f.start()
			f.tick(1)
			if got := lines(r.Recording(f.now, all, 0)); len(got) != 1 || got[0].PID != 100 {
				t.Errorf("%+v", got)
			}
			if s := r.Stats(); s.Containers != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestManyProcesses keeps what it reads and keeps of a container with thousands within bounds, and finds the largest of them
// in the end.
func TestManyProcesses(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 90, limit: 100})
	var procs strings.Builder
	for i := range 3000 { // of most there is no file: they have ended meanwhile
		fmt.Fprintln(&procs, 1000+i)
	}
	f.task(path, 1600, 1, "whale", pages(50), "whale")
	f.put(path, "cgroup.procs", procs.String())
	r := f.start()
	f.tick(maxPIDs/lookedAt + 1)
	if got := lines(r.Recording(f.now, all, 0)); len(got) == 0 || got[0].Comm != "whale" {
		t.Fatalf("%+v", got)
	}
	if n := len(r.taskWork.pids); n != lookedAt {
		t.Errorf("%d were looked at in one turn", n)
	}
	f.remove("kubepods")
	f.set(path, memory{current: 90, limit: 100})
	for i := range keptTasks + 20 { // one after the other
		f.put(path, "cgroup.procs", "")
		f.task(path, 5000+i, i, fmt.Sprint("job", i), pages(1), "job")
		f.tick(1)
	}
	if s := r.Stats(); s.Tasks > 2*keptTasks || s.Dropped < 20 {
		t.Errorf("%+v", s)
	}
}

// TestBudget looks at all containers by turns where there are too many processes for one tick.
func TestBudget(t *testing.T) {
	f := newFixture(t, 2)
	const containers = 8
	for i := range containers {
		path := fmt.Sprintf("kubepods/pod%s/%064x", uid1, i)
		f.set(path, memory{current: 1})
		var procs strings.Builder
		for p := range 99 {
			fmt.Fprintln(&procs, 100_000+1000*i+p)
		}
		f.put(path, "cgroup.procs", procs.String())
		f.task(path, 1000+i, i, "app", pages(1), "app")
	}
	r := f.start(func(o *Options) { o.TopEvery = time.Second })
	f.tick(1)
	if s := r.Stats(); s.Tasks == 0 || s.Tasks > 4 {
		t.Errorf("in one tick %d containers were looked into", s.Tasks)
	}
	f.tick(3)
	if s := r.Stats(); s.Tasks != containers {
		t.Errorf("after four ticks %d were, want all %d", s.Tasks, containers)
	}
}

// TestHostileProcesses puts what anybody may put into names and arguments.
func TestHostileProcesses(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	f.task(path, 1, 1, "a) R 1\n(b", pages(5), "a\nb", "\x1b[31mred", "\xff\xfe", "\u202eback")
	f.task(path, 2, 2, "\xff\x1b[2J<!here>", pages(4), "mysqld", "--password=hunter2hunter2", "--token", "abcdefsecretvalue0123", "DB_PASSWORD=Tr0ub4dor&3")
	f.task(path, 3, 3, "long", pages(3), strings.Repeat("x", 5000)+"--password=hunter2hunter2")
	f.task(path, 4, 4, "many", pages(2), "many", strings.Repeat("y", 4060), "--password=hunter2hunter2")
	f.task(path, 5, 5, "kthread", pages(1))
	f.put(path, "cgroup.procs", "1\n2\n3\n4\n5\n999\nx\n-4\n99999999999999999999")
	r := f.start()
	f.tick(1)
	f.commands()
	rec := r.Recording(f.now, all, 0)
	if len(rec.Top) != 5 {
		t.Fatalf("%d processes: %+v", len(rec.Top), rec.Top)
	}
	for _, p := range rec.Top {
		for _, text := range []string{p.Comm, p.Command} {
			if !utf8.ValidString(text) || strings.ContainsAny(text, "\n\x1b\u202e") || len(text) > maxCommand {
				t.Errorf("process %d: %q", p.PID, text)
			}
			for _, secret := range []string{"hunter2", "abcdefsecret", "Tr0ub4dor", "passw0"} {
				if strings.Contains(text, secret) {
					t.Errorf("process %d: a secret in %q", p.PID, text)
				}
			}
		}
	}
	if got := rec.Top[1].Command; !strings.HasPrefix(got, "mysqld --password=[redacted]") {
		t.Errorf("the command is %q", got)
	}
}

// TestVanishingProcesses ends processes between one read and the next.
func TestVanishingProcesses(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 90, limit: 100})
	f.task(path, 1, 1, "stays", pages(1), "stays")
	f.task(path, 2, 2, "goes", pages(5), "goes")
	f.task(path, 3, 3, "broken", pages(9), "broken")
	for name, content := range map[string]string{"2/stat": "", "3/statm": "garbage", "3/stat": "3 (brok"} {
		name = filepath.Join(f.proc, name)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if content != "" {
			if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := f.start()
	f.tick(2)
	for _, l := range lines(r.Recording(f.now, all, 0)) {
		if l.Comm != "stays" {
			t.Errorf("%+v", l)
		}
	}
	if s := r.Stats(); s.Tasks != 1 || len(s.Faults) != 0 {
		t.Errorf("%+v", s)
	}
}
