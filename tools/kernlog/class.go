package kernlog

import (
	"bytes"
)

// class is what a kernel message is, as far as OOM reports are concerned.
type class uint8

const (
	classNone class = iota
	// classHeader is `COMM invoked oom-killer: gfp_mask=`.
	classHeader
	// classTask is `Task in A killed as a result of limit of B` (up to 4.20).
	classTask
	// classLimit is `Memory limit reached of cgroup A` (up to 4.20, without a victim).
	classLimit
	// classCounter is `memory: usage`, `memory+swap: usage`, `swap: usage` or `kmem: usage`.
	classCounter
	// classStats is `Memory cgroup stats for PATH:`, with the values behind it up to 5.2.
	classStats
	// classStat is one `key value`.
	classStat
	classMemInfo
	// classMemValues is `active_anon:1 inactive_anon:2`, in pages.
	classMemValues
	// classZone is `Node 0 Normal free:`, `Node 0 Normal: 1*4kB`.
	classZone
	// classPages is `N pages RAM`, `N pages reserved`, `Free swap  = NkB`, `Total swap = NkB`.
	classPages
	// classTasks is `Tasks state (memory values in pages):`.
	classTasks
	classTableHead
	classRow
	// classSummary is `oom-kill:constraint=`.
	classSummary
	// classAnnounce is `Kill process P (C) score S or sacrifice child` (up to 5.0).
	classAnnounce
	classKill
	// classExiting is `OOM victim P (C) is already exiting. Skip killing the task`.
	classExiting
	// classGroup is `Tasks in A are going to be killed due to memory.oom.group set`.
	classGroup
	// classNoKill is a panic, or that there was no process to kill.
	classNoKill
	classSuppressed
	// classLost says that records of the kernel were lost.
	classLost
	classBoot
	classAudit
)

// prefix is how messages of a class begin. A message belongs to the first whose text it begins with.
type prefix struct {
	text  string
	class class
}

// beginnings are the messages of a fixed beginning, by their first byte.
var beginnings = [256][]prefix{
	'M': {
		{"Memory cgroup out of memory", classKill},
		{"Memory cgroup stats for", classStats},
		{"Mem-Info:", classMemInfo},
		{"Memory limit reached of cgroup ", classLimit},
		{"Missed ", classLost},
	},
	'O': {{"Out of memory", classKill}, {"OOM victim ", classExiting}},
	'K': {{"Killed process ", classKill}, {"Kill process ", classKill}, {"Kernel panic - not syncing: ", classNoKill}},
	'T': {{"Task in ", classTask}, {"Tasks in ", classGroup}, {"Tasks state (", classTasks}, {"Total swap", classPages}},
	'F': {{"Free swap", classPages}},
	'N': {{"Node ", classZone}},
	'L': {{"Linux version ", classBoot}},
	'd': {{"dump_header: ", classSuppressed}},
	'l': {{"lowmem_reserve[]", classZone}},
	'o': {{"oom-kill:", classSummary}, {"oom_", classSuppressed}, {"out_of_memory: ", classSuppressed}},
	'm': {{"memory: usage ", classCounter}, {"memory+swap: usage ", classCounter}},
	's': {{"swap: usage ", classCounter}},
	'k': {{"kmem: usage ", classCounter}},
	'a': {{"active_anon:", classMemValues}, {"audit: ", classAudit}},
	'*': {{"** ", classLost}},
}

// classify tells what a message is by how it begins. It is called for every line of a log, so it decides most
// of them by their first bytes. The message is not decoded yet.
func classify(msg []byte) class {
	if len(msg) < 5 {
		return classNone
	}
	c := byBeginning(msg)
	if c != classNone && c != classStat && c != classRow {
		// A program can bear any name, also one that looks like the beginning of another message.
		if c != classAudit && isHeader(msg) {
			return classHeader
		}
		return refine(c, msg)
	}
	if isHeader(msg) {
		return classHeader
	}
	return c
}

