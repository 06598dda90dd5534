package demo

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oombot/oombot/e2e/oombot"
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
var address = regexp.MustCompile(`(http://127\.0\.0\.1:\d+/)`)

// start starts the demo and returns its page's address. At the end it is told to end, and has to do so well.
func start(t *testing.T) string {
	t.Helper()
	temp := t.TempDir()
	p := oombot.Start(t, oombot.Options{Args: []string{"demo", "--slack", "--fast", "--listen", "127.0.0.1:0"}, Env: []string{"TMPDIR=" + temp}})
	t.Cleanup(func() {
		p.Stop(t)
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("the demo leaves %v behind, %v", left, err)
		}
	})
	return p.Says(t, address)
}
