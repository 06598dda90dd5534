package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

const escape = "\x1b"

// lastMark is written to the terminal when the program has ended.
const lastMark = "the program has ended"

// TestTerminal runs the program as a person at a terminal does.
func TestTerminal(t *testing.T) {
	example := filepath.Join(root, "examples", "pod-limit")
	progress := regexp.MustCompile(`(?m)^  kernlog +\S+ \S+ +\d+ facts?`)

	colours := atTerminal(t, []string{"TERM=xterm"}, "", "investigate", "--bundle", example)
	if !strings.Contains(colours, escape+"[") || !progress.MatchString(colours) {
		t.Errorf("a terminal sees neither colours nor what is read:\n%s", colours)
	}
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		plain := atTerminal(t, []string{env}, "", "investigate", "--bundle", example)
		if strings.Contains(plain, escape) || !progress.MatchString(plain) {
			t.Errorf("with %s a terminal sees colours, or not what is read:\n%q", env, plain)
		}
	}
}

// TestModelAtTerminal has a person see the verdict of the rules before the model is asked, and what is done with it.
func TestModelAtTerminal(t *testing.T) {
	server, env := askedModel(t, modeltest.Honest())
	example := filepath.Join(root, "examples", "pod-limit")
	seen := atTerminal(t, append(env, "TERM=xterm"), "", "investigate", "--bundle", example)
	inOrder(t, seen, "by the rules, confidence 0.91: checkout", "asking stand-in-1 to look at it", "asking stand-in-1, request 1",
		"stand-in-1 calls submit_verdict", "the verdict of stand-in-1 holds", "The cause is leak.", "verdict by the model, grounded")
	if strings.Contains(seen, server.Key()) {
		t.Error("the terminal shows the key")
	}

	seen = atTerminal(t, append(env, "TERM=xterm"), "", "eval", example, "--llm")
	inOrder(t, seen, "  1/1  PASS  ", "llm PASS, written by the model, 1 call", "with stand-in-1: 1 passed, 0 failed")

	seen = atTerminal(t, append(env, "TERM=xterm"), "\rq", "demo", "--llm")
	inOrder(t, seen, "stand-in-1 is asked.", "incident 1 of 6", "By the rules, confidence 0.97:", "oombot asks stand-in-1")
	if strings.Contains(seen, "incident 3 of 6") {
		t.Error("q doesn't end the demo")
	}
}

// inOrder looks for texts one after the other.
func inOrder(t *testing.T, text string, wants ...string) {
	t.Helper()
	rest := text
	for _, want := range wants {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Errorf("no %q, or not in its place, in\n%s", want, text)
			return
		}
		rest = after
	}
}

// TestDemoAtTerminal presses keys that go on and leave.
func TestDemoAtTerminal(t *testing.T) {
	seen := atTerminal(t, []string{"TERM=xterm"}, "x\rq", "demo")
	for _, want := range []string{"Enter or space goes on, q ends", "incident 1 of 6", "What it teaches", "incident 2 of 6"} {
		if !strings.Contains(seen, want) {
			t.Errorf("the demo doesn't show %q", want)
		}
	}
	if strings.Contains(seen, "incident 3 of 6") {
		t.Error("q doesn't end the demo")
	}

	slack := atTerminal(t, []string{"TERM=xterm"}, "q", "demo", "--slack")
	inOrder(t, slack, "http://127.0.0.1:", "Ctrl-C or q ends it, Enter skips a pause; nothing of it is kept.")
	fast := atTerminal(t, []string{"TERM=xterm"}, "", "demo", "--fast")
	if strings.Contains(fast, "Enter or space") || !strings.Contains(fast, "incident 4 of 6") {
		t.Error("--fast asks for keys, or doesn't come to the end")
	}
}

// atTerminal runs the program with all its streams at a new terminal, types keys, and returns what the
// terminal shows. It fails the test where the program doesn't succeed.
func atTerminal(t *testing.T, env []string, keys string, args ...string) string {
	t.Helper()
	keyboard, tty := openTerminal(t)
	shown := make(chan string)
	go func() { // ends with the last mark, or when the test closes the keyboard
		var text strings.Builder
		piece := make([]byte, 4096)
		for !strings.Contains(text.String(), lastMark) {
			n, err := keyboard.Read(piece)
			text.Write(piece[:n])
			if err != nil {
				break
			}
		}
		shown <- text.String()
	}()
	if _, err := io.WriteString(keyboard, keys); err != nil {
		t.Fatal(err)
	}
	code := run(t.Context(), args, env, tty, tty, tty)
	// The program's reader of keys still holds the terminal open, so its end can't be waited for.
	if _, err := io.WriteString(tty, lastMark); err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(<-shown, lastMark)
	if code != exitDone {
		t.Fatalf("oombot %q at a terminal: exit status %d\n%s", args, code, text)
	}
	return text
}

// openTerminal opens a pseudo-terminal; see pts(4).
func openTerminal(t *testing.T) (keyboard, tty *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	var number, locked int32
	for _, call := range []struct {
		request uintptr
		value   *int32
	}{{syscall.TIOCSPTLCK, &locked}, {syscall.TIOCGPTN, &number}} {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), call.request, uintptr(unsafe.Pointer(call.value)))
		if errno != 0 {
			t.Fatal(errno)
		}
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return keyboard, tty
}
