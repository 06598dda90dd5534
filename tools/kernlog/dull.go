package kernlog

import "bytes"

// dullRun is a run of lines that need no reading, but for the last of them: between two reports a log holds
// little else, and each line would only take the place of the one before it.
type dullRun struct {
	n int64
	// last is the last line of the run, whose memory is the caller's.
	last []byte
	// records says that the lines are records of /dev/kmsg, whose numbers go on by one.
	records bool
}

// pass takes the next line as advance does, but reads it only where that matters. Its caller calls catchUp
// before b changes, and before anything else of p is used.
func (p *Parser) pass(b []byte) {
	if len(p.sources) == 0 && p.dull(b) {
		p.run.n++
		p.run.last = b
		return
	}
	p.catchUp()
	p.advance(b, 1)
}

// catchUp reads the last line of the run, and counts the others.
func (p *Parser) catchUp() {
	run := p.run
	if run.n == 0 {
		return
	}
	p.run = dullRun{}
	p.line += run.n - 1
	if run.records {
		p.sum.seq += run.n - 1
	}
	p.advance(run.last, 1)
}

// dull tells whether reading a line would leave nothing behind that reading the next such line leaves as well.
// No report is open. What it can't tell at a glance is not dull.
func (p *Parser) dull(b []byte) bool {
	line := p.line + p.run.n + 1
	if len(b) < 20 || b[len(b)-1] == '\r' || line < 16 || p.sum.sampled == 0 || line-p.sum.sampled >= sampleLines {
		return false
	}
	var msg []byte
	records, undated := false, true
	switch c := b[0]; {
	case c == '[':
		msg = dmesgText(b)
	case isDigit(c) && b[1] == ',':
		msg = p.nextRecord(b)
		records = true
	case p.shape.fits(b):
		msg, undated = b[p.shape.off:], false
	}
	if len(msg) <= maxComm || len(msg) > maxMessage || p.run.n > 0 && p.run.records != records {
		return false
	}
	if len(msg) <= 4*maxComm && bytes.IndexByte(msg, '\\') >= 0 || isTrace(msg) || bytes.HasPrefix(msg, []byte("systemd")) {
		return false
	}
	if c := classify(msg); c != classNone && (c != classAudit || undated && p.sum.anchors.due(line)) {
		return false
	}
	p.run.records = records
	return true
}

// dmesgText returns what the kernel says in a line that begins with its time since boot; nil where the line is
// not as plain as that.
func dmesgText(b []byte) []byte {
	_, msg, ok := uptimeBracket(b)
	if !ok || len(msg) == 0 || msg[0] == '[' {
		return nil
	}
	// As monotonic has it: a first word that ends with a colon stands in no other place of a line.
	if i := bytes.IndexByte(msg[:min(len(msg), 65)], ' '); i > 0 && msg[i-1] == ':' {
		return msg
	}
	r := record{origin: originKernel, msg: msg}
	if monotonic(&r); r.origin != originKernel || r.host != nil {
		return nil
	}
	return msg
}

// nextRecord returns the text of a whole record of /dev/kmsg that the kernel wrote right after the last one; nil
// where the line is anything else.
func (p *Parser) nextRecord(b []byte) []byte {
	if b[0] >= '8' || !p.sum.hasSeq {
		return nil
	}
	seq, n := leadingInt(b[2:])
	i := 2 + n
	if n == 0 || i >= len(b) || b[i] != ',' || seq != p.sum.seq+p.run.n+1 {
		return nil
	}
	i++
	usec := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == usec || len(b)-i < 3 || string(b[i:i+3]) != ",-;" {
		return nil
	}
	return b[i+3:]
}
