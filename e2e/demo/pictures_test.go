package demo

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// maxPicture is how large a picture of the README may be.
const maxPicture = 300 << 10

// pictures are those of the README.
var pictures = []struct {
	name          string
	width, height int64
	scale         float64
	scheme        string
	// end says that the thread's end is shown, with what can be pressed and the chart, and not its beginning.
	end bool
}{
	{"slack-desktop.png", 1200, 950, 1, "light", false},
	{"slack-phone-light.png", 390, 1300, 1.2, "light", false},
	{"slack-phone-dark.png", 390, 1300, 1.2, "dark", true},
}

// TestPictures takes the pictures: the thread of the incident that inherits from another one. Where OOMBOT_UPDATE is not
// set they are only looked at, and not kept.
func TestPictures(t *testing.T) {
	p := tab{t, browser(t)}
	url := start(t)
	dir := t.TempDir()
	if os.Getenv("OOMBOT_UPDATE") != "" {
		dir = filepath.Join("..", "..", "docs", "images")
	}
	for _, pic := range pictures {
		setScheme := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: pic.scheme}},
			})
			return err
		})
		p.do(setScheme, chromedp.EmulateViewport(pic.width, pic.height, chromedp.EmulateScale(pic.scale)), chromedp.Navigate(url))
		thread := wait[string](p, "the thread that inherits", `async () => {
			const state = await (await fetch("/page/state")).json();
			const c = state.channels[0];
			const card = c.messages.find((m) => JSON.stringify(m.blocks ?? "").includes("Seen before"));
			const ended = c.messages.filter((m) => JSON.stringify(m.attachments ?? "").includes("[RESOLVED]"));
			return card && ended.length === 7 ? c.id + "/" + card.thread_ts : null;
		}`)
		p.do(chromedp.Navigate(url+"#"+thread), chromedp.Reload())
		p.sees("#replies", "Seen before")
		wait[bool](p, "the thread's pictures", `(end) => {
			const box = document.getElementById("replies");
			box.scrollTop = end ? box.scrollHeight : 0;
			return [...document.images].every((i) => i.complete) || null;
		}`, pic.end)
		shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		checkPicture(t, pic.name, shot, int(float64(pic.width)*pic.scale))
		if err := os.WriteFile(filepath.Join(dir, pic.name), shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// checkPicture fails the test where a picture is not one that the README can show.
func checkPicture(t *testing.T, name string, shot []byte, width int) {
	t.Helper()
	image, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(shot) > maxPicture {
		t.Errorf("%s has %d bytes, and may have %d", name, len(shot), maxPicture)
	}
	if got := image.Bounds().Dx(); got != width {
		t.Errorf("%s is %d pixels wide; want %d", name, got, width)
	}
}
