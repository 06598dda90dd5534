package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations/report"
)

// versionInfo is what `oombot version -o json` prints.
type versionInfo struct {
	// Version is the release's, or made from the commit where it is none.
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

func newVersion(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "print the version of the program",
		Example: "  oombot version -o json",
		Args:    noArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		v := readVersion()
		if output.value == outputJSON {
			return report.Document(a.stdout, v, "")
		}
		_, err := fmt.Fprintln(a.stdout, v)
		return err
	}
	return cmd
}

// String returns what `oombot version` prints.
func (v versionInfo) String() string { return fmt.Sprintf("oombot %s (%s)", v.Version, v.Go) }

// readVersion reads what the Go toolchain noted when it built the program.
func readVersion() versionInfo {
	v := versionInfo{Version: "unknown", Go: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Go = info.GoVersion
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	return v
}
