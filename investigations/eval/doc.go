// Package eval compares the result of an investigation with the truth that a person wrote down for it.
//
// It owns the file truth.yaml (see Truth) and how a field of it counts as right (see GradeResult), and adds up the
// grades of many incidents (see Tally). It is pure: it opens no file and runs no investigation.
package eval
