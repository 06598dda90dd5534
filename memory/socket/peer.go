package socket

import (
	"fmt"
	"net"
	"slices"
)

// peer is the process at the other end of a connection, as the kernel tells it: of a server that which began to listen,
// of a client that which connected.
type peer struct {
	// pid is 0 where the process is out of sight, as in another container.
	pid int
	uid uint32
}

// checkPeer refuses a connection whose other end belongs to nobody of those who are trusted. Where the system doesn't
// tell, the modes of socket and folder are all there is; known says so.
func checkPeer(c net.Conn, trusted []uint32) (p peer, known bool, err error) {
	p, known, err = peerOf(c)
	if err != nil {
		return p, known, fmt.Errorf("ask for the process at the other end: %w", err)
	}
	if known && !isTrusted(p.uid, trusted) {
		return p, known, fmt.Errorf("the process at the other end (pid %d) belongs to user %d: %w", p.pid, p.uid, ErrRefused)
	}
	return p, known, nil
}

func isTrusted(uid uint32, trusted []uint32) bool { return slices.Contains(trusted, uid) }
