// Package investigations is the domain of oombot: what is asked (Request), what the sources found
// (Evidence, Fact, BlindSpot), what follows from it (Hypothesis, Verdict, Result), and the run that leads
// from one to the other.
//
// The package declares the small interfaces that it needs (Tool, Rules) and imports nothing else of the
// module: adapters point at it, and cmd joins them.
//
// The way of an investigation: Run asks every Tool in parallel, each under a deadline of its own; merges what
// they found into one Evidence; numbers their facts; lets Rules judge; and returns the Result that the
// terminal, Slack, memory and other programs read. A Tool that fails, hangs or is not allowed costs its own
// part only and becomes a BlindSpot.
package investigations
