package card

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
)

// Slack takes 50 blocks, 3,000 characters in a section's text, 150 in a header, and answers msg_blocks_too_long at some
// 13,200 in all. These stay well below.
const (
	maxSection = 2900
	maxHeader  = 150
	maxAll     = 8800
	maxBlocks  = 45
)

// board is a message under construction. Parts are put on it in the order in which they are shown, and given their items
// in the order in which they matter: when the room is used up, what is left over is counted.
type board struct {
	parts []*part
	left  int
}

// part is a section of several items below a title; each item is one or more lines that belong together.
type part struct {
	id     string
	quiet  bool // a context block: smaller and grey
	inline bool // side by side in place of below each other
	title  string
	items  []string
	// extra is how much there is beside the items, and more says where what is left out stands, as "… %d more".
	extra int
	more  string

	head string // a header, in place of all the above

	taken int
	own   slack.Block // a block as it is, in place of all the above
}

func newBoard() *board { return &board{left: maxAll} }

// put adds a part at the end, without its items.
func (b *board) put(p *part) *part {
	b.parts = append(b.parts, p)
	return p
}

const (
	perBlock = 8 // the digits of a count, and line ends
	perItem  = 3 // what parts it from the next
)

// fill gives a part as many of its items as fit into most characters and into what is left.
func (b *board) fill(p *part, most int) {
	room := min(b.left, most) - size(p.title) - size(p.more) - perBlock
	used := 0
	for _, item := range p.items {
		n := size(item) + perItem
		if n > maxSection-size(p.title)-size(p.more)-perBlock || used+n > room {
			break
		}
		used += n
		p.taken++
	}
	if len(p.items) > 0 {
		b.left -= used + size(p.title) + size(p.more) + perBlock
	}
}

// take puts a part and fills it at once.
func (b *board) take(p *part) { b.fill(b.put(p), maxAll) }

func (b *board) header(text string) {
	text = plain(text, maxHeader, "Out of memory")
	b.put(&part{head: text})
	b.left -= size(text)
}

// add puts a block as it is; its texts take n characters.
func (b *board) add(own slack.Block, n int) {
	b.put(&part{own: own})
	b.left -= n
}

// blocks are the message's. No id is used twice.
func (b *board) blocks() []slack.Block {
	var out []slack.Block
	for _, p := range b.parts {
		switch {
		case p.own != nil:
			out = append(out, p.own)
		case p.head != "":
			out = append(out, slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, p.head, false, false)))
		default:
			for i, text := range p.texts() {
				id := p.id
				if i > 0 {
					id = fmt.Sprintf("%s-%d", p.id, i+1)
				}
				out = append(out, p.block(id, text))
			}
		}
	}
	return out[:min(len(out), maxBlocks)]
}

func (p *part) block(id, text string) slack.Block {
	if p.quiet {
		return slack.NewContextBlock(id, mrkdwn(text))
	}
	return slack.NewSectionBlock(mrkdwn(text), nil, nil, slack.SectionBlockOptionBlockID(id))
}

// texts are the part's lines, in as many pieces as it takes.
func (p *part) texts() []string {
	if p.taken == 0 && (len(p.items) == 0 || p.more == "") {
		return nil
	}
	lines := p.items[:p.taken:p.taken]
	if p.title != "" && !p.inline {
		lines = append([]string{p.title}, lines...)
	}
	if rest := len(p.items) - p.taken + p.extra; rest > 0 && p.more != "" {
		lines = append(lines, fmt.Sprintf(p.more, rest))
	}
	if p.inline {
		return []string{strings.TrimSpace(p.title + " " + strings.Join(lines, " · "))}
	}
	var out []string
	var piece strings.Builder
	used := 0
	for _, l := range lines {
		if used > 0 && used+1+size(l) > maxSection {
			out = append(out, piece.String())
			piece.Reset()
			used = 0
		}
		if used > 0 {
			piece.WriteByte('\n')
			used++
		}
		piece.WriteString(l)
		used += size(l)
	}
	return append(out, piece.String())
}

// mrkdwn is a text object whose names of channels and people Slack leaves alone.
func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

// say is a message of one text.
func say(fallback string, lines ...string) bot.Message {
	b := newBoard()
	b.take(&part{id: "text", items: lines})
	return bot.Message{Text: fallback, Blocks: b.blocks()}
}
