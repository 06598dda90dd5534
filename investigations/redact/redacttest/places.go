package redacttest

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Place is one from which a secret could come.
type Place struct {
	Name string
	// JSON says that what is written is a JSON document, else it is a text.
	JSON bool
	// Write returns what the place holds of a kind.
	Write func(Kind) string
}

// Places returns all places.
func Places() []Place {
	return []Place{
		{"environment", true, func(k Kind) string { return pod("env", []any{env(k)}) }},
		{"arguments", true, func(k Kind) string { return pod("args", words(k.Text)) }},
		{"command", true, func(k Kind) string { return pod("command", []string{"sh", "-c", k.Text}) }},
		{"annotation", true, func(k Kind) string { return object("annotations", map[string]string{"example.com/config": k.Text}) }},
		{"label", true, func(k Kind) string { return object("labels", map[string]string{"note": k.Text}) }},
		{"configmap", true, func(k Kind) string {
			return document(map[string]any{"kind": "ConfigMap", "data": map[string]string{"app.conf": k.Text}})
		}},
		{"event", true, func(k Kind) string {
			return document(map[string]any{"kind": "Event", "message": "Error: failed to start container: " + k.Text})
		}},
		{"termination", true, func(k Kind) string {
			return document(map[string]any{"terminated": map[string]any{"exitCode": 1, "message": k.Text}})
		}},
		{"alert", true, func(k Kind) string { return document(map[string]any{"title": "checkout is restarting: " + k.Text}) }},
		{"gitops", true, func(k Kind) string {
			return document(map[string]any{"kind": "Application", "status": map[string]any{"operationState": map[string]any{"message": "sync failed: " + k.Text}}})
		}},
		{"series", true, func(k Kind) string {
			return document(map[string]any{"metric": map[string]string{"namespace": "shop", "cmdline": k.Text}, "values": []any{}})
		}},
		{"container log", false, func(k Kind) string {
			const stamp = "2026-03-04T02:17:09.123456789Z "
			return stamp + "starting\n" + stamp + strings.ReplaceAll(k.Text, "\n", "\n"+stamp) + "\n" + stamp + "started\n"
		}},
		{"JSON log", false, func(k Kind) string { return `{"level":"info","msg":` + quoted(k.Text) + `,"n":1}` + "\n" }},
		{"kernel log", false, func(k Kind) string {
			return "[  123.456789] audit: type=1309 audit(1772590629.123:42): argc=3 cmdline " + oneLine(k.Text) + "\n[  123.456790] Memory cgroup out of memory\n"
		}},
		{"pull error", false, func(k Kind) string {
			return "Failed to pull image \"registry.example.com/shop\": failed to authorize: " + oneLine(k.Text)
		}},
		{"query", false, func(k Kind) string { return `sum(rate(x{namespace="shop",cmd=` + strconv.Quote(k.Text) + `}[5m]))` }},
		{"profile", false, func(k Kind) string {
			return "heap profile of \"shop/checkout\": 12 MiB in use; label job=" + strconv.Quote(k.Text)
		}},
		{"fact", false, func(k Kind) string {
			return `"shop/checkout" logged: ` + strconv.Quote(k.Text) + ", 3 s before the kill; its limit is 512 MiB"
		}},
		{"note", false, func(k Kind) string { return "it was the cache; see " + oneLine(k.Text) + " (me)" }},
	}
}

// env is a variable: the kind's own where its text is one, else one whose value is the text.
func env(k Kind) map[string]string {
	name, value, ok := strings.Cut(k.Text, "=")
	if !ok || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		name, value = "CONFIG", k.Text
	}
	return map[string]string{"name": name, "value": value}
}

// words are the arguments that a shell makes of a command; what is none is one argument.
func words(text string) []string {
	if !strings.Contains(text, " -") || strings.ContainsAny(text, "\n{") {
		return []string{text}
	}
	var out []string
	word, quote := "", rune(0)
	for _, r := range text {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && r == ' ':
			out, word = append(out, word), ""
		default:
			word += string(r)
		}
	}
	return append(out, word)
}

func pod(field string, value any) string {
	return document(map[string]any{"kind": "Pod", "spec": map[string]any{"containers": []any{map[string]any{"name": "app", field: value}}}})
}

func object(field string, value any) string {
	return document(map[string]any{"kind": "Deployment", "metadata": map[string]any{"name": "app", field: value}})
}

func document(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("redacttest: " + err.Error()) // maps and texts can always be written
	}
	return string(b)
}

func quoted(s string) string { return document(s) }

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }

// Form is a way in which a text could be handed on.
type Form struct {
	Name  string
	Write func(Kind) string
}

// Forms returns all forms. Not all of them keep a secret whole: Leaks is to be asked all the same.
func Forms() []Form {
	return []Form{
		{"plain", func(k Kind) string { return k.Text }},
		{"Windows lines", func(k Kind) string { return strings.ReplaceAll(k.Text, "\n", "\r\n") + "\r\n" }},
		{"in a sentence", func(k Kind) string { return "it said " + oneLine(k.Text) + ", and stopped." }},
		{"in brackets", func(k Kind) string { return "it stopped (" + oneLine(k.Text) + ")" }},
		{"Go quoted", func(k Kind) string { return "it said " + strconv.Quote(k.Text) }},
		{"JSON", func(k Kind) string { return `{"says":` + quoted(k.Text) + `,"values":{"n":1}}` }},
		{"JSON in JSON", func(k Kind) string { return `{"content":` + quoted(`{"says":`+quoted(k.Text)+`}`) + `}` }},
		{"JSON with escaped quotation marks", func(k Kind) string { return strings.ReplaceAll(`{"says":`+quoted(k.Text)+`}`, `\"`, `\u0022`) }},
		{"coloured line", func(k Kind) string {
			return "\x1b[31m" + strings.ReplaceAll(k.Text, "\n", "\x1b[0m\n\x1b[31m") + "\x1b[0m"
		}},
		{"coloured secret", func(k Kind) string { return coloured(k) }},
		{"cut", func(k Kind) string { return cut(k) + "…" }},
		{"cut without a sign", cut},
		{"cut with dots", func(k Kind) string { return cut(k) + "... (truncated)" }},
		{"cut in Go quotes", func(k Kind) string { return "it said " + strings.TrimSuffix(strconv.Quote(cut(k)), `"`) + "…" }},
		{"cut in JSON", func(k Kind) string { return `{"says":` + strings.TrimSuffix(quoted(cut(k)), `"`) + `…"}` }},
	}
}

func coloured(k Kind) string {
	text := k.Text
	for _, s := range k.Secrets {
		if !strings.Contains(s, "\n") {
			text = strings.Replace(text, s, "\x1b[1;33m"+s+"\x1b[0m", 1)
		}
	}
	return text
}

// cut returns the text up to the middle of its last secret.
func cut(k Kind) string {
	last := k.Secrets[len(k.Secrets)-1]
	return k.Text[:strings.LastIndex(k.Text, last)+(len(last)+1)/2]
}
