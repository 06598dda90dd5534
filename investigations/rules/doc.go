// Package rules turns evidence into a diagnosis: pure functions from what the sources saw to what broke, who
// is victim and who culprit, why, what set it off, and what to do.
//
// The files follow the questions of an on-call engineer, in order:
//
//	scene.go, resolve.go, clock.go    what is this about: pod, container, workload, node, moment
//	kills.go, mechanism.go, notoom.go was it an OOM kill at all
//	boundary.go                       whose limit ran out
//	lifetimes.go, shape.go            how memory developed, life by life
//	node.go, culprit.go               who used the memory up
//	leak.go … kernelmemory.go         one file a cause: what speaks for it, what against it
//	changes.go, trigger.go            what set it off
//	recommend.go, limits.go           what to do, in numbers
//	nextkill.go                       when it will happen again
//	confidence.go                     how sure the evidence lets one be
//	say.go                            the sentences
//	suppose.go … supposeledger.go     the same, where cause, trigger or culprit are taken for given
//
// Every number that a sentence holds stands in a fact, with its arithmetic. Where evidence is thin, the
// confidence falls; a rule never guesses to fill a field.
package rules
