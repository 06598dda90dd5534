// Package importtest holds the module's layout as a table, which packages may import which, and the tests that
// compare the code with it. It has no code of its own.
//
// Arrows point towards investigations: an adapter imports the domain and never another adapter, and cmd/oombot
// joins them. A library that speaks to the outside has one home. Whoever adds a package adds its line to the
// table in import_test.go.
package importtest
