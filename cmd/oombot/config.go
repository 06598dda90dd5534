package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations/redact"
)

// configUsage explains --config.
const configUsage = "the configuration file (docs/configuration.md); else " + config.EnvFile + " names it"

// configFlag adds --config to a command that is configured.
func configFlag(cmd *cobra.Command) {
	cmd.Flags().String("config", "", configUsage)
}

// readConfig returns the configuration of a command that has --config, and has what it calls secret masked from then
// on. Its error is a *config.Error where the configuration can't be used.
func (a *app) readConfig(cmd *cobra.Command) (*config.Config, error) {
	from := config.Sources{Env: a.env, Flags: map[string]string{}, Command: cmd.Name()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name == "config" {
			from.File = f.Value.String()
			return
		}
		from.Flags[f.Name] = f.Value.String()
	})
	if from.File == "" && cmd.Flags().Changed("config") {
		return nil, usagef("--config needs the configuration file")
	}
	c, err := config.Load(from)
	if err != nil {
		return nil, err
	}
	masks, err := redact.New(c.Redact.Options())
	if err != nil {
		return nil, err
	}
	redact.SetDefault(masks)
	return c, nil
}

// loadConfig is readConfig that says everything that is wrong with the configuration.
func (a *app) loadConfig(cmd *cobra.Command) (*config.Config, error) {
	c, err := a.readConfig(cmd)
	var faulty *config.Error
	if !errors.As(err, &faulty) {
		return c, err
	}
	a.say("oombot: %s", faulty.Head())
	for _, f := range faulty.Faults {
		a.say("  %s", f)
	}
	if faulty.More > 0 {
		a.say("  and %d more", faulty.More)
	}
	return nil, errReported
}
