// Package openai asks a model behind any endpoint that speaks the chat completions of OpenAI's API: it implements
// investigations.Model on go-openai. One Chat is one HTTP request; it waits for nothing, and tries nothing again.
//
// It owns how such endpoints differ: what they refuse and in which words, how they cut an answer into pieces, what they
// leave out of it, and what they put in its place. Every failure is an *investigations.ModelError with the fault that
// says whether asking again can help. What an endpoint turns out not to offer is remembered for an hour: the Chat that
// finds out ends in ModelUnsupported, and the next one asks without it. Only functions are not left away silently: a Chat
// with functions then ends in ModelUnsupported without a request.
//
// It must not know what is asked, or what an answer is good for: no prompts, no functions, no budgets.
//
// The library builds requests, checks their parameters and reads streams. What it drops or can't read is done here: the
// time after which to come back, errors that don't look like OpenAI's, answers in other types than OpenAI's, bodies
// without end.
//
// What comes from the endpoint is a stranger's. Its bodies are read up to a limit. Its error texts pass redaction, lose
// the key wherever they hold it, and are cut before they stand in an error. The key goes to the configured address only,
// as its Authorization header, and no redirect is followed.
package openai
