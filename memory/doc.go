// Package memory is what oombot remembers: it compares incidents by how memory ran out, says how far an earlier
// verdict is to be trusted, learns from later incidents what became of its advice, and walks the context graph.
//
// It works over a store (investigations.Memory and the interfaces beside it) and knows nothing of how that keeps what it is
// given. What of a trace is indexed, and which edges it spans, is said here, so that all stores agree:
//
//	terms.go       the terms that a trace is found by
//	edges.go       the edges that it spans
//	head.go        what of it is listed and compared
//	extract.go     what of that its facts tell, where it has no features of its own
//	errors.go      what a store fails with
//	shelf.go       which documents are put on a shelf
//	revise.go      what becomes of it when the same kill is investigated again, or somebody judges it
//
// and so is what is made of it:
//
//	similarity.go  how alike two incidents are, and why
//	trust.go       whether an earlier verdict is confirmed, corrected, disputed or refuted
//	recall.go      the precedents of an incident
//	state.go       what was in force at an incident
//	outcome.go     what became of a verdict's advice
//	keeper.go      stores an investigation, and lets earlier ones learn from it
//	subgraph.go    the neighbours of a node of the graph
//	path.go        the best path between two of them
//	stats.go       how often verdicts turned out right
//	document.go    reads a trace from its JSON document
//	import.go      stores traces from lines of JSON
package memory
