// Package socket lets other processes of the same user use the store that one process holds: a server and a client over
// a Unix socket, whose client is a memory.Store itself.
//
// It knows nothing of how the store keeps what it is given; memory/file joins it with one.
//
// Where the socket is. FILE.sock beside the memory file FILE, its symbolic links resolved. Where that path is longer than
// a socket's can be, or the folder can't be written: oombot-HASH/memory.sock in the folder for temporary files ($TMPDIR),
// HASH being of the file's absolute path; that folder belongs to the user and has mode 0700, or it is refused.
//
// Who may use it. The socket has mode 0600 from before anybody can connect. Each end asks the kernel whose process the
// other one is, and trusts its own user and root; as root also the user that the memory file belongs to, who gets the
// socket then.
//
// How it ends. The server moves the socket to the name with .end, accepts who has connected before, answers what is under
// way for a second and a half, and removes it: whoever comes later finds no socket, and knows that nobody read a word.
//
// What is spoken. HTTP/1.1: a POST of a JSON document to /VERSION/CALL, answered by one. VERSION is made of the form of
// all documents, so that programs which would misunderstand each other refuse each other by name. An error is answered
// with the status 422 and
// {"error": {"text": …, "is": […]}}, where is are names of sentinels, listed in errors.go.
// Listings are one document a line, the last of which is {"end": true} or an error; a backup is its bytes, and the
// trailer Oombot-Memory-Error, which is empty where they are complete, else base64 of the error.
package socket
