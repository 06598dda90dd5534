package openai

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

const (
	busy, down, late, cut = investigations.ModelBusy, investigations.ModelDown, investigations.ModelLate, investigations.ModelCut
	garbled, unsupported  = investigations.ModelGarbled, investigations.ModelUnsupported
	tooLargeFault, no     = investigations.ModelTooLarge, investigations.ModelRefused
)

// TestRefusals has what endpoints answer in place of an answer, in their own words, to a request that asks for all that
// can be refused.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		fault  investigations.ModelFault
		what   string
	}{
		"OpenAI: max_completion_tokens":    {400, `{"error":{"message":"Unsupported parameter: 'max_completion_tokens' is not supported with this model.","type":"invalid_request_error","param":"max_completion_tokens","code":"unsupported_parameter"}}`, unsupported, "limit"},
		"Mistral: max_completion_tokens":   {422, `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted","input":32000}]},"type":"invalid_request_error","param":null,"code":null}`, unsupported, "limit"},
		"Mistral, as text":                 {422, `{"object":"error","message":"{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"max_completion_tokens\"],\"msg\":\"Extra inputs are not permitted\"}]}","type":"internal_error_proxy","param":null,"code":"1000"}`, unsupported, "limit"},
		"vLLM, old: max_completion_tokens": {400, `{"object":"error","message":"[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 8192}]","type":"BadRequestError","param":null,"code":400}`, unsupported, "limit"},
		"OpenAI: a limit too large":        {400, `{"error":{"message":"max_tokens is too large: 50000. This model supports at most 16384 completion tokens, whereas you provided 50000.","type":"invalid_request_error","param":"max_completion_tokens","code":"invalid_value"}}`, unsupported, "limit"},

		"Ollama: tools":                   {400, `{"error":{"message":"registry.ollama.ai/library/gemma3:4b does not support tools","type":"api_error","param":null,"code":null}}`, unsupported, "functions"},
		"Ollama's own: tools":             {400, `{"error":"registry.ollama.ai/library/qwen3.5:0.8b does not support tools"}`, unsupported, "functions"},
		"OpenRouter: tools":               {404, `{"error":{"message":"No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing","code":404}}`, unsupported, "functions"},
		"a router's router: tools":        {404, `{"error":{"message":"Error from provider(404): {\"error\":{\"message\":\"No endpoints found that support tool use.\",\"code\":404}}","type":"api_error","code":"provider_response_error"}}`, unsupported, "functions"},
		"llama.cpp: tools":                {500, `{"error":{"code":500,"message":"tools param requires --jinja flag","type":"server_error"}}`, unsupported, "functions"},
		"llama.cpp, old: tools":           {500, `{"code":500,"message":"Unsupported param: tools","type":"server_error"}`, unsupported, "functions"},
		"vLLM: tools":                     {400, `{"object":"error","message":"\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set","type":"BadRequestError","param":null,"code":400}`, unsupported, "functions"},
		"LiteLLM: tools":                  {400, `{"error":{"message":"litellm.UnsupportedParamsError: together_ai does not support parameters: {'tools': [{'type': 'function', 'function': {'name': 'logs'}}]}, for model=meta-llama/Llama-3.3-70B-Instruct-Turbo-Free. To drop these, set 'litellm.drop_params=True'","type":"None","param":null,"code":"400"}}`, unsupported, "functions"},
		"LiteLLM: tools and their choice": {400, `{"error":{"message":"litellm.UnsupportedParamsError: x does not support parameters: ['tools', 'tool_choice'], for model=y.","type":"None","param":null,"code":"400"}}`, unsupported, "functions"},
		"Groq: tools":                     {400, `{"error":{"message":"` + "`tool calling` is not supported with this model" + `","type":"invalid_request_error","param":"tool calling"}}`, unsupported, "functions"},
		"Gemini: tools":                   {400, `[{"error":{"code":400,"message":"Function calling is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]`, unsupported, "functions"},
		"Gemini: a schema":                {400, `[{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters': Cannot find field.","status":"INVALID_ARGUMENT"}}]`, unsupported, "functions"},
		"Llama on vLLM: one call":         {400, `{"object":"error","message":"This model only supports single tool-calls at once!","type":"BadRequestError","param":null,"code":400}`, unsupported, "functions"},
		"501 of tools":                    {501, `{"message":"tools"}`, unsupported, "functions"},

		"llama.cpp: tools with a stream": {500, `{"error":{"code":500,"message":"Cannot use tools with stream","type":"server_error"}}`, unsupported, "stream"},
		"OpenAI: who may stream":         {400, `{"error":{"message":"Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings/organization/general and click on Verify Organization.","type":"invalid_request_error","param":"stream","code":"unsupported_value"}}`, unsupported, "stream"},
		"OpenRouter passes it on":        {400, `{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\n  \"error\": {\n    \"message\": \"Your organization must be verified to stream this model.\",\n    \"type\": \"invalid_request_error\",\n    \"param\": \"stream\",\n    \"code\": \"unsupported_value\"\n  }\n}","provider_name":"OpenAI"}}}`, unsupported, "stream"},
		"o1: a stream":                   {400, `{"error":{"message":"Unsupported value: 'stream' does not support true with this model. Only the default (false) value is supported.","type":"invalid_request_error","param":"stream","code":"unsupported_value"}}`, unsupported, "stream"},
		"Groq, old: stream_options":      {400, `{"error":{"message":"property 'stream_options' is unsupported, did you mean 'stream'?","type":"invalid_request_error"}}`, unsupported, "stream"},
		"Mistral, old: include_usage":    {422, `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"msg":"Extra inputs are not permitted","input":true}]},"type":"invalid_request_error","param":null,"code":null}`, unsupported, "stream"},
		"a gateway: stream_options":      {400, `{"error":{"message":"Unknown parameter: 'stream_options'. (request id: 2024)","type":"invalid_request_error","param":"stream_options","code":"unknown_parameter"}}`, unsupported, "stream"},

		"DeepSeek: tool_choice":   {400, `{"error":{"message":"Thinking mode does not support this tool_choice","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`, unsupported, "must"},
		"Qwen: tool_choice":       {400, `{"error":{"message":"<400> InternalError.Algo.InvalidParameter: The tool_choice parameter does not support being set to required or object in thinking mode","type":"invalid_request_error","param":null,"code":"invalid_parameter_error"},"request_id":"x"}`, unsupported, "must"},
		"OpenRouter: tool_choice": {404, `{"error":{"message":"No endpoints found that support the provided 'tool_choice' value. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing","code":404}}`, unsupported, "must"},
		"FastAPI: tool_choice":    {422, `{"detail":[{"type":"literal_error","loc":["body","tool_choice"],"msg":"Input should be 'none' or 'auto'","input":{"messages":"streaming is not supported"}}]}`, unsupported, "must"},

		"LM Studio: json":   {400, `{"error":"'response_format.type' must be 'json_schema' or 'text'"}`, unsupported, "json"},
		"OpenAI, old: json": {400, `{"error":{"message":"Invalid parameter: 'response_format' of type 'json_object' is not supported with this model.","type":"invalid_request_error","param":"response_format","code":null}}`, unsupported, "json"},
		"mlx-vlm: json":     {400, `{"detail":"Unsupported response_format type: 'json_object'"}`, unsupported, "json"},

		"OpenAI: reasoning with functions": {400, `{"error":{"message":"Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.","type":"invalid_request_error","param":"reasoning_effort","code":null}}`, unsupported, "reasoning"},

		"OpenAI: context":                     {400, `{"error":{"message":"This model's maximum context length is 16384 tokens. However, you requested 20000 tokens (18000 in the messages, 2000 in the completion). Please reduce the length of the messages or completion.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, tooLargeFault, ""},
		"vLLM: context":                       {400, `{"object":"error","message":"'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is 4096 tokens and your request has 300 input tokens","type":"BadRequestError","param":null,"code":400}`, tooLargeFault, ""},
		"llama.cpp: context":                  {400, `{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"exceed_context_size_error","n_prompt_tokens":14429,"n_ctx":8192}}`, tooLargeFault, ""},
		"llama.cpp, old: context":             {500, `{"error":{"code":500,"message":"the request exceeds the available context size.","type":"exceed_context_size_error"}}`, tooLargeFault, ""},
		"Anthropic: context":                  {400, `{"error":{"code":"invalid_request_error","message":"prompt is too long: 1284668 tokens > 1000000 maximum"}}`, tooLargeFault, ""},
		"Gemini: context":                     {400, `[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]`, tooLargeFault, ""},
		"nginx: 413":                          {413, "<html><head><title>413 Request Entity Too Large</title></head></html>", tooLargeFault, ""},
		"OpenAI: more than a minute's tokens": {429, `{"error":{"message":"Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 40000. The input or output tokens must be reduced in order to run successfully.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, tooLargeFault, ""},

		"OpenAI: busy":          {429, `{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 6s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, busy, ""},
		"busy without a word":   {429, ``, busy, ""},
		"Gemini: a full minute": {429, `[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"25s"}]}}]`, busy, ""},
		"OpenAI: no money":      {429, `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, no, ""},
		"OpenAI, old: no money": {429, `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"x","param":null,"code":null}}`, no, ""},
		"DeepSeek: no money":    {402, `{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}`, no, ""},

		"no key":                         {401, `{"error":{"message":"You didn't provide an API key.","type":"invalid_request_error","param":null,"code":null}}`, no, ""},
		"not for us":                     {403, `{"error":{"message":"Project does not have access to model","code":"model_not_found"}}`, no, ""},
		"no such model":                  {404, `{"error":{"message":"The model ` + "`m`" + ` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}`, no, ""},
		"a model with tools in its name": {404, `{"error":{"message":"model 'm' not found, try pulling it first","type":"api_error"}}`, no, ""},
		"no such page":                   {404, "404 page not found", no, ""},
		"not with POST":                  {405, "", no, ""},
		"a call that nobody answered":    {400, `{"error":{"message":"An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.","type":"invalid_request_error","param":"messages.[3].role","code":null}}`, no, ""},
		"Mistral: an id":                 {400, `{"object":"error","message":"Tool call id was call_abc but must be a-z, A-Z, 0-9, with a length of 9. Unknown parameters are not allowed.","type":"invalid_request_message_order","param":null,"code":"3280"}`, no, ""},
		"Azure: a filtered prompt":       {400, `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}`, no, ""},
		"a redirect":                     {302, "", no, ""},

		"408":                              {408, "", down, ""},
		"500":                              {500, `{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}`, down, ""},
		"500 that names tools and streams": {500, `{"error":{"message":"tool call stream of the upstream broke: not available","type":"server_error"}}`, down, ""},
		"502":                              {502, "<html>Bad Gateway</html>", down, ""},
		"503":                              {503, "no healthy upstream", down, ""},
		"504":                              {504, "", down, ""},
		"529":                              {529, `{"error":{"type":"overloaded_error","message":"Overloaded"}}`, down, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, plain(tt.status, tt.body))
			c := client(t, s.URL)
			q := withFunctions(func(q *investigations.ChatRequest) { q.Must, q.JSON, q.MaxTokens = "logs", true, 50000 })
			_, err := ask(t, c, q)
			e := failed(t, err)
			if e.Fault != tt.fault || e.What != tt.what || e.Status != tt.status || e.Answered {
				t.Errorf("%s %q, status %d, answered %t: %v", e.Fault, e.What, e.Status, e.Answered, e)
			}
			if n, _ := s.asked(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestModelName has a model whose name has a word for what may be refused.
func TestModelName(t *testing.T) {
	s := serve(t, plain(400, `{"error":{"message":"\"qwen-tools:latest\" does not support chat","type":"api_error"}}`))
	_, err := ask(t, client(t, s.URL, func(o *Options) { o.Model = "qwen-tools:latest" }), withFunctions())
	if e := failed(t, err); e.Fault != no {
		t.Error(e)
	}
}

// TestNotAsked has endpoints that refuse what was not asked for: there is nothing that could be left out.
func TestNotAsked(t *testing.T) {
	for _, message := range []string{
		"does not support tools", "tool_choice is not supported", "'response_format' is not supported", "streaming is not supported",
		"Unsupported parameter: 'max_tokens'", "stream_options is not supported",
	} {
		s := serve(t, plain(400, `{"error":{"message":"`+message+`"}}`))
		_, err := ask(t, client(t, s.URL, func(o *Options) { o.NoStream = true }), question())
		if e := failed(t, err); e.Fault != no || e.What != "" {
			t.Errorf("%s: %v", message, e)
		}
	}
}

// TestBadAnswers has answers with status 200 that are none.
func TestBadAnswers(t *testing.T) {
	hello := delta(`{"content":"Hello"}`)
	tests := map[string]struct {
		kind, body string
		fault      investigations.ModelFault
		answered   bool
	}{
		"a page":                        {"text/html", "<!doctype html><html>Sign in</html>", garbled, true},
		"nothing":                       {"application/json", "", garbled, true},
		"an empty stream":               {"text/event-stream", "", garbled, true},
		"only its end":                  {"text/event-stream", done, garbled, true},
		"only tokens":                   {"text/event-stream", usage + done, garbled, true},
		"no choices":                    {"application/json", `{"choices":[]}`, garbled, true},
		"an object without any":         {"application/json", `{"status":"ok"}`, garbled, true},
		"half a document":               {"application/json", `{"choices":[{"mess`, garbled, true},
		"no JSON":                       {"text/event-stream", "data: Hello\n\n" + done, garbled, true},
		"a choice that says nothing":    {"text/event-stream", delta(`{"content":""}`) + end("stop") + done, garbled, true},
		"only thoughts":                 {"text/event-stream", delta(`{"content":"<think>Hm.</think>"}`) + end("stop") + done, garbled, true},
		"a call without a name":         {"text/event-stream", delta(`{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]}`) + end("tool_calls") + done, garbled, true},
		"calls without end":             {"text/event-stream", strings.Repeat(delta(`{"tool_calls":[{"function":{"name":"pods","arguments":"{}"}}]}`), maxCalls+1) + done, garbled, true},
		"a document beyond the limit":   {"application/json", `{"choices":[{"message":{"content":"` + strings.Repeat("x", maxAnswer) + `"}}]}`, garbled, true},
		"cut before its end":            {"text/event-stream", hello, cut, true},
		"[DONE] in its middle":          {"text/event-stream", hello + done, cut, true},
		"cut in a line":                 {"text/event-stream", hello + `data: {"choi`, garbled, true},
		"vLLM: aborted":                 {"text/event-stream", hello + end("abort") + done, cut, true},
		"DeepSeek: no resources":        {"text/event-stream", hello + end("insufficient_system_resource") + done, cut, true},
		"OpenRouter: an error within":   {"text/event-stream", hello + `data: {"id":"x","error":{"code":"server_error","message":"Provider disconnected unexpectedly"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}` + "\n\n", cut, true},
		"vLLM: an error within":         {"text/event-stream", hello + `data: {"error":{"message":"TimeoutError","type":"GatewayTimeout","code":504}}` + "\n\n" + done, cut, true},
		"an error as text within":       {"text/event-stream", hello + `data: {"error":"out of memory"}` + "\n\n" + done, cut, true},
		"OpenRouter: an error at first": {"text/event-stream", `data: {"error":{"code":502,"message":"Provider returned error"}}` + "\n\n" + done, down, true},
		"Groq: an error event":          {"text/event-stream", "event: error\n" + `data: {"error":{"message":"Failed to call a function.","type":"invalid_request_error","code":"tool_use_failed"}}` + "\n\n", garbled, true},
		"llama.cpp: its own field":      {"text/event-stream", `error: {"code":503,"message":"Loading model","type":"unavailable_error"}` + "\n\n", down, true},
		"vLLM: busy at first":           {"text/event-stream", `data: {"object":"error","message":"queue full","type":"x","code":429}` + "\n\n" + done, busy, true},
		"too large, at first":           {"text/event-stream", `data: {"error":{"code":400,"message":"prompt is too long: 5 tokens > 4 maximum"}}` + "\n\n", tooLargeFault, true},
		"an error as text at first":     {"text/event-stream", `data: {"error":"out of memory"}` + "\n\n" + done, down, true},
		"refused at first":              {"text/event-stream", `data: {"error":{"code":400,"message":"bad"}}` + "\n\n", no, true},
		"llama.cpp: context with 200":   {"application/json", `{"error":{"code":400,"message":"the request exceeds the available context size.","type":"exceed_context_size_error"}}`, tooLargeFault, true},
		"an error in place of a stream": {"application/json", `{"error":{"message":"oh"}}`, down, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t, client(t, serve(t, raw(200, tt.kind, tt.body)).URL), withFunctions())
			e := failed(t, err)
			if e.Fault != tt.fault || e.Answered != tt.answered || e.Status != 200 {
				t.Errorf("%s, status %d, answered %t: %v", e.Fault, e.Status, e.Answered, e)
			}
		})
	}
	t.Run("beyond a limit", func(t *testing.T) {
		for name, body := range map[string]string{
			"a line":    delta(`{"content":"`+strings.Repeat("x", maxLine)+`"}`) + end("stop"),
			"text":      strings.Repeat(delta(`{"content":"`+strings.Repeat("x", maxLine/2)+`"}`), 20) + end("stop"),
			"arguments": strings.Repeat(delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"logs","arguments":"`+strings.Repeat("x", maxLine/2)+`"}}]}`), 20) + end("stop"),
		} {
			_, err := ask(t, client(t, serve(t, streamed(body)).URL), withFunctions())
			if e := failed(t, err); e.Fault != garbled || !strings.Contains(err.Error(), errTooLong.Error()) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("an error in one piece", func(t *testing.T) {
		s := serve(t, plain(200, `{"error":{"message":"oh"}}`))
		_, err := ask(t, client(t, s.URL, func(o *Options) { o.NoStream = true }), question())
		if e := failed(t, err); e.Fault != garbled || !e.Answered {
			t.Error(e)
		}
	})
	t.Run("what it cost is told", func(t *testing.T) {
		_, err := ask(t, client(t, serve(t, streamed(hello+usage+done)).URL), question())
		if e := failed(t, err); e.Usage != known {
			t.Errorf("usage %+v", e.Usage)
		}
	})
}

// TestBadCalls has Groq, which refuses what its own model wrote: another answer may be better.
func TestBadCalls(t *testing.T) {
	s := serve(t, plain(400, `{"error":{"message":"Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"<function=logs>"}}`))
	_, err := ask(t, client(t, s.URL), withFunctions())
	if e := failed(t, err); e.Fault != garbled || !e.Answered || e.Status != 400 {
		t.Error(err)
	}
}

// TestErrorWithinErrors has an error that stands within more errors than any gateways make: it is not looked for.
func TestErrorWithinErrors(t *testing.T) {
	const deep = 5000
	s := serve(t, plain(500, strings.Repeat(`{"error":`, deep)+`"oh"`+strings.Repeat("}", deep)))
	_, err := ask(t, client(t, s.URL), question())
	if e := failed(t, err); e.Fault != down || !strings.Contains(err.Error(), `: {"error":{"error":`) {
		t.Error(err)
	}
}
