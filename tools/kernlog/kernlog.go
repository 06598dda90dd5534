// Package kernlog finds OOM kills in kernel logs.
//
// # Reads
//
// # Cannot see
//
// # Permissions
//
// # Cost
package kernlog
