package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// kmsg follows the kernel's log from where it was opened on.
type kmsg struct {
	fd   int
	text []byte
}

func followKmsg(t *testing.T) *kmsg {
	t.Helper()
	fd, err := syscall.Open("/dev/kmsg", syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if _, err := syscall.Seek(fd, 0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	return &kmsg{fd: fd}
}

// read takes what has been logged since, one record a read, as the device hands it out.
func (k *kmsg) read(t *testing.T) {
	t.Helper()
	record := make([]byte, 16<<10)
	for {
		n, err := syscall.Read(k.fd, record)
		switch {
		case err == nil:
			k.text = append(k.text, record[:n]...)
		case errors.Is(err, syscall.EAGAIN):
			return
		case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.EINTR): // records were overwritten: go on behind them
		default:
			t.Fatalf("read /dev/kmsg: %v", err)
		}
	}
}

// reports waits for the kernel to say that it killed in the pod, and returns what the program makes of all
// that was logged meanwhile, reduced to that pod.
func (k *kmsg) reports(t *testing.T, podUID string) []investigations.KernelReport {
	t.Helper()
	for range 100 {
		k.read(t)
		// The kill line comes last, after the line that names the pod.
		if at := bytes.LastIndex(k.text, []byte(podUID)); at >= 0 && bytes.Contains(k.text[at:], []byte("Killed process")) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	var ours []investigations.KernelReport
	for line := range bytes.Lines(printed(t, k.text, "kernlog", "-o", "json")) {
		var r investigations.KernelReport
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v in the line %s", err, line)
		}
		if r.PodUID == podUID {
			ours = append(ours, r)
		}
	}
	if len(ours) == 0 {
		t.Fatalf("no report of pod %s in what the kernel logged:\n%s", podUID, k.text)
	}
	return ours
}
