package demo

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long anything in the page is waited for.
const patience = 60 * time.Second

// browser starts a Chromium with a tab, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no Chromium on this machine: on Debian, apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's own sandbox refuses root
	}
	allocator, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, endTab := chromedp.NewContext(allocator)
	t.Cleanup(endTab)
	if err := chromedp.Do(ctx); err != nil { // it starts the browser, which lives as long as this context
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// address is where the demo says that its page is.
var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

// start starts the demo and returns its page's address. At the end it is told to end, and has to do so well.
func start(t *testing.T) string {
	t.Helper()
	program := os.Getenv("OOMBOT_BINARY")
	if program == "" {
		program = filepath.Join("..", "..", "bin", "oombot")
	}
	temp := t.TempDir()
	// It is told to end by the cleanup, which comes after the test's own context is over.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "demo", "--slack", "--fast", "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (build it with `make build`)", err)
	}
	found, drained := make(chan string, 1), make(chan struct{})
	go func() { // ends with the program
		defer close(drained)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if url := address.FindString(lines.Text()); url != "" {
				select {
				case found <- url:
				default:
				}
			}
		}
	}()
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended by %v", err)
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("the demo leaves %v behind, %v", left, err)
		}
	})
	select {
	case url := <-found:
		return url
	case <-drained:
		t.Fatal("the demo ended without an address")
	case <-time.After(patience):
		t.Fatal("the demo tells no address")
	}
	return ""
}