func byBeginning(msg []byte) class {
	c := msg[0]
	for _, p := range beginnings[c] {
		if len(msg) >= len(p.text) && string(msg[:len(p.text)]) == p.text {
			return p.class
		}
	}
	switch {
	case c-'a' <= 'z'-'a':
		if isDigit(msg[len(msg)-1]) && statLine(msg) {
			return classStat
		}
	case c == '[':
		return bracketed(msg)
	case isDigit(c):
		return pages(msg)
	}
	return classNone
}

// refine tells apart messages that begin alike.
func refine(c class, msg []byte) class {
	switch c {
	case classKill:
		return killClass(msg)
	case classNoKill:
		if bytes.Contains(msg, []byte("memory")) && (bytes.Contains(msg, []byte("Out of memory")) || bytes.Contains(msg, []byte("deadlocked on memory"))) {
			return c
		}
		return classNone
	case classSuppressed:
		if !bytes.Contains(msg, []byte(" callbacks suppressed")) {
			return classNone
		}
	case classLost:
		if !bytes.Contains(msg, []byte("kernel messages")) && !bytes.Contains(msg, []byte("messages dropped")) {
			return classNone
		}
	}
	return c
}

// killClass tells what a message says that begins like a kill.
func killClass(msg []byte) class {
	rest := msg
	if msg[0] != 'K' {
		i := bytes.Index(msg, []byte(": "))
		if i < 0 {
			if bytes.Contains(msg, []byte("no killable processes")) {
				return classNoKill
			}
			return classNone
		}
		rest = msg[i+2:]
	}
	switch {
	case bytes.HasPrefix(rest, []byte(killed)), len(rest) < len(msg) && bytes.HasPrefix([]byte(killed), rest):
		return classKill
	case bytes.HasPrefix(rest, []byte("Kill process ")):
		if bytes.HasSuffix(rest, []byte(" sharing same memory")) {
			return classNone
		}
		return classAnnounce
	case bytes.HasPrefix(rest, []byte("OOM victim ")):
		return classExiting
	}
	return classNone
}

const killed = "Killed process "

const invoked = " invoked oom-killer:"

// maxComm is how long a command name can be: TASK_COMM_LEN less the final zero.
const maxComm = 15

// pages knows the lines of a report that begin with a number.
func pages(msg []byte) class {
	_, n := leadingInt(msg)
	switch string(msg[n:]) {
	case " pages RAM", " pages reserved", " pages HighMem/MovableOnly", " pages HighMem", " total pagecache pages", " pages in swap cache":
		return classPages
	}
	return classNone
}

// bracketed knows rows and headers of a task table.
func bracketed(msg []byte) class {
	i := 1
	for i < len(msg) && msg[i] == ' ' {
		i++
	}
	if i == len(msg) {
		return classNone
	}
	if msg[i] == 'p' {
		if bytes.HasPrefix(msg[i:], []byte("pid")) && bytes.Contains(msg, []byte(" tgid ")) {
			return classTableHead
		}
		return classNone
	}
	_, n := leadingInt(msg[i:])
	if n == 0 || i+n >= len(msg) || msg[i+n] != ']' {
		return classNone
	}
	rest := msg[i+n+1:]
	if j := leadingSpaces(rest); j > 0 && j < len(rest) && (isDigit(rest[j]) || rest[j] == '-') {
		return classRow
	}
	return classNone
}

// statLine tells whether a message is one `key value` of a statistics list with a known key.
func statLine(msg []byte) bool {
	i := bytes.IndexByte(msg[:min(len(msg), 40)], ' ')
	if i < 3 || i+1 == len(msg) || !isDigit(msg[i+1]) {
		return false
	}
	_, n := leadingInt(msg[i+1:])
	if i+1+n != len(msg) && msg[i+1+n] != '\n' && msg[i+1+n] != '\\' && msg[i+1+n] != '#' {
		return false
	}
	_, ok := statKeys[string(msg[:i])]
	return ok
}
