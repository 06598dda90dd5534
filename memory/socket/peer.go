package socket

import (
	"fmt"
	"net"
	"os"
)

// users are those who may use a memory file through its socket, and may serve it: this process's own user, root, and
// where this process is root's the one that the file belongs to.
type users struct {
	self uint32
	// owner is self where this process is not root's.
	owner uint32
}

// usersOf returns who may use and serve a memory file.
func usersOf(file string) users {
	self := uint32(os.Getuid())
	u := users{self: self, owner: self}
	if self != 0 {
		return u
	}
	if info, err := os.Stat(file); err == nil {
		if owner, known := ownerOf(info); known {
			u.owner = owner
		}
	}
	return u
}

func (u users) trusted(uid uint32) bool { return uid == u.self || uid == u.owner || uid == 0 }

// give gives what root has made to whom the memory file belongs to, who could not use it else.
func (u users) give(path string) error {
	if u.owner == u.self {
		return nil
	}
	return os.Lchown(path, int(u.owner), -1)
}

// peer is the process at the other end of a connection, as the kernel tells it: of a server that which began to listen,
// of a client that which connected.
type peer struct {
	// pid is 0 where the process is out of sight, as in another container.
	pid int
	uid uint32
}

// checkPeer refuses a connection whose other end belongs to nobody of those who are trusted. Where the system doesn't
// tell, the modes of socket and folder are all there is; known says so.
func checkPeer(c net.Conn, u users) (p peer, known bool, err error) {
	p, known, err = peerOf(c)
	if err != nil {
		return p, known, fmt.Errorf("ask for the process at the other end: %w", err)
	}
	if known && !u.trusted(p.uid) {
		return p, known, fmt.Errorf("the process at the other end (pid %d) belongs to user %d: %w", p.pid, p.uid, ErrRefused)
	}
	return p, known, nil
}
