package demo

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is a page in a browser, and what a person does in it. The page is drawn anew at each change: an element is looked
// for when it is needed, and never kept.
type tab struct {
	*testing.T
	ctx context.Context
}

// open opens a page in a window of this size. A script that fails there fails the test.
func (p tab) open(url string, width, height int64) {
	p.Helper()
	err := chromedp.Listen(p.ctx, func(ev any) {
		if e, ok := ev.(*runtime.EventExceptionThrown); ok {
			p.Errorf("the page's script fails: %v", e.ExceptionDetails)
		}
	})
	if err != nil {
		p.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(url))
}

func (p tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

// script is a function of JavaScript that is called with arguments.
func script(function string, args ...any) string {
	list, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		panic(err) // arguments of tests are JSON
	}
	return "(" + function + ")(..." + string(list) + ")"
}

// wait waits until a function of JavaScript returns something, and returns that.
func wait[T any](p tab, what, function string, args ...any) T {
	p.Helper()
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	for {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[*T](script(function, args...), chromedp.EvalAwaitPromise))
		if err == nil && found != nil {
			return *found
		}
		select {
		case <-ctx.Done():
			p.Fatalf("waited in vain for %s (%v); the page shows:\n%s", what, err, p.text("body"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// text is what an element shows.
func (p tab) text(selector string) string {
	p.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script(`(s) => document.querySelector(s)?.innerText ?? ""`, selector)))
	if err != nil {
		p.Fatalf("read the page: %v", err)
	}
	return text
}

// sees waits until one of some elements shows a text.
func (p tab) sees(selector, text string) {
	p.Helper()
	wait[bool](p, selector+" with "+text, `(s, t) => [...document.querySelectorAll(s)].some((e) => e.innerText.includes(t)) || null`, selector, text)
}

// gone waits until there is no such element.
func (p tab) gone(selector string) {
	p.Helper()
	wait[bool](p, "the end of "+selector, `(s) => document.querySelector(s) ? null : true`, selector)
}

// hover moves the mouse over the middle of the first of some elements.
func (p tab) hover(selector string) {
	p.Helper()
	at := wait[struct{ X, Y float64 }](p, selector, `(s) => {
		const e = document.querySelector(s);
		e?.scrollIntoView({ block: "center" });
		const r = e?.getBoundingClientRect();
		return r?.width ? { X: r.x + r.width / 2, Y: Math.max(r.y, 0) + Math.min(r.height, innerHeight) / 2 } : null;
	}`, selector)
	p.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at.X, at.Y))
}

// click clicks on the last of the elements that can be seen and are called so, by their label, their title or what they show.
func (p tab) click(selector, name string) {
	p.Helper()
	at := wait[struct{ X, Y float64 }](p, selector+" called "+name, `(s, name) => {
		const e = [...document.querySelectorAll(s)].filter((e) => (e.getAttribute("aria-label") ?? (e.title || e.innerText)).includes(name)).at(-1);
		e?.scrollIntoView({ block: "center" });
		const r = e?.getBoundingClientRect();
		return r?.width ? { X: r.x + r.width / 2, Y: r.y + r.height / 2 } : null;
	}`, selector, name)
	p.do(chromedp.MouseClickXY(at.X, at.Y))
}

// write writes into a field; a line's end sends it.
func (p tab) write(field, text string) {
	p.Helper()
	p.click(field, "")
	p.do(chromedp.KeyEvent(text))
}

// say writes into a field and sends it.
func (p tab) say(field, text string) { p.Helper(); p.write(field, text+kb.Enter) }
