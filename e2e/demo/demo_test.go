package demo

import "testing"

// TestNewcomer tries what the page says that can be tried.
func TestNewcomer(t *testing.T) {
	p := tab{t, browser(t)}
	p.open(start(t), 1200, 900)
	p.sees("#guide", "oombot watches this channel")
	p.sees("#messages article", "HostOutOfMemory")

	p.say("#text", "@oombot investigate shop/web")
	thread := wait[string](p, "a reply to the mention", `() => [...document.querySelectorAll("#messages article")]
		.find((e) => e.innerText.includes("investigate shop/web") && e.querySelector(".replies"))?.dataset.ts`)
	p.click(`#messages article[data-ts="`+thread+`"] .replies`, "")
	p.sees("#replies", "What to do")
	p.sees("#replies", "The same as JSON")

	p.click("#replies button", "The verdict is right")
	p.sees("#replies", "👍 1 · 👎 0")
	p.click("#replies button", "The verdict is wrong")
	p.sees("dialog[open]", "What was it really?")
	p.write("dialog[open] textarea", "it was the import")
	p.click("dialog[open] button", "Send")
	p.gone("dialog[open]")
	p.sees("#replies", "👍 0 · 👎 1")

	p.say("#reply-text", "why not a leak?")
	p.sees("#replies article:last-child", "[F")
	p.click("#replies button", "Show the evidence to me")
	p.sees("#replies article.ephemeral", "Only visible to you")

	const card = `#replies article:has(button[aria-label="The verdict is right"])`
	p.hover(card)
	p.click(card+" .tools button", "React with +1")
	p.sees("#replies", "👍 1 · 👎 0")

	p.say("#text", "/oombot history")
	p.sees("#messages article.ephemeral", "gateway")
	p.click("#channels button", "Home")
	p.sees("#messages", "web")
}
