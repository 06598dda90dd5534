// Package redacttest holds what the tests of all packages plant to see whether it gets out: secrets of many kinds, the
// places from which a secret could come, and the forms in which a text could hold it.
//
// The secrets are made when they are asked for, of parts and by a generator that gives the same each time: none is a
// real credential, and none stands in this repository as a scanner would look for it. It imports nothing of the module,
// so that redact's own tests can use it.
package redacttest
