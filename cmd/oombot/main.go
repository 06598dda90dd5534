// Command oombot finds out why memory ran out in a Kubernetes cluster: what was killed, whose limit broke, who
// used the memory up, what set it off and what to do. See `oombot help`.
//
// The package reads flags, wires the sources and the rules together, and prints; it holds no diagnosis of its
// own. There is one file a command. Results go to standard output; progress, logs and errors go to standard
// error. The exit status is 0 where the program did its work, 1 where it could not, and 2 where the command
// line is wrong.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program. Of the process it touches only what it is given, and the garbage collector's
// limit while it reads a bundle.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := newApp(env, stdin, stdout, stderr)
	root := newRoot(a)
	root.SetArgs(append([]string{}, args...)) // never nil, which would mean os.Args
	cmd, err := root.ExecuteContextC(ctx)
	return a.exitStatus(ctx, cmd, err)
}
