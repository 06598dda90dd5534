package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// answered is what `oombot ask -o json` prints.
type answered struct {
	Version  int    `json:"version"`
	ID       string `json:"id"`
	Question string `json:"question"`
	// Answer is in paragraphs, each claim with the facts that it cites.
	Answer string `json:"answer"`
	// Facts are those that the answer cites.
	Facts []investigations.Fact `json:"facts"`
	// WrittenBy is rules or llm.
	WrittenBy string                `json:"written_by"`
	LLM       investigations.LLMUse `json:"llm"`
}

// mostQuestion is how much of a question is read, in bytes.
const mostQuestion = 1000

func newAsk(a *app) *cobra.Command {
	var f llmFlags
	cmd := &cobra.Command{
		Use:   "ask ID QUESTION",
		Short: "answer a question about a past incident, from its facts",
		Long: `ask answers a question about an investigation that is remembered, from its facts, with citations. A configured model words
the answer, and a sentence that no fact holds is dropped; without one, the answer is what speaks for and against the
cause that is asked about, when it will happen again, what to do, or what could not be seen. Nothing is read anew.`,
		Example: `  oombot ask 01KAXW8B4M "why not the sidecar?"
  oombot ask 01KAXW8B4M when will it happen again --no-llm
  oombot ask 01KAXW8B4M "what could you not see?" -o json | jq -r .answer`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 || strings.TrimSpace(strings.Join(args[1:], " ")) == "" {
				return usagef("give the id of an incident and a question; 'oombot history list' has the ids")
			}
			return nil
		},
	}
	cmd.Flags().String("memory", "", "the file of past incidents")
	configFlag(cmd)
	output := outputFlag(cmd)
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := a.loadConfig(cmd)
		if err != nil {
			return err
		}
		log := a.logger(slog.LevelWarn)
		model, err := openLLM(cfg.LLM, f, log, a.watchModel())
		if err != nil {
			return err
		}
		err = a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
			id, err := findIncident(ctx, store, args[0])
			if err != nil {
				return err
			}
			t, err := store.Trace(ctx, id)
			if err != nil {
				return err
			}
			out := a.answer(ctx, model, &t.Result, strings.Join(args[1:], " "))
			if output.value == outputJSON {
				return report.Document(a.stdout, out, "  ")
			}
			return a.printAnswer(out)
		})
		if closed := model.close(); err == nil {
			err = closed
		}
		return err
	}
	return cmd
}

// answer has the model answer where there is one; where nothing of that holds, the rules do.
func (a *app) answer(ctx context.Context, model *llm, r *investigations.Result, question string) answered {
	question = investigations.CleanText(question, mostQuestion)
	out := answered{
		Version: 1, ID: r.ID, Question: question, WrittenBy: investigations.WrittenByRules,
		LLM: investigations.LLMUse{EndedBy: investigations.EndedOff}, Facts: []investigations.Fact{},
	}
	if model.agent != nil {
		said := model.agent.Question(ctx, r, question)
		out.Answer, out.LLM = said.Text, said.Use
		if said.Text != "" {
			out.WrittenBy = investigations.WrittenByLLM
		}
	}
	if out.Answer == "" {
		out.Answer = report.Answer(r, question)
	}
	cites := report.Citations(out.Answer)
	for _, f := range r.Facts {
		if slices.Contains(cites, f.ID) {
			out.Facts = append(out.Facts, f)
		}
	}
	return out
}

// printAnswer prints an answer, and the facts that it cites.
func (a *app) printAnswer(out answered) error {
	s := a.sheet()
	for i, paragraph := range strings.Split(out.Answer, "\n\n") {
		if i > 0 {
			s.Line()
		}
		for line := range strings.Lines(paragraph) {
			lead, text := "", strings.TrimSpace(line)
			if rest, ok := strings.CutPrefix(text, "- "); ok {
				lead, text = "  - ", rest
			}
			s.Para(report.Plain(lead), report.Plain(text))
		}
	}
	if len(out.Facts) > 0 {
		s.Heading("FACTS", "")
		for _, f := range out.Facts {
			says := f.Says + " "
			if strings.Contains(out.Answer, f.Says) {
				says = "" // it was just told
			}
			s.Para(report.Plain("  "+f.ID+"  "), report.Plain(says+f.Source))
		}
	}
	by := "answer by the rules"
	if out.WrittenBy == investigations.WrittenByLLM {
		by = "answer by the model " + out.LLM.Model + ", grounded"
	}
	s.Line()
	s.Parts("", by, "incident "+out.ID)
	return a.printSheet(s)
}
