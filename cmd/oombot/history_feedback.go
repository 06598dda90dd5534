package main

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// judged is what `oombot history feedback -o json` prints: what holds of an incident now.
type judged struct {
	ID    string               `json:"id"`
	Trust investigations.Trust `json:"trust"`
	// Cause is what it stands for: the verdict's own, or the one that people named in its place.
	Cause investigations.Cause `json:"cause"`
	// Feedback holds one entry of each person who judged it.
	Feedback []investigations.Feedback `json:"feedback"`
}

// voteWords are the votes as they are given on the command line.
var voteWords = map[string]investigations.Vote{
	"up": investigations.VoteUp, "down": investigations.VoteDown, "retract": investigations.VoteRetracted,
}

func newHistoryFeedback(a *app) *cobra.Command {
	var cause, note string
	cmd := &cobra.Command{
		Use:   "feedback ID up|down|retract",
		Short: "say whether a verdict was right",
		Long: `feedback notes what you think of a verdict: up where it was right, down where it was wrong, retract to take back what you
said before. Of each person the last word holds. With down, --cause names the right cause, which then counts in place of the
verdict's where later incidents are compared. It is noted under your user's name.`,
		Example: `  oombot history feedback 01KAXW8B4M up
  oombot history feedback 01KAXW8B4M down --cause load_spike --note 'the import job ran twice'`,
		Args: func(cmd *cobra.Command, args []string) error {
			words := []string{"up", "down", "retract"}
			switch {
			case len(args) == 0:
				return oneIncident(cmd, args)
			case len(args) == 1:
				return usagef("say what you think of the verdict: up, down or retract")
			case len(args) > 2:
				return usagef("feedback takes an id and a vote, and was given %q as well", args[2])
			case !slices.Contains(words, args[1]):
				return usagef("a vote is up, down or retract, and not %q%s", args[1], didYouMean("", args[1], words))
			}
			return nil
		},
	}
	output := outputFlag(cmd)
	cmd.Flags().StringVar(&cause, "cause", "", "the right cause, with down")
	cmd.Flags().StringVar(&note, "note", "", "why, at most 1000 characters")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f := investigations.Feedback{By: a.user(), Vote: voteWords[args[1]], At: a.now().UTC(), Note: tidyNote(note)}
		var err error
		if f.Cause, err = readCause("--cause", cause); err != nil {
			return err
		}
		if f.Cause != "" && f.Vote != investigations.VoteDown {
			return usagef("--cause names the right cause of a verdict that is wrong: give it with down")
		}
		if f.Note != "" && f.Vote == investigations.VoteRetracted {
			return usagef("--note goes with up or down")
		}
		return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
			t, err := addFeedback(ctx, store, args[0], f)
			if err != nil {
				return err
			}
			return a.printJudged(t, output.value)
		})
	}
	return cmd
}

// mostNote is how long a note may be, in characters.
const mostNote = 1000

// tidyNote makes a note fit to keep: one line without secrets and control characters, and not too long.
func tidyNote(s string) string {
	s = strings.TrimSpace(investigations.CleanText(redact.Text(s), mostNote*utf8.UTFMax))
	if utf8.RuneCountInString(s) > mostNote {
		s = string([]rune(s)[:mostNote-1]) + "…"
	}
	return s
}

// addFeedback adds feedback to an incident and returns it as it is then.
func addFeedback(ctx context.Context, store memory.Store, given string, f investigations.Feedback) (investigations.Trace, error) {
	id, err := findIncident(ctx, store, given)
	if err != nil {
		return investigations.Trace{}, err
	}
	t, err := store.Trace(ctx, id)
	if err != nil {
		return t, err
	}
	if f.Cause != "" && f.Cause == t.Result.Verdict.Cause {
		return t, usagef("the verdict of %s says %s already: give up where that is right, or down without --cause", id, f.Cause)
	}
	if err := store.Amend(ctx, id, investigations.Amendment{Feedback: []investigations.Feedback{f}}); err != nil {
		return t, err
	}
	return store.Trace(ctx, id)
}

func (a *app) printJudged(t investigations.Trace, output string) error {
	h := memory.HeadOf(t)
	standing := memory.Standing(t.Feedback)
	if output == outputJSON {
		return report.Document(a.stdout, judged{
			ID: h.ID, Trust: memory.TrustOf(h), Cause: memory.EffectiveCause(h), Feedback: append([]investigations.Feedback{}, standing...),
		}, "  ")
	}
	s := a.sheet()
	says := h.ID + " is " + trustWords(memory.TrustOf(h))
	if right := memory.EffectiveCause(h); right != h.Features.Cause {
		says += ": it was " + report.CauseWords(right) + ", and not " + report.CauseWords(h.Features.Cause)
	}
	s.Para(report.Plain(""), report.Plain(says))
	for _, f := range standing {
		s.Para(feedbackLead(f, standing), report.Plain(feedbackWords(f, h.Features.Cause)))
	}
	return a.printSheet(s)
}
