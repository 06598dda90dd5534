package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// paths are where pod 1 and its container lie in the layouts of the field.
func paths() map[string]struct{ pod, container string } {
	under := strings.ReplaceAll(uid1, "-", "_")
	static := strings.Repeat("0a1b2c3d", 4)
	systemd := "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + under + ".slice"
	kind := "docker/" + id2 + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" + under + ".slice"
	return map[string]struct{ pod, container string }{
		"cgroupfs":            {"kubepods/burstable/pod" + uid1, "kubepods/burstable/pod" + uid1 + "/" + id1},
		"cgroupfs guaranteed": {"kubepods/pod" + uid1, "kubepods/pod" + uid1 + "/" + id1},
		"systemd containerd":  {systemd, systemd + "/cri-containerd-" + id1 + ".scope"},
		"systemd cri-o":       {systemd, systemd + "/crio-" + id1 + ".scope"},
		"kind":                {kind, kind + "/cri-containerd-" + id1 + ".scope"},
		"kind cgroupfs":       {"docker/" + id2 + "/kubelet/kubepods/burstable/pod" + uid1, "docker/" + id2 + "/kubelet/kubepods/burstable/pod" + uid1 + "/" + id1},
		"static pod":          {"kubepods/burstable/pod" + static, "kubepods/burstable/pod" + static + "/" + id1},
		"the runtime uses the other driver": {
			"", "system.slice/containerd.service/kubepods-burstable-pod" + under + ".slice:cri-containerd:" + id1,
		},
	}
}

