package kernlog

// Limits of what one parser holds. They keep it under some 40 MB, whatever the log.
const (
	// maxLine is the longest line that is read, in bytes.
	maxLine = 1 << 20
	// maxMessage is how much of one message is looked at; the kernel's own records end below 2 KiB.
	maxMessage = 32 << 10
	// maxSources is how many hosts and callers can have a report open at once.
	maxSources = 64
	// maxRows is how many rows of one task table are kept: above, the smaller half goes.
	maxRows = 16 << 10
	// maxOpenRows is the same for all open reports together.
	maxOpenRows = 48 << 10
	// maxKilled is how many killed processes one report names, maxOpenKilled all open ones together.
	maxKilled, maxOpenKilled = 4096, 16 << 10
	// maxStats is how many values one cgroup's statistics have, maxChildren how many cgroups below it are kept, and
	// maxOpenChildren the same for all open reports together.
	maxStats, maxChildren, maxOpenChildren = 256, 1000, 2000
	// maxNotes is how many losses, boots and user-space kills a summary holds, each.
	maxNotes = 1000
	// openLines is after how many further lines of the log an open report is taken as cut off, and killedLines
	// after how many one whose kill was seen is complete.
	openLines, killedLines = 50_000, 2000
)
