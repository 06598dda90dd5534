package kernlog

import (
	"bytes"

	"github.com/oombot/oombot/investigations"
)

// headLine reads what stands between the header and the first part of a report: the trigger's pid and the
// kernel's version, the NUMA nodes, the call trace, the registers. It tells whether the line belongs there.
func (b *builder) headLine(p *Parser, text []byte) bool {
	if len(text) == 0 {
		return false
	}
	switch {
	case bytes.HasPrefix(text, []byte("CPU: ")), bytes.HasPrefix(text, []byte("Pid: ")):
		return b.cpu(p, text)
	case bytes.Contains(text, []byte(" mems_allowed=")):
		return b.cpuset(text)
	case !isTrace(text):
		return false
	}
	if b.trace == "" {
		b.trace = traceKind(text)
	}
	return true
}

// cpu reads `CPU: 0 UID: 0 PID: 126 Comm: leaky-app Not tainted 6.1.0-56-cloud-amd64 #1`. Other messages have
// such a line too: it counts only where it names the command that the header names, and only once.
func (b *builder) cpu(p *Parser, text []byte) bool {
	inv := b.r.InvokedBy
	if inv == nil || inv.PID != 0 {
		return false
	}
	rest, ok := after(text, "Comm: ")
	if !ok {
		rest, ok = after(text, "comm: ")
	}
	if !ok {
		return false
	}
	name := []byte(inv.Comm)
	if !bytes.HasPrefix(rest, name) {
		if bytes.HasPrefix(name, rest) && bytes.IndexByte(name, '\n') >= 0 {
			b.cpuText = append(b.cpuText[:0], text...)
			return true
		}
		return false
	}
	pid, ok := after(text, "PID: ")
	if !ok {
		pid, _ = after(text, "Pid: ")
	}
	inv.PID, _ = leadingInt(pid)
	b.r.Kernel = p.name(release(rest[len(name):]))
	return true
}

// cpuGoesOn reads the rest of a CPU line whose command name has a line break in it.
func (b *builder) cpuGoesOn(p *Parser, text []byte) {
	if len(b.cpuText) == 0 || len(b.cpuText) > 512 {
		return
	}
	b.cpuText = append(append(b.cpuText, '\n'), text...)
	b.cpu(p, append([]byte{}, b.cpuText...))
}

// cpuset reads `COMM cpuset=NAME mems_allowed=0-1` of kernels up to 4.20.
func (b *builder) cpuset(text []byte) bool {
	if !bytes.Contains(text, []byte(" cpuset=")) || b.r.InvokedBy == nil || !bytes.HasPrefix(text, []byte(b.r.InvokedBy.Comm)) {
		return false
	}
	v, _ := after(text, " mems_allowed=")
	b.nodes, b.old = string(v[:min(len(v), 256)]), true
	return true
}

// node returns the machine's part of the report.
func (b *builder) node() *investigations.KernelNode {
	if b.r.Node == nil {
		b.r.Node = &investigations.KernelNode{}
	}
	return b.r.Node
}

func (b *builder) memLines(text []byte) {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, newline)
		b.memValues(line)
	}
}

// memValues reads a line of the Mem-Info block, as ` free:504 free_pcp:25 free_cma:0`, in pages. It tells
// whether the line was one.
func (b *builder) memValues(line []byte) bool {
	found := false
	for pair := range bytes.FieldsSeq(line) {
		key, value, ok := bytes.Cut(pair, []byte(":"))
		v, n := leadingInt(value)
		if !ok || n == 0 || n != len(value) {
			return found
		}
		found = true
		b.memValue(string(key), v)
	}
	return found
}

func (b *builder) memValue(key string, v int64) {
	add := func(to **int64) {
		if *to == nil {
			*to = b.ptr(v)
		} else {
			**to += v
		}
	}
	n := b.node()
	switch key {
	case "active_anon", "inactive_anon":
		add(&n.AnonPages)
	case "active_file", "inactive_file":
		add(&n.FilePages)
	case "slab_reclaimable":
		n.SlabReclaimablePages = b.ptr(v)
	case "slab_unreclaimable":
		n.SlabUnreclaimablePages = b.ptr(v)
	case "unevictable":
		if v > 0 {
			n.UnevictablePages = b.ptr(v)
		}
	case "shmem":
		n.ShmemPages = b.ptr(v)
	case "pagetables":
		n.PagetablesPages = b.ptr(v)
	case "free":
		n.FreePages = b.ptr(v)
	}
}

// zone reads `Node 0 Normal free:1kB … present:2kB managed:3kB`, and the page size off the smallest block of
// `Node 0 Normal: 1*4kB …`.
func (b *builder) zone(text []byte) {
	id, n := leadingInt(text[len("Node "):])
	if n == 0 {
		return
	}
	if bytes.Contains(text, []byte(" hugepages_total=")) {
		b.hugepages(text)
		return
	}
	if v, ok := after(text, " present:"); ok {
		kb, digits := leadingInt(v)
		if digits > 0 && len(b.present) < 4096 {
			if b.present == nil {
				b.present = map[int64]int64{}
			}
			b.present[id] += kb
		}
		return
	}
	if v, ok := after(text, ": "); ok {
		_, n := leadingInt(v)
		if n > 0 && n < len(v) && v[n] == '*' {
			kb, digits := leadingInt(v[n+1:])
			if digits > 0 && bytes.HasPrefix(v[n+1+digits:], []byte("kB")) && kb >= 4 && kb <= 64 {
				b.pageKB = kb
			}
		}
	}
}

// hugepages reads `Node 0 hugepages_total=2741 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB`: a line a NUMA
// node and size.
func (b *builder) hugepages(text []byte) {
	total, _ := after(text, " hugepages_total=")
	size, _ := after(text, " hugepages_size=")
	n, many := leadingInt(total)
	kb, sized := leadingInt(size)
	if many == 0 || sized == 0 || n <= 0 || kb <= 0 || kb > 1<<30 || n > 1<<30 {
		return
	}
	if node := b.node(); node.HugepagesKB == nil {
		node.HugepagesKB = b.ptr(n * kb)
	} else {
		*node.HugepagesKB += n * kb
	}
}

// pages reads the lines at the end of the block.
func (b *builder) pages(text []byte) {
	n := b.node()
	if v, ok := after(text, "="); ok {
		kb, digits := leadingInt(trimSpaces(v))
		switch {
		case digits == 0:
		case text[0] == 'F':
			n.SwapFreeKB = b.ptr(kb)
		default:
			n.SwapTotalKB = b.ptr(kb)
		}
		return
	}
	v, digits := leadingInt(text)
	switch string(text[digits:]) {
	case " pages RAM":
		n.RAMPages = b.ptr(v)
	case " pages reserved":
		n.ReservedPages = b.ptr(v)
		b.memEnd = true
	}
}
