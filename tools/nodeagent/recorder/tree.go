package recorder

import (
	"errors"
	"path"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog"
)

const (
	// maxNodes is how many directories above containers are known, and maxLevel how deep they may lie.
	maxNodes = 8192
	maxLevel = 32
	// hotScans and coldScans are how many directories a tick reads though nothing points at a change in them.
	hotScans  = 2
	coldScans = 6
)

// tree is what is known of the hierarchy down to the containers, which are leaves: what a container makes below its
// own cgroup is its own.
//
// A directory is hot where pods or containers lie or may lie: kubepods and all below it, and whatever directory one was
// found in (a runtime with the other driver than the kubelet puts containers elsewhere). Hot ones stay open, and are read
// when their number of links has changed, which one fstat tells. A directory of which one went and another came
// within a second is found by reading some in turn, as is what changes in the cold ones, those of the system.
type tree struct {
	// at is where the root is.
	at        string
	root      *node
	hot, cold []*node
	// nextHot and nextCold are whose turn it is.
	nextHot, nextCold int
	nodes             int
	buf               []byte
}

// node is one directory that is no container's.
type node struct {
	path string
	// file is where it lies, with a zero byte at its end.
	file     []byte
	parent   *node
	level    int
	children map[string]*node
	// gen is that of the last scan of the parent which found it, scans that of its own.
	gen, scans uint32
	fd         int
	links      uint64
	// checked is when all in it was last known; since is until when it was known not to be there, zero where it was there
	// from the start.
	checked, since time.Time
	hot, leaf      bool
	// dirty asks for a scan.
	dirty, dead bool
	// refused counts the cgroups in it for which there is no room.
	refused int
	cgroup  *cgroup
}

func (t *tree) init(at string) {
	t.at = at
	t.buf = make([]byte, 32<<10)
	t.root = &node{file: append([]byte(at), 0), fd: notOpen, dirty: true}
	t.cold = append(t.cold, t.root)
	t.nodes = 1
}

// close closes what is open. Nothing is known afterwards.
func (t *tree) close(r *Recorder) {
	for _, n := range t.hot {
		r.shut(&n.fd)
	}
	*t = tree{at: t.at}
}

// discover brings the tree up to date.
func (r *Recorder) discover(now time.Time) {
	t := &r.tree
	if t.root == nil {
		return
	}
	if t.root.dirty {
		r.scan(t.root, now)
	}
	for i := 0; i < len(t.hot); i++ { // a scan may append
		switch n := t.hot[i]; {
		case n.dead:
		case r.changed(n):
			r.scan(n, now)
		default:
			n.checked = now
		}
	}
	t.hot = slices.DeleteFunc(t.hot, func(n *node) bool { return n.dead })
	t.cold = slices.DeleteFunc(t.cold, func(n *node) bool { return n.dead || n.hot })
	for range min(hotScans, len(t.hot)) {
		t.nextHot = (t.nextHot + 1) % len(t.hot)
		if n := t.hot[t.nextHot]; !n.dead {
			r.scan(n, now)
		}
	}
	for range min(coldScans, len(t.cold)) {
		t.nextCold = (t.nextCold + 1) % len(t.cold)
		if n := t.cold[t.nextCold]; !n.dead {
			r.scan(n, now)
		}
	}
}

// changed tells whether a hot directory has to be read.
func (r *Recorder) changed(n *node) bool {
	if n.dirty || n.fd < 0 {
		return true
	}
	count, err := links(n.fd, &r.stat)
	return err != nil || count < 2 || count != n.links
}

// scan reads which directories lie in n, and takes note of those that came and went.
func (r *Recorder) scan(n *node, now time.Time) {
	fd := n.fd
	if fd < 0 {
		var err error
		if fd, err = openDirAt(notOpen, n.file); err != nil {
			r.cantScan(n, now, err)
			return
		}
		if n.hot && r.held < r.maxHeld {
			n.fd = fd
			r.held++
		} else {
			defer closeFile(fd)
		}
	}
	// Links are counted before, so that what comes meanwhile is a change.
	n.links, _ = links(fd, &r.stat)
	d, err := newDirReader(fd, r.tree.buf)
	n.scans++
	var fresh []*node
	for err == nil {
		var name []byte
		if name, err = d.next(); name == nil {
			break
		}
		child := n.children[string(name[:len(name)-1])]
		if child == nil {
			if child = r.discovered(n, string(name[:len(name)-1])); child == nil {
				continue
			}
			fresh = append(fresh, child)
		}
		child.gen = n.scans
	}
	if err != nil {
		r.cantScan(n, now, err)
		return
	}
	for _, child := range n.children {
		if child.gen != n.scans {
			r.remove(child, now)
		}
	}
	r.settle(n, fresh, now)
}