// TestLayouts finds the container and its pod wherever the drivers put them, and reads what each version tells.
func TestLayouts(t *testing.T) {
	for _, version := range []int{1, 2} {
		for name, at := range paths() {
			t.Run(fmt.Sprintf("v%d %s", version, name), func(t *testing.T) {
				f := newFixture(t, version)
				f.set("system.slice/kubelet.service", memory{current: 999})
				f.set(at.container, memory{current: 200, limit: 400, anon: 150, file: 40, inactive: 30, shmem: 10})
				if at.pod != "" {
					f.set(at.pod, memory{current: 210, limit: 800})
					f.set(at.pod+"/crio-conmon-"+id1+".scope", memory{current: 1})
				}
				r := f.start()
				f.tick(1)
				want := []Container{{Path: "/" + at.container, PodUID: uid1, ContainerID: id1, Current: 200 * mib, Limit: 400 * mib, WorkingSet: 170 * mib}}
				if name == "static pod" {
					want[0].PodUID = strings.Repeat("0a1b2c3d", 4)
				}
				if diff := cmp.Diff(want, r.Containers()); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				rec := r.Recording(f.now, all, 0)
				got := map[string]float64{}
				for _, s := range rec.Series {
					who := "pod "
					if s.ContainerID != "" {
						who = ""
					}
					if len(s.Values) != 1 || s.StepMS != 1000 {
						t.Errorf("%s has %v each %d ms", s.Name, s.Values, s.StepMS)
					}
					got[who+s.Name+" "+s.Unit] = s.Values[0]
				}
				wantValues := map[string]float64{
					"current bytes": 200 * mib, "limit bytes": 400 * mib, "peak bytes": 201 * mib, "anon bytes": 150 * mib,
					"file bytes": 40 * mib, "shmem bytes": 10 * mib, "slab bytes": 1024, "sock bytes": 4096,
					"pressure_some percent": 1.5, "pressure_full percent": 0.25,
				}
				if version == 1 {
					wantValues["slab bytes"] = 2 * mib
					delete(wantValues, "sock bytes") // no limit of sockets was set, so they are not counted
					delete(wantValues, "pressure_some percent")
					delete(wantValues, "pressure_full percent")
				}
				if at.pod != "" {
					wantValues["pod current bytes"], wantValues["pod limit bytes"], wantValues["pod peak bytes"] = 210*mib, 800*mib, 211*mib
				}
				if diff := cmp.Diff(wantValues, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

func TestNew(t *testing.T) {
	needLinux(t)
	write := func(files map[string]string) string {
		dir := t.TempDir()
		for name, content := range files {
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	tests := map[string]struct {
		files   map[string]string
		version int
		at      string
	}{
		"v2":                          {map[string]string{"cgroup.controllers": "cpu memory\n"}, 2, ""},
		"v1":                          {map[string]string{"memory/memory.limit_in_bytes": "1\n", "cpu/cpu.shares": "1\n"}, 1, "memory"},
		"v1 mounted with others":      {map[string]string{"blkio,memory/memory.limit_in_bytes": "1\n"}, 1, "blkio,memory"},
		"v1's own mount":              {map[string]string{"memory.limit_in_bytes": "1\n"}, 1, ""},
		"hybrid, the controller in 1": {map[string]string{"unified/cgroup.controllers": "\n", "memory/memory.limit_in_bytes": "1\n"}, 1, "memory"},
		"hybrid, the controller in 2": {map[string]string{"unified/cgroup.controllers": "memory\n", "cpu/cpu.shares": "1\n"}, 2, "unified"},
		"v2 without memory":           {map[string]string{"cgroup.controllers": "cpu io\n"}, 0, ""},
		"nothing":                     {map[string]string{"cpu/cpu.shares": "1\n"}, 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := write(tt.files)
			r, err := New(Options{CgroupRoot: dir, Proc: dir})
			if tt.version == 0 {
				if err == nil || !strings.Contains(err.Error(), dir) {
					t.Errorf("the error is %v, and should name %s", err, dir)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if r.layout.version != tt.version || r.tree.at != filepath.Join(dir, tt.at) {
				t.Errorf("version %d at %s", r.layout.version, r.tree.at)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := New(Options{CgroupRoot: missing}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no root: %v", err)
	}
	if _, err := New(Options{CgroupRoot: write(tests["v2"].files), Proc: missing}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no processes: %v", err)
	}
}

func TestMountedFrom(t *testing.T) {
	const info = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:32 / /host/sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
37 31 0:33 /../.. /up rw - cgroup2 cgroup2 rw
38 31 0:34 /a\040b /with\040space rw - cgroup2 cgroup2 rw
39 31 0:35 /x /data rw - ext4 /dev/sda rw
bad line
`
	for dir, want := range map[string]string{
		"/sys/fs/cgroup/memory": "/docker/abc", "/host/sys/fs/cgroup/memory": "", "/up": "", "/with space": "/a b", "/data": "", "/none": "",
	} {
		if got := mountedFrom(info, dir); got != want {
			t.Errorf("%s is mounted from %q, want %q", dir, got, want)
		}
	}
}

// TestUnknownIsNeverZero takes away what a kernel may not have.
func TestUnknownIsNeverZero(t *testing.T) {
	f := newFixture(t, 2)
	const path = "kubepods/pod" + uid1
	f.put(path+"/"+id1, "memory.current", "4096")
	f.put(path+"/"+id1, "memory.max", "max")
	f.put(path+"/"+id1, "memory.stat", "anon 100\nfile x")
	f.put(path+"/"+id2, "cgroup.procs", "") // the controller is not enabled for it
	r := f.start()
	f.tick(3)
	rec := r.Recording(f.now, all, 0)
	got := map[string][]float64{}
	for _, s := range rec.Series {
		got[s.Name] = s.Values
	}
	want := map[string][]float64{"current": {4096, 4096, 4096}, "anon": {100, 100, 100}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	containers := r.Containers()
	slices.SortFunc(containers, func(a, b Container) int { return strings.Compare(a.Path, b.Path) })
	want2 := []Container{
		{"/" + path + "/" + id1, uid1, id1, 4096, Unknown, 4096, false},
		{"/" + path + "/" + id2, uid1, id2, Unknown, Unknown, Unknown, false},
	}
	if diff := cmp.Diff(want2, containers); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	f.set(path+"/"+id2, memory{current: 1})
	f.tick(1)
	if got := values(r.Recording(f.now, all, 0), id2, "current"); len(got) != 4 || got[3] != mib {
		t.Errorf("after the controller came: %v", got)
	}
}

// TestRun samples once a second under a clock of its own, and ends with its context.
func TestRun(t *testing.T) {
	f := newFixture(t, 2)
	f.set("kubepods/pod"+uid1+"/"+id1, memory{current: 5})
	synctest.Test(t, func(t *testing.T) {
		r, err := New(Options{CgroupRoot: f.root, Proc: f.proc})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		if err := r.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ended with %v", err)
		}
		if s := r.Stats(); s.Ticks != 11 || s.Missed != 0 || s.Containers != 1 {
			t.Errorf("%+v", s)
		}
		if got := values(r.Recording(time.Now(), all, 0), id1, "current"); len(got) != 11 {
			t.Errorf("%d values", len(got))
		}
	})
}

// TestConcurrentUse is for the race detector: all that may be called at a time is.
func TestConcurrentUse(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 95, limit: 100})
	f.task(path, 7, 1, "java", 500, "java")
	var r *Recorder
	o := func(o *Options) {
		o.Now = time.Now
		o.OnNear = func(Container) { r.Recording(time.Now(), all, 1) } // a callback may call back
	}
	r = f.start(o)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range 200 {
				r.Sample(time.Now().Add(time.Duration(i) * time.Second))
			}
		})
		wg.Go(func() {
			for range 200 {
				r.Recording(time.Now(), all, 3)
				r.Containers()
				r.Stats()
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() { r.readCommands(ctx) })
	wg.Go(func() {
		defer cancel()
		for i := range 50 {
			other := fmt.Sprintf("kubepods/pod%s/%064x", uid2, i)
			f.set(other, memory{current: 1})
			f.remove(other)
		}
	})
	wg.Wait()
	r.Close()
	r.Sample(time.Now()) // does nothing
	if rec := r.Recording(time.Now().Add(time.Hour), all, 0); len(values(rec, id1, "current")) == 0 {
		t.Error("the ring can't be read after Close")
	}
}
