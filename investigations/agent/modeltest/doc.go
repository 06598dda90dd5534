// Package modeltest is a stand-in for an endpoint of chat models, for tests: a strict server of the part of the OpenAI
// API that takes text and functions (POST /v1/chat/completions, GET /v1/models), with a model whose every answer is
// scripted. It is an independent reading of the published protocol: it knows neither the client under test, nor what the
// program asks, nor how it words its prompts, but for two things. A prompt's facts are lines that begin with an id (F27),
// and an investigation ends with a call of submit_verdict. (Honest looks for a little more; what it does not find it leaves
// out.)
//
// A request that breaks the protocol is refused in the API's own form and is one of the server's Faults, which a test
// expects to be none. Checked are the shape of the request (request.schema.json), the rules that hold between its fields
// (each call answered by one message, directly after it; options that need or exclude one another; schemas that the API
// takes), the key, the model and the sizes. Usage is counted by Estimate, unless a script says otherwise. All of it is
// deterministic: ids count from 1, and the time stands still unless Options.Now moves it.
//
//	server := modeltest.NewServer(modeltest.Options{Script: modeltest.Honest()})
//	defer server.Close()
//	// … configure the client with server.URL(), server.Key(), server.Model() …
//	if faults := server.Faults(); len(faults) > 0 { … }
//
// With Options.InMemory the stand-in opens no socket and lives in a bubble of testing/synctest, with Client or Transport
// as the way in.
//
// What the model does is a Script: a Go function, one of the behaviours (Honest, Loops, Obeys, Echo, Slow, Never,
// Garbage, NoTools and others, most of which change what another script replies), or a Transcript, a file of turns:
//
//	about: asks for the logs, is put off once, and submits
//	turns:
//	  - status: 429
//	    header: {Retry-After: "2"}
//	  - expect: {offers: [logs, submit_verdict], has: ["kernel killed"], lacks: ["AKIA"], never: ['(?i)bearer \w+']}
//	    calls:
//	      - name: logs
//	        arguments: {container: gateway, lines: 50}
//	      - name: kernlog
//	        arguments: {}
//	  - expect: {last: tool}
//	    piece: 8
//	    calls:
//	      - name: submit_verdict
//	        arguments:
//	          cause: leak
//	          confidence: 0.9
//	          headline: The container leaks.
//	          explanation: >-
//	            {{says "kernel killed"}} [{{fact "kernel killed"}}]. The limit is
//	            {{size (value "kernel killed" "limit_bytes")}} {{cite "kernel killed"}}.
//	          recommendations:
//	            - {action: fix_leak, why: ['{{fact "grew steadily"}}']}
//	  - times: -1
//	    use: honest
//
// Arguments that are one text are sent as it is, JSON or not. The keys of a turn are those of Turn, Expect, Reply and
// Broken. What is said, names, arguments and bodies are templates (text/template) over the request, with the functions
//
//	fact WORDS…         the id of the first fact that holds these words
//	cite WORDS…         the ids of a fact for each of its arguments, as "[F1] [F2]"
//	says WORDS…         that fact's sentence
//	value WORDS NAME    a value of that fact, as it stands
//	match REGEXP        what the regular expression's first group, or all of it, finds in the prompt
//	prompt, last        the whole prompt; the text of the last message
//	add, sub, mul, div  arithmetic on two numbers
//	size BYTES          as a person writes it: 2 GiB
//	repeat N TEXT       text, n times
//
// Words are a phrase, each word of which the fact holds in any case, or an id. What isn't found is an error: the request
// is answered with status 500, and the server has a fault.
package modeltest
