package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oombot/oombot/investigations"
)

// Exit statuses, as every command gives them.
const (
	exitDone     = 0
	exitCouldNot = 1
	exitUsage    = 2
)

// maxMessage bounds the messages that are printed, in bytes: they may quote what came from outside.
const maxMessage = 2000

// usageError says that the command line is wrong.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// errReported ends a command with status 1 after it has said everything itself.
var errReported = errors.New("reported already")

// exitStatus says what went wrong, if anything did, and returns the status to exit with.
func (a *app) exitStatus(ctx context.Context, cmd *cobra.Command, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
		return exitCouldNot
	case errors.As(err, &usage):
		a.say("oombot: %v", err)
		if cmd.Name() == "help" || !cmd.HasParent() {
			a.say("Run 'oombot help' for the commands.")
		} else {
			a.say("Run '%s --help' for what it takes.", cmd.CommandPath())
		}
		return exitUsage
	case ctx.Err() != nil:
		a.say("oombot: interrupted")
		return exitCouldNot
	}
	a.say("oombot: %v", err)
	return exitCouldNot
}

// flagError turns what the flag parser complains about into a usage error that names the nearest flag.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{err}
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return usagef("unknown flag -%s", name)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	return usagef("unknown flag --%s%s", name, didYouMean("--", name, known))
}

// unknownCommand is the error for a word that is no command below parent.
func unknownCommand(parent *cobra.Command, word string) error {
	var known []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return usagef("unknown command %q%s", word, didYouMean("", word, known))
}

// oneLine is text from outside, fit for a message.
func oneLine(s string) string { return investigations.CleanText(s, 300) }
