// Package report renders the result of an investigation: as the JSON document that other programs rely on, and
// as text for a person at a terminal.
//
// It owns how a result looks, and nothing of what it says: it judges nothing and reads no source. Whatever
// field a text comes from, neither form brings a control character, a bidirectional override or an escape
// sequence of its own onto the stream: the JSON document holds them as \uXXXX, the text as U+FFFD.
package report
