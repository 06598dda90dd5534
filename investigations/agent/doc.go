// Package agent has a model look at a case that the rules have judged: it may ask the same sources further, judge anew
// within what the rules allow, and word the verdict. Nothing that the model writes reaches a person unless a fact that
// it cites holds it; else the verdict of the rules stands.
//
// The package owns the loop, its prompts, its budgets, and how a submission becomes a verdict. What the endpoint speaks
// is package openai's, what may be asked is package functions', what holds is package grounding's, and which causes and
// recommendations there are is for the rules to say.
//
// The way of a case:
//
//	request.go, rank.go    the facts that fit the budget, the hypotheses, the blind spots
//	safe.go                everything that leaves: redacted, and under pseudonyms where that is configured
//	chat.go, budget.go     requests, what they may cost, and what is tried again
//	calls.go               functions that the model calls, in parallel; their answers are new facts
//	prompt.go              the prompts, which are files, and what stands in them
//	submission.go          what it submits, read strictly
//	judge.go, advice.go    the verdict that follows, and the reasons for which it is refused
//	suppose.go             another cause, trigger or culprit than the rules'
//	rival.go               the second look at the strongest rival
//	question.go            answers about a case that is closed
package agent
