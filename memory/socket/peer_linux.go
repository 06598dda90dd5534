package socket

import (
	"errors"
	"net"
	"syscall"
)

// peerOf asks with SO_PEERCRED.
func peerOf(c net.Conn) (peer, bool, error) {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return peer{}, false, nil
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return peer{}, false, err
	}
	var cred *syscall.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err = errors.Join(err, credErr); err != nil {
		return peer{}, false, err
	}
	return peer{pid: int(cred.Pid), uid: cred.Uid}, true, nil
}

// restrict gives a socket that is not bound yet its mode: Linux makes the file with it, so that there is no moment at
// which another user could connect.
func restrict(_, _ string, raw syscall.RawConn) error {
	var modeErr error
	err := raw.Control(func(fd uintptr) { modeErr = syscall.Fchmod(int(fd), 0o600) })
	return errors.Join(err, modeErr)
}
