package main

import (
	"github.com/spf13/cobra"
)

// newRoot returns the command line: every command, each with an example.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "oombot",
		Short: "finds out why memory ran out in a Kubernetes cluster",
		Long: `oombot finds out why memory ran out in a Kubernetes cluster. It reads the kernel log, the state of pods,
rollouts, metrics, logs and heap profiles side by side, and says whose limit broke, who is the victim and who
the culprit, what set it off and what to do; it cites the evidence for each claim, and names what it could not
see. It only ever reads.`,
		Example: `  oombot demo                          watch recorded incidents being diagnosed
  oombot investigate --bundle DIR      diagnose a recorded incident
  oombot ask ID "why not a leak?"      ask about an incident that is remembered
  dmesg | oombot kernlog               read the OOM reports of a kernel log`,
		Version:       readVersion().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(newHelp())
	root.AddCommand(
		newDemo(a),
		newInvestigate(a),
		newServe(a),
		newNodeAgent(a),
		newCollect(a),
		newKernlog(a),
		newAsk(a),
		newHistory(a),
		newDoctor(a),
		newEval(a),
		newVersion(a),
		newCompletion(a),
	)
	return root
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "list the commands, or explain one",
		Example: "  oombot help investigate\n  oombot help history list",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			topic := cmd.Root()
			for _, word := range args {
				if topic.HasParent() && !topic.HasSubCommands() {
					return usagef("%s has no further commands, and was given %q as well", topic.CommandPath(), word)
				}
				found, _, err := topic.Find([]string{word})
				if err != nil || found == topic {
					return unknownCommand(topic, word)
				}
				topic = found
			}
			topic.InitDefaultHelpFlag()
			topic.InitDefaultVersionFlag()
			return topic.Help()
		},
	}
}

func newCompletion(a *app) *cobra.Command {
	shells := []string{"bash", "fish", "powershell", "zsh"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "print a script that completes commands and flags in a shell",
		Long: `completion prints a script that completes oombot's commands and flags in bash, fish, powershell or zsh.
Load it for one session, or write it to where the shell looks for completions.`,
		Example: `  source <(oombot completion bash)
  oombot completion fish > ~/.config/fish/completions/oombot.fish`,
		ValidArgs: shells,
		Args:      oneOf("shell", shells),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.stdout)
			}
			return root.GenZshCompletion(a.stdout)
		},
	}
}
