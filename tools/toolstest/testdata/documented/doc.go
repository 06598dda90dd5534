// Package documented shows the package comment that every source has.
//
// # Reads
//
// pets.json.
//
// # Cannot see
//
// Pets that nobody wrote down.
//
// # Permissions
//
// None.
//
// # Cost
//
// One file.
package documented
