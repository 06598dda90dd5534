package follow

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// epoll waits for a file to become readable, and can be interrupted. It holds a thread while it waits: the runtime's own
// poller takes no files of /proc.
type epoll struct {
	ep, stop int
	fd       int32
	events   [2]unix.EpollEvent

	mu     sync.Mutex
	closed bool
}

var _ waiter = (*epoll)(nil)

// newEpoll waits for fd, which stays the caller's; for none where it is negative. edge: only for what comes from now on.
func newEpoll(fd int, edge bool) (*epoll, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create an epoll instance: %w", err)
	}
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(ep) // nothing was written
		return nil, fmt.Errorf("create an eventfd: %w", err)
	}
	w := &epoll{ep: ep, stop: stop, fd: int32(fd)}
	err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, stop, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(stop)})
	if err == nil && fd >= 0 {
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
		if edge {
			ev.Events |= unix.EPOLLET
		}
		err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &ev)
	}
	if err != nil {
		_ = w.close() // nothing was written
		return nil, fmt.Errorf("add a file to an epoll instance: %w", err)
	}
	return w, nil
}

func (w *epoll) wait(d time.Duration) bool {
	until := sinceBoot() + d
	for d >= 0 {
		n, err := unix.EpollWait(w.ep, w.events[:], int((d+time.Millisecond-1)/time.Millisecond))
		if err == nil {
			woken := false
			for _, ev := range w.events[:max(n, 0)] {
				if ev.Fd != w.fd {
					return false
				}
				woken = true
			}
			return woken
		}
		if !errors.Is(err, unix.EINTR) {
			// It can't fail with the files that it has; if it does, that must not become a loop without a pause.
			time.Sleep(d)
			return false
		}
		d = until - sinceBoot()
	}
	return false
}

func (w *epoll) interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return // the number may be that of another file by now
	}
	one := [8]byte{0: 1, 7: 1}        // not zero in either byte order
	_, _ = unix.Write(w.stop, one[:]) // it fails only where it was done often, and then it holds already
}

func (w *epoll) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	return errors.Join(unix.Close(w.stop), unix.Close(w.ep))
}
