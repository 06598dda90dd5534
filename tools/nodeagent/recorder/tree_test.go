package recorder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLateKubepods finds the pods of a kubelet that starts after the agent, among many directories of the system.
func TestLateKubepods(t *testing.T) {
	f := newFixture(t, 2)
	for i := range 60 {
		f.mkdir(filepath.Join(f.root, "system.slice", fmt.Sprintf("unit%d.service", i), "below"))
	}
	r := f.start()
	f.tick(2)
	path := "kubelet.slice/kubepods/burstable/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	f.kill(path, 3, 3)
	f.tick(25)
	if got := r.Containers(); len(got) != 1 || got[0].Path != "/"+path {
		t.Fatalf("%+v", got)
	}
	if len(f.kills) != 1 || f.kills[0].WithinMS < 1000 {
		t.Errorf("all of this tree is new, and so is the kill: %+v", f.kills)
	}
	f.remove("system.slice")
	f.tick(40)
	if n := r.tree.nodes; n != 6 { // from the root to the container
		t.Errorf("%d directories are known", n)
	}
}

// TestOtherDriver watches a directory of the system once a container was found in it.
func TestOtherDriver(t *testing.T) {
	f := newFixture(t, 1)
	prefix := "system.slice/containerd.service/kubepods-burstable-pod" + strings.ReplaceAll(uid1, "-", "_") + ".slice:cri-containerd:"
	f.set(prefix+id1, memory{current: 1})
	r := f.start()
	f.tick(2)
	f.set(prefix+id2, memory{current: 2})
	f.tick(1)
	if got := r.Containers(); len(got) != 2 {
		t.Errorf("a second later there are %+v", got)
	}
}

// TestBelowContainers takes what a container makes below its cgroup for its own, whatever it calls it.
func TestBelowContainers(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 5})
	f.set(path+"/kubepods/pod"+uid2, memory{current: 1})
	f.set(path+"/kubepods/pod"+uid2+"/"+id2, memory{current: 1})
	r := f.start()
	f.tick(3)
	if got := r.Containers(); len(got) != 1 || got[0].ContainerID != id1 {
		t.Errorf("%+v", got)
	}
	if s := r.Stats(); s.Pods != 1 || r.tree.nodes != 4 {
		t.Errorf("%+v, %d directories", s, r.tree.nodes)
	}
}

// TestOddDirectories is full of what is no cgroup: files, links, and names with anything in them.
func TestOddDirectories(t *testing.T) {
	f := newFixture(t, 2)
	pod := "kubepods/pod" + uid1
	f.set(pod+"/"+id1, memory{current: 5})
	for _, name := range []string{"new\nline", "\xff\xfe", "..data", "-", strings.Repeat("n", 255), "pod" + uid2[:20]} {
		f.mkdir(filepath.Join(f.root, "kubepods", name))
		f.mkdir(filepath.Join(f.root, name))
	}
	f.put(pod, id2, "a file with a container's name")
	if err := os.Symlink(filepath.Join(f.root, pod, id1), filepath.Join(f.root, pod, strings.Repeat("3c", 32))); err != nil {
		t.Fatal(err)
	}
	deep := "kubepods"
	for range maxLevel + 5 {
		deep += "/d"
	}
	f.mkdir(filepath.Join(f.root, deep))
	r := f.start()
	f.tick(3)
	if got := r.Containers(); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	if s := r.Stats(); len(s.Faults) != 1 || !strings.Contains(s.Faults[0], "there are too many of them") {
		t.Errorf("a tree that is too deep: %q", s.Faults)
	}
}

// TestPrefix tells paths as the kernel prints them where the mount shows a part of the hierarchy.
func TestPrefix(t *testing.T) {
	f := newFixture(t, 2)
	f.set("kubepods/pod"+uid1+"/"+id1, memory{current: 5})
	r := f.start()
	r.prefix = "/docker/" + id2
	f.tick(1)
	want := []Container{{Path: "/docker/" + id2 + "/kubepods/pod" + uid1 + "/" + id1, PodUID: uid1, ContainerID: id1, Current: 5 * mib, Limit: Unknown, WorkingSet: 5 * mib}}
	if diff := cmp.Diff(want, r.Containers()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