// settle ends a scan: what is new is recorded, or read in its turn.
func (r *Recorder) settle(n *node, fresh []*node, now time.Time) {
	before := n.refused
	if n.refused > 0 || len(fresh) > 0 {
		n.refused = 0
		for _, child := range n.children {
			n.refused += r.record(child)
		}
	}
	n.dirty, n.checked = false, now
	if before != n.refused {
		r.mu.Lock()
		r.count.Refused += n.refused - before
		r.mu.Unlock()
	}
	for _, child := range fresh {
		if !child.leaf {
			r.scan(child, now)
		}
	}
}

// discovered makes the node of a directory that was not there at the last scan of n; nil where there is no room.
func (r *Recorder) discovered(n *node, name string) *node {
	t := &r.tree
	if t.nodes >= maxNodes || n.level >= maxLevel {
		r.note(faultTree, errors.New("there are too many of them"))
		return nil
	}
	child := &node{
		path: n.path + "/" + name, file: append([]byte(path.Join(t.at, n.path, name)), 0),
		parent: n, level: n.level + 1, fd: notOpen, since: n.since,
	}
	if n.scans > 1 && n.refused == 0 {
		child.since = n.checked
	}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = child
	t.nodes++
	c := kernlog.ParseCgroup(child.path)
	switch c.Boundary {
	case investigations.BoundaryContainer:
		child.leaf = true
		if c.ContainerID != "" {
			child.cgroup = r.newCgroup(child, c)
		}
	case investigations.BoundaryPod:
		child.cgroup = r.newCgroup(child, c)
		r.heat(child)
	case investigations.BoundaryNodeAllocatable:
		r.heat(child)
	default:
		// In a pod, that is a monitor of a container, and no place for others.
		if child.leaf = c.PodUID != ""; !child.leaf && n.hot && n != t.root && underKubepods(n) {
			r.heat(child)
		}
	}
	if child.cgroup != nil {
		r.heat(n)
	}
	if !child.leaf && !child.hot {
		t.cold = append(t.cold, child)
	}
	return child
}

// underKubepods tells whether n is the cgroup of all pods or below it.
func underKubepods(n *node) bool {
	for ; n != nil; n = n.parent {
		if kernlog.ParseCgroup(n.path).Boundary == investigations.BoundaryNodeAllocatable {
			return true
		}
	}
	return false
}

// heat makes a directory one to watch.
func (r *Recorder) heat(n *node) {
	if !n.hot {
		n.hot = true
		r.tree.hot = append(r.tree.hot, n)
	}
}

// remove forgets a directory that is gone, and all below it.
func (r *Recorder) remove(n *node, now time.Time) {
	for _, child := range n.children {
		r.remove(child, now)
	}
	n.dead = true
	r.shut(&n.fd)
	if n.parent != nil {
		delete(n.parent.children, path.Base(n.path))
	}
	r.tree.nodes--
	if n.refused > 0 {
		r.mu.Lock()
		r.count.Refused -= n.refused
		r.mu.Unlock()
	}
	if n.cgroup != nil {
		r.end(n.cgroup, r.tickOf(now))
	}
}

// cantScan handles a directory that can't be read: one that is gone, mostly.
func (r *Recorder) cantScan(n *node, now time.Time, err error) {
	switch {
	case n.parent != nil && (errors.Is(err, errAbsent) || errors.Is(err, errGone)):
		r.remove(n, now)
	case errors.Is(err, errFiles), errors.Is(err, errTable):
		r.note(faultFiles, err)
	default:
		r.note(faultTree, err)
	}
}
