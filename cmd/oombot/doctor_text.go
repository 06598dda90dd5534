package main

import (
	"github.com/oombot/oombot/investigations"
)

// printCheckup prints one line a check, with the fix below it where there is one.
func (a *app) printCheckup(c *checkup) error {
	count := map[investigations.CheckState]int{}
	for _, k := range c.Checks {
		count[k.State]++
		if err := a.printf("%-5s %-9s %s: %s\n", k.State, k.Tool, k.Name, k.Says); err != nil {
			return err
		}
		if k.Fix == "" || k.State == investigations.CheckOK {
			continue
		}
		if err := a.printf("%-15s -> %s\n", "", k.Fix); err != nil {
			return err
		}
	}
	err := a.printf("%d ok, %d to look at, %d failed\n",
		count[investigations.CheckOK], count[investigations.CheckWarn], count[investigations.CheckFail])
	return err
}
