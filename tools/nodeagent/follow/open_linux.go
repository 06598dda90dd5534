package follow

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot is CLOCK_MONOTONIC, which the kernel's own clock is nearest to: neither counts while the machine sleeps.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0 // the call can't fail with a clock that there is
	}
	return time.Duration(ts.Nano())
}

func openKmsg(o Options) (*Log, error) {
	fd, err := unix.Open(o.KmsgPath, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.KmsgPath, explainKmsg(err))
	}
	w, err := newEpoll(fd, false)
	if err != nil {
		_ = unix.Close(fd) // nothing was written
		if errors.Is(err, unix.EPERM) {
			err = fmt.Errorf("%w: it is a file, and not the kernel's device: mount the node's /dev/kmsg", ErrNoLog)
		}
		return nil, fmt.Errorf("wait for %s: %w", o.KmsgPath, err)
	}
	dev := &kmsgDevice{fd: fd, epoll: w}
	k, start, err := newKmsg(dev, o)
	if err != nil {
		_ = dev.close() // nothing was written
		return nil, fmt.Errorf("open %s: %w", o.KmsgPath, err)
	}
	return &Log{start: start, source: k, pos: k.pos}, nil
}

// explainKmsg says what to do.
func explainKmsg(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("%w: mount it from the node (hostPath /dev/kmsg), or use the reader %s: %w", ErrNoLog, Syslog, err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: the device cgroup of a container that is not privileged refuses it, and so does the kernel without "+
			"CAP_SYSLOG where kernel.dmesg_restrict is 1: run privileged, or use the reader %s: %w", ErrPermission, Syslog, err)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w: run as root, or use the reader %s: %w", ErrPermission, Syslog, err)
	}
	return err
}

// kmsgDevice is the real device.
type kmsgDevice struct {
	fd int
	*epoll
}

var _ device = (*kmsgDevice)(nil)

func (d *kmsgDevice) read(b []byte) (int, error) { return unix.Read(d.fd, b) }

func (d *kmsgDevice) close() error { return errors.Join(d.epoll.close(), unix.Close(d.fd)) }

func openSyslog(o Options) (*Log, error) {
	r := &kernelRing{fd: -1}
	if err := r.arm(); err != nil {
		// The container may hide /proc/kmsg; the log is then looked at in intervals.
		o.Log.Debug("/proc/kmsg does not wake the reader of the kernel log", "err", err)
	}
	s, start, err := newSyslog(r, o)
	if err != nil {
		_ = r.close() // nothing was written
		return nil, fmt.Errorf("open the kernel log: %w", err)
	}
	return &Log{start: start, source: s, pos: s.position()}, nil
}

// The actions of syslog(2) that are used. No other one may be: 2, 4 and 5 take text away from others, 6 to 8 change the
// console.
const (
	actionReadAll    = 3
	actionSizeBuffer = 10
)

// kernelRing is the real ring buffer.
type kernelRing struct {
	// fd is /proc/kmsg, which is never read; -1 where it can't be opened.
	fd   int
	wake *epoll
}

var _ ring = (*kernelRing)(nil)

// arm opens /proc/kmsg to be woken by it. Edge-triggered: the kernel reports each new record, also where nobody has read the
// older ones.
func (r *kernelRing) arm() error {
	fd, err := unix.Open("/proc/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		if r.wake, err = newEpoll(fd, true); err == nil {
			r.fd = fd
			return nil
		}
		_ = unix.Close(fd) // nothing was written
	}
	w, errTimer := newEpoll(-1, false)
	if errTimer != nil {
		return errTimer
	}
	r.wake = w
	return fmt.Errorf("open /proc/kmsg: %w", err)
}

func (r *kernelRing) readAll(b []byte) (int, error) {
	n, err := unix.Klogctl(actionReadAll, b)
	return n, explainSyslog(err)
}

func (r *kernelRing) size() (int, error) {
	n, err := unix.Klogctl(actionSizeBuffer, nil)
	return n, explainSyslog(err)
}

// explainSyslog says what to do.
func explainSyslog(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		restrict := "kernel.dmesg_restrict is 1, or a seccomp profile refuses it"
		if b, err := os.ReadFile("/proc/sys/kernel/dmesg_restrict"); err == nil && strings.TrimSpace(string(b)) == "0" {
			restrict = "a seccomp profile refuses it"
		}
		return fmt.Errorf("%w: CAP_SYSLOG is missing, and %s: add SYSLOG to securityContext.capabilities.add, with the node's "+
			"user namespace (hostUsers), or run as root: %w", ErrPermission, restrict, err)
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("%w: this kernel was built without printk: %w", ErrNoLog, err)
	}
	return err
}

func (r *kernelRing) wakes() bool { return r.fd >= 0 }

func (r *kernelRing) wait(d time.Duration) bool {
	if r.wake == nil {
		time.Sleep(d)
		return false
	}
	return r.wake.wait(d)
}

func (r *kernelRing) interrupt() {
	if r.wake != nil {
		r.wake.interrupt()
	}
}

func (r *kernelRing) close() error {
	var errs []error
	if r.wake != nil {
		errs = append(errs, r.wake.close())
	}
	if r.fd >= 0 {
		errs = append(errs, unix.Close(r.fd))
	}
	return errors.Join(errs...)
}
