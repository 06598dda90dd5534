// Package grounding checks what a model wrote against the facts of an investigation: pure functions from a text, the
// facts that it cites and the verdict that the program stands for to the reasons for which it is refused.
//
// It owns the question whether a claim follows from a cited fact, and knows nothing of models, prompts or budgets. A
// text is looked at sentence by sentence. A sentence is refused where it cites a fact that does not exist, cites none,
// states a number, time, duration, version or name that no fact it cites holds (units and rounding aside; a
// difference, ratio or sum of two cited values holds), tells a number that a fact holds of something else than the fact
// does (a limit for a request, the level before for the one at the kill, another pod, another revision), says of the mechanism, the boundary, the cause or the trigger
// what the verdict excludes, tells a change in a direction that the cited facts don't show, denies what they show,
// advises what the rules exclude, or holds a link, a mention, a command or markup.
//
// What it can't see: a false sentence without any of these, as one that names a true cause of a wrong effect in words
// of its own.
package grounding
