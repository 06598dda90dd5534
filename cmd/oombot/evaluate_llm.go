package main

import (
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/eval"
)

// modelScore is how a model did on all bundles that could be investigated. Its verdict on a bundle is the one that stands
// after it: its own, or that of the rules.
type modelScore struct {
	Model  string       `json:"model"`
	Passed int          `json:"passed"`
	Failed int          `json:"failed"`
	Fields []eval.Score `json:"fields"`
	// Written is how many verdicts are the model's own, and Of how many there are.
	Written int `json:"written"`
	Of      int `json:"of"`
	// RejectedClaims counts what the checks refused.
	RejectedClaims int `json:"rejected_claims"`
	// EndedBy counts what ended the work on each bundle.
	EndedBy          map[string]int `json:"ended_by"`
	Calls            int            `json:"calls"`
	PromptTokens     int            `json:"prompt_tokens"`
	CompletionTokens int            `json:"completion_tokens"`
	Cost             float64        `json:"cost"`
	// MedianMS and MostMS are of the time that the model took for a bundle: requests, waits and checks.
	MedianMS int64 `json:"median_ms"`
	MostMS   int64 `json:"most_ms"`
}

// modelGrade is how a model did on one bundle.
type modelGrade struct {
	Status eval.Status  `json:"status"`
	Grades []eval.Grade `json:"grades"`
	// WrittenBy is rules or llm.
	WrittenBy string `json:"written_by"`
	// TookMS is the time from the verdict of the rules to the one that stands.
	TookMS int64                 `json:"took_ms"`
	Use    investigations.LLMUse `json:"use"`
}

// gradeModel compares the verdict that stands after a model with the truth.
func gradeModel(truth *eval.Truth, r *investigations.Result, took time.Duration) *modelGrade {
	grades := eval.GradeResult(truth, r)
	return &modelGrade{
		Status: eval.StatusOf(grades), Grades: grades, WrittenBy: r.Verdict.WrittenBy, TookMS: took.Milliseconds(), Use: r.LLM,
	}
}

// scoreModel adds up what became of the bundles.
func scoreModel(name string, bundles []evaluated) *modelScore {
	s := &modelScore{Model: name, EndedBy: map[string]int{}}
	var grades [][]eval.Grade
	var took []int64
	for _, b := range bundles {
		m := b.LLM
		if m == nil {
			continue
		}
		s.Of++
		grades, took = append(grades, m.Grades), append(took, m.TookMS)
		if m.Status == eval.Pass {
			s.Passed++
		} else {
			s.Failed++
		}
		if m.WrittenBy == investigations.WrittenByLLM {
			s.Written++
		}
		s.EndedBy[m.Use.EndedBy]++
		s.RejectedClaims += m.Use.RejectedClaims
		s.Calls += m.Use.Calls
		s.PromptTokens += m.Use.PromptTokens
		s.CompletionTokens += m.Use.CompletionTokens
		s.Cost += m.Use.Cost
	}
	s.Fields = eval.Tally(grades)
	if slices.Sort(took); len(took) > 0 {
		s.MedianMS, s.MostMS = took[len(took)/2], took[len(took)-1]
		if len(took)%2 == 0 {
			s.MedianMS = (took[len(took)/2-1] + took[len(took)/2]) / 2
		}
	}
	return s
}
