package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// enum is a flag that takes one of a few words.
type enum struct {
	value   string
	allowed []string
}

// String returns the word.
func (e *enum) String() string { return e.value }

// Type names the value in the help text.
func (e *enum) Type() string { return strings.Join(e.allowed, "|") }

// Set takes one of the allowed words.
func (e *enum) Set(s string) error {
	for _, a := range e.allowed {
		if s == a {
			e.value = s
			return nil
		}
	}
	return fmt.Errorf("it takes %s%s", strings.Join(e.allowed, " or "), didYouMean("", s, e.allowed))
}

const (
	outputText = "text"
	outputJSON = "json"
)

// outputFlag adds -o to a command that prints a result.
func outputFlag(cmd *cobra.Command) *enum {
	e := &enum{value: outputText, allowed: []string{outputText, outputJSON}}
	cmd.Flags().VarP(e, "output", "o", "how to print the result")
	return e
}

// exclusive makes it wrong to give two of the flags at once.
func exclusive(cmd *cobra.Command, names ...string) {
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		var given []string
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				given = append(given, "--"+name)
			}
		}
		if len(given) > 1 {
			return usagef("%s exclude each other", strings.Join(given, " and "))
		}
		if before != nil {
			return before(cmd, args)
		}
		return nil
	}
}

// noArgs refuses words after the command's name.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, and was given %q", cmd.Name(), args[0])
	}
	return nil
}

// atMostOne refuses a second word after the command's name.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%s takes one argument, and was given %q as well", cmd.Name(), args[1])
	}
	return nil
}

// oneOf asks for exactly one word out of known, which what names.
func oneOf(what string, known []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s needs a %s: one of %s", cmd.Name(), what, strings.Join(known, ", "))
		}
		if !slices.Contains(known, args[0]) {
			return usagef("unknown %s %q: it is one of %s%s",
				what, args[0], strings.Join(known, ", "), didYouMean("", args[0], known))
		}
		return atMostOne(cmd, args)
	}
}
