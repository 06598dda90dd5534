// Package functions holds the read-only functions that a model may call in an investigation: kernlog, pods, metrics,
// rollouts, logs, profiles and past_incidents. Each answers from what the sources have read already
// (investigations.Evidence), past_incidents also from a Recaller, in facts that a verdict can cite. Nothing here reads a
// cluster, a file or a network, and nothing changes anything.
//
// It owns the functions' schemas, the check of arguments against them, and the sentences of the answers. It knows nothing
// of prompts, endpoints and budgets, and gives facts no ids.
//
//	functions.go    the Set, its definitions and Call
//	definitions.go  names, summaries and schemas
//	arguments.go    from the text that a model wrote to arguments that hold the schema
//	argerror.go     what is said of wrong ones
//	names.go        the names that the evidence knows, and how a model may write them
//	answer.go       the bounds of an answer
//	sentence.go     sentences, and the values that stand in them
//
// What is said in an answer that found nothing tells "looked and found none" from "could not look": the latter names the
// blind spot. Text from outside (log lines, messages, names) is redacted, quoted, and cut.
package functions
