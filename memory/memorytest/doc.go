// Package memorytest holds what every store of past incidents is proven by: Test, the suite that a memory.Store passes;
// Fake, a complete one that lives in the heap; and Trace, a generator of incidents for tests and benchmarks.
//
// It knows no particular store and no file. What only a store with a file can promise, that what it acknowledged
// outlives the process, is tested beside that store.
//
// Texts are those of JSON documents: bytes of one that are no UTF-8 may come back as U+FFFD. Ids and keys may not: they
// come back as they were, or the call fails.
package memorytest
