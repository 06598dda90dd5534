// Package bolt keeps past incidents in one file, on bbolt: a memory.Store for one process that writes.
//
// It owns the file's format. It must not know what a trace means: what is indexed of it, and which edges it spans,
// memory says.
//
// # Buckets
//
// Numbers in keys are big-endian. A trace's slot is the millisecond of its kill in 48 bits and 16 bits that tell kills
// of one millisecond apart, so that what is kept by slot is in the order of the kills. Records begin with a byte that
// is their version.
//
//	meta             format, version, terms, traces   oombot-memory, the format's version, that of the terms, how many traces
//	traces           slot, number                     a piece of the trace: JSON, compressed with zstd and a dictionary
//	heads            slot                             the head, field after field
//	ids              id                               slot
//	postings         hash of a term, slot             up to 128 ascending slots of traces that have the term, from this one on
//	postings         hash of a term, ff…              how many traces have the term
//	names            hash of a node's kind and name   the node's number
//	nodes            number                           kind and name
//	edges            slot                             the trace's edges, by numbers: from, type, to
//	touches          number, slot                     nothing: the trace has an edge that touches the node
//	touches          number, ff…                      how many such traces there are, how many edges out, how many in
//	refs             from, to, type                   how many traces have the edge
//	inbox            key                              the item as JSON
//	inbox-ready      when it came, sequence           key of an open item that may be taken
//	inbox-waiting    when it is due, sequence         key of an open item that is leased, or is to be taken later
//	inbox-done       when it was done, sequence       key of an item that is done
//	work             key                              the mark as JSON
//	work-unfinished  when it was begun, sequence      key of a mark without an end
//	shelf            length of the kind, kind, key    the document's body as JSON
//
// The bucket shelf is made when a file is, or with its first document: a file of format version 1 may lack it.
//
// Types of edges are nodes of a kind of their own. Nodes and types go with the last trace that has them.
//
// # What is left of what was forgotten
//
// Whatever is forgotten is in no bucket any more. Its bytes may still stand in free pages of the file, and of backups
// of it, until the file is compacted; and on the disk as long as that keeps what it was told to overwrite. The list of
// free pages is written with every change: after much was forgotten a file is quicker once it is compacted.
//
// # One process
//
// The file is locked for the process that has it open for writing; several may have it open for reading. Compact puts a
// new file, until then NAME.compacting, in the place of the old one: it is locked before it is there, and whoever waited
// for the old one's lock notices that the path leads elsewhere and starts over. A new file is NAME.new-* until it is whole.
//
// # Damage
//
// The file is checked as far as that is quick before it is mapped. What shows only later is an error of the call that
// met it, and from then on nothing is written. A damaged page never ends the program, unless somebody wrote it to do so.
package bolt
