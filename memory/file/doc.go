// Package file opens a memory file, whoever holds it: a memory.Store that is the file itself where nobody else has it
// open, and another process's where somebody has.
//
// bbolt locks its file for one process. The one that has it serves the others of the same user over a Unix socket
// (memory/socket) as long as it has the file open; they use it through that one. Where it ends, whoever comes next opens
// the file, and serves the rest in turn: no process must be started first, and none must be stopped for another one.
//
// It knows nothing of what is in the file, and nothing of what is said over the socket.
package file
