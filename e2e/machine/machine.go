// Package machine boots virtual machines whose kernel runs out of memory on purpose: QEMU without KVM, a kernel of a
// distribution, and an archive of a few files as the only file system, whose /init is a program of the tests.
//
// It knows nothing of what happens in a machine.
package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Options describe a machine.
type Options struct {
	// MiB is how much memory it has.
	MiB int
	// Files are what its file system holds, by their path without the first slash: programs. There has to be "init".
	Files map[string][]byte
	// Append is added to the kernel's command line: NAME=value with a name that the kernel does not know becomes part of
	// the environment of /init.
	Append string
	// Serial is what the second serial port leads to, as QEMU's -serial has it.
	Serial string
	// Within is when it is switched off if it did not do so itself.
	Within time.Duration
}

// Run boots the machine, and returns when it was switched off: what was printed to its console, and how long it ran. The
// error says that it did not switch itself off. It skips the test where QEMU or the kernel are missing.
func Run(t testing.TB, o Options) (console []byte, took time.Duration, err error) {
	t.Helper()
	qemu, kernel := needs(t)
	dir := t.TempDir()
	initramfs, printed := filepath.Join(dir, "initramfs"), filepath.Join(dir, "console")
	if err := writeInitramfs(initramfs, o.Files); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), qemu,
		"-M", "pc", "-accel", "tcg", "-cpu", "qemu64", "-m", fmt.Sprint(o.MiB), "-nographic", "-nodefaults", "-no-reboot", "-net", "none",
		"-kernel", kernel, "-initrd", initramfs, "-append", "console=ttyS0 panic=1 log_buf_len=1M "+o.Append,
		"-serial", "file:"+printed, "-serial", o.Serial)
	timer := time.AfterFunc(o.Within, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	began := time.Now()
	said, err := cmd.CombinedOutput()
	took = time.Since(began)
	if err != nil {
		err = fmt.Errorf("%w after %s: %s", err, took.Round(time.Second), said)
	}
	console, readErr := os.ReadFile(printed)
	return console, took, errors.Join(err, readErr)
}

// Need skips the test where QEMU or the kernel are missing.
func Need(t testing.TB) {
	t.Helper()
	needs(t)
}

// needs returns the programs of QEMU and of the kernel.
func needs(t testing.TB) (qemu, kernel string) {
	t.Helper()
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skipf("needs the package qemu-system-x86: %v", err)
	}
	kernel = os.Getenv("OOMBOT_E2E_KERNEL")
	if _, err := os.Stat(kernel); err != nil {
		t.Skipf("needs a kernel named in OOMBOT_E2E_KERNEL, as `make e2e` fetches one: %v", err)
	}
	return qemu, kernel
}

// Build builds the program of a folder for a machine.
func Build(t testing.TB, folder string) []byte {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w", "-o", program, folder)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", folder, err, out)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
