//go:build unix

package socket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/memory/memorytest"
)

// stranger is a user who is neither root nor the one that runs the tests.
const stranger = 4711

// childVariable makes this test program a process of the stranger.
const childVariable = "OOMBOT_TEST_SOCKET_CHILD"

func TestMain(m *testing.M) {
	if what, ok := os.LookupEnv(childVariable); ok {
		if err := child(what, os.Getenv("OOMBOT_TEST_SOCKET_FILE")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child dials a memory file or serves one, as the stranger, until its input ends.
func child(what, file string) error {
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(stranger), syscall.Setuid(stranger)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch what {
	case "dial":
		c, err := Dial(ctx, file)
		if err == nil {
			err = c.Close()
			fmt.Println("it was let in")
		}
		return err
	case "serve":
		l, err := Listen(file, quiet)
		if err != nil {
			return err
		}
		fmt.Println("it serves")
		go func() { // it ends with the process
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
		return Serve(ctx, l, memorytest.New(time.Now), quiet)
	}
	return fmt.Errorf("what is %q", what)
}

// asStranger returns this test program as a process of the stranger.
func asStranger(t *testing.T, what, file string) *exec.Cmd {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the user at the other end of a socket is asked for on Linux only")
	}
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+what, "OOMBOT_TEST_SOCKET_FILE="+file)
	return cmd
}

// publicFile is a memory file in a folder that all users may use.
func publicFile(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "oombot-test-") //nolint:usetesting // all users must get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	file := filepath.Join(folder, "memory.db")
	if err := errors.Join(os.Chmod(folder, 0o777), os.WriteFile(file, nil, 0o600)); err != nil { //nolint:gosec // the stranger is to get as far as the socket
		t.Fatal(err)
	}
	return file
}

func TestStrangerIsNotServed(t *testing.T) {
	for what, open := range map[string]bool{"by the mode of the socket": false, "by the server where the mode lets in": true} {
		t.Run(what, func(t *testing.T) {
			file := publicFile(t)
			cmd := asStranger(t, "dial", file)
			var log bytes.Buffer
			l, err := Listen(file, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			if open {
				if err := os.Chmod(l.Path(), 0o666); err != nil { //nolint:gosec // the server is to be the one who refuses
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- Serve(ctx, l, memorytest.New(time.Now), quiet) }()
			out, err := cmd.Output()
			if err == nil {
				t.Errorf("a stranger's process says %q", out)
			}
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
			if refused := strings.Contains(log.String(), fmt.Sprintf("user %d", stranger)); refused != open {
				t.Errorf("the server refused: %t, want %t\n%s", refused, open, log.String())
			}
			if !open && !strings.Contains(string(out), "permission denied") {
				t.Errorf("a stranger's process says %q", out)
			}
		})
	}
}

// TestStrangerIsNotTrusted lets a stranger listen where root looks for who holds its memory file.
func TestStrangerIsNotTrusted(t *testing.T) {
	for what, tt := range map[string]struct {
		fileOwner, socketOwner int
		trusted                bool
	}{
		"a stranger's socket":                               {0, stranger, false},
		"a stranger's process at a socket that looks right": {0, 0, false},
		"the process of whom the file belongs to":           {stranger, stranger, true},
	} {
		t.Run(what, func(t *testing.T) {
			file := publicFile(t)
			cmd := asStranger(t, "serve", file)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil || line != "it serves\n" {
				t.Fatalf("the stranger's process says %q, %v", line, err)
			}
			if err := errors.Join(os.Chown(file, tt.fileOwner, -1), os.Lchown(file+".sock", tt.socketOwner, -1)); err != nil {
				t.Fatal(err)
			}
			c, err := Dial(t.Context(), file)
			if tt.trusted && (err != nil || c.PID() != cmd.Process.Pid) {
				t.Errorf("Dial: %v", err)
			}
			if !tt.trusted && !errors.Is(err, ErrRefused) {
				t.Errorf("Dial: %v, want ErrRefused", err)
			}
			if err := stdin.Close(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("the stranger's process: %v", err)
			}
		})
	}
}

// TestFolderThatCanNotBeWritten has a server that may write its file, and not the folder that it is in.
func TestFolderThatCanNotBeWritten(t *testing.T) {
	file := publicFile(t)
	if err := errors.Join(os.Chmod(filepath.Dir(file), 0o755), os.Chown(file, stranger, -1)); err != nil { //nolint:gosec // all users must get there
		t.Fatal(err)
	}
	temp := filepath.Dir(publicFile(t))
	t.Setenv("TMPDIR", temp)
	cmd := asStranger(t, "serve", file)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "it serves\n" {
		t.Fatalf("the server says %q, %v", line, err)
	}
	c, err := Dial(t.Context(), file)
	if err != nil || !strings.HasPrefix(c.socket, temp) {
		t.Errorf("Dial: %v", err)
	}
	if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 1 {
		t.Errorf("left in the folder for temporary files: %v, %v; want the memory file that was there", left, err)
	}
}

// TestRootServesWhomTheFileBelongsTo lets root hold a stranger's file.
func TestRootServesWhomTheFileBelongsTo(t *testing.T) {
	file := publicFile(t)
	cmd := asStranger(t, "dial", file)
	if err := os.Chown(file, stranger, -1); err != nil {
		t.Fatal(err)
	}
	start(t, file, memorytest.New(time.Now), defaultPace())
	if out, err := cmd.Output(); err != nil || string(out) != "it was let in\n" {
		t.Errorf("the stranger's process says %q, %v", out, err)
	}
	healthy(t, file) // and root as before
}
