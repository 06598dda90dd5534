package grounding

import "regexp"

// programs are names of commands that nothing written for a reader has to spell out with arguments.
const programs = `kubectl|oc|helm|docker|podman|crictl|nsenter|ssh|scp|sudo|curl|wget|bash|sh|zsh|rm|chmod|chown|systemctl|nc|ncat|python3?|perl|eval|exec|dd|mkfs|kill|pkill|killall|sysctl|terraform|ansible|aws|gcloud|az|git|apt|apt-get|yum|pip|npm|go|psql|mysql|redis-cli|powershell`

// patterns are what does not belong into a text.
var patterns = []pattern{
	{needs: []string{"://"}, re: regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s"]*`), says: "it holds a link: leave it out, the program builds links itself"},
	{needs: []string{"www."}, re: regexp.MustCompile(`(?i)\bwww\.\S+`), says: "it holds a link: leave it out"},
	{needs: []string{"mailto:", "javascript:", "data:", "tel:", "file:", "vbscript:"}, re: regexp.MustCompile(`(?i)\b(?:mailto|javascript|vbscript|tel|file):\S+|\bdata:[a-z]+/\S+`), says: "it holds a link: leave it out"},
	{needs: []string{"/"}, re: regexp.MustCompile(`(?i)\b(?:[a-z0-9][a-z0-9-]*\.)+(?:com|net|org|io|dev|ai|co|app|cloud|info|biz|xyz|ru|cn|de|uk|eu|fr|us|me|ly|gg|sh|tk|top|site|online|link|click|zip|example|test|local|internal)(?::\d+)?/\S*`), says: "it holds an address: leave it out"},
	{needs: []string{".com", ".net", ".org", ".io", ".ru", ".cn", ".xyz", ".ly", ".info", ".top", ".click", ".zip", ".site", ".link", ".dev", ".app"}, re: regexp.MustCompile(`(?i)\b(?:[a-z0-9][a-z0-9-]*\.)+(?:com|net|org|io|ru|cn|xyz|ly|info|top|click|zip|site|link|dev|app)\b(?:[^/\w.-]|$)`), says: "it holds an address: leave it out"},
	{needs: []string{"]("}, re: regexp.MustCompile(`!?\[[^\]\n]{0,200}\]\([^)\n]{0,400}\)`), says: "it holds a link or an image: leave it out"},
	{needs: []string{"]:"}, re: regexp.MustCompile(`(?m)^\s*\[[^\]\n]{1,80}\]:\s*\S+`), says: "it holds a link: leave it out"},
	{needs: []string{"][", "] ["}, re: regexp.MustCompile(`\[[^\]\n]{1,80}\]\[[a-eg-zA-EG-Z]\w{0,40}\]`), says: "it holds a link: leave it out"},
	{needs: []string{"<"}, re: regexp.MustCompile(`(?i)<[/!]?[a-z][a-z0-9]{0,15}(?:[\s/][^<>\n]{0,300})?>|<!--|<\?|<!\w|<[@#][A-Z0-9][^>\n]{0,80}>|<[^<>\n|]{1,300}\|[^<>\n]{0,300}>`), says: "it holds markup, or a mention: leave it out"},
	{needs: []string{"&lt;", "&#", "&gt;", "&amp;", "&nbsp;", "&quot;"}, re: regexp.MustCompile(`(?i)&(?:lt|gt|amp|nbsp|quot|#\d+|#x[0-9a-f]+);`), says: "it holds markup: leave it out"},
	{needs: []string{"@"}, re: regexp.MustCompile(`(?i)(?:^|[^\w@.+-])@[a-z_][\w.-]*|[\w.+-]+@[\w-]+\.[a-z]{2,}`), says: "it holds a mention or an address: leave it out"},
	{needs: []string{"#"}, re: regexp.MustCompile(`(?:^|\s)#[a-z][\w-]{2,}\b`), says: "it holds the name of a channel: leave it out"},
	{needs: []string{"```", "~~~"}, re: regexp.MustCompile("```|~~~"), says: "it holds a block of code: write plain sentences"},
	{needs: []string{"`"}, re: regexp.MustCompile("(?i)`\\s*\\$?\\s*(?:" + programs + ")\\b[^`\\n]*`|`[^`\\n]*(?:&&|\\|\\||[;|]\\s|\\$\\(|>\\s?/)[^`\\n]*`"), says: "it holds a command: the program builds the commands"},
	{re: regexp.MustCompile(`(?i)\b(?:kubectl|helm|docker|podman|crictl|oc)\s+(?:-{1,2}\w+\s+)*(?:apply|delete|exec|get|set|scale|rollout|patch|edit|run|create|drain|cordon|taint|annotate|label|logs?|describe|cp|port-forward|proxy|auth|upgrade|install|uninstall|rollback|rm|rmi|stop|kill|pull|push|start|restart|config|debug|top)\b`), says: "it holds a command: the program builds the commands"},
	{needs: []string{"curl", "wget", "bash", "sh ", "chmod", "chown", "sudo", "rm ", "ssh", "eval", "nc "}, re: regexp.MustCompile(`(?i)\b(?:curl|wget)\s+-|\b(?:curl|wget)\s+\S+\.\S+|\|\s*(?:ba|z)?sh\b|\b(?:ba|z)?sh\s+-c\b|\brm\s+-\w*[rf]|\bchmod\s+[0-7+]|\bchown\s+\w+|\bsudo\s+\w|\bssh\s+\S+@|\beval\s*\(|\bnc\s+-`), says: "it holds a command: leave it out"},
	{needs: []string{"$(", "${"}, re: regexp.MustCompile(`\$\([^)\n]*\)|\$\{[^}\n]*\}`), says: "it holds a shell expression: leave it out"},
	{needs: []string{"ignore", "disregard", "forget", "override", "overrule", "new instructions", "bypass"}, re: regexp.MustCompile(`(?i)\b(?:ignore|disregard|forget|override|overrule|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|the|these|system|safety)\b[^.\n]{0,40}\b(?:instruction|prompt|rule|message|direction|guideline|order|polic|context|constraint|check)|\bnew instructions?\s*:`), says: "it holds an order to a model: leave it out"},
	{needs: []string{"you are", "act as", "pretend", "jailbreak", "system prompt", "developer mode", "as an ai"}, re: regexp.MustCompile(`(?i)\byou are (?:now )?(?:an? )?(?:ai|assistant|model|chatbot|llm|helpful |in developer)|\b(?:act|behave) as (?:an?|the|if) \w+ (?:admin|assistant|model|user|root)|\bpretend (?:to be|that you)|\bjailbreak|\bsystem prompt|\bdeveloper mode|\bas an ai\b`), says: "it speaks to or of a model: leave it out"},
	{needs: []string{"<|", "|>", "[inst]", "[/inst]", "<<sys>>", "### instruction", "### system", "### response", "<s>"}, re: regexp.MustCompile(`(?i)<\|[^|\n]{0,60}\|?>?|\|>|\[/?INST\]|<</?SYS>>|###\s*(?:instruction|system|response|human|assistant)\b`), says: "it holds marks of a chat: leave them out"},
	{needs: []string{"system", "assistant", "user", "human", "developer", "tool", "function"}, re: regexp.MustCompile(`(?im)^\s*(?:\*\*|"|')?(?:system|assistant|user|human|developer|tool|function)(?:\*\*|"|')?\s*(?:message|prompt|role)?\s*:`), says: "it holds the role of a chat: leave it out"},
	{re: regexp.MustCompile(`[A-Za-z0-9+/]{40,}={0,2}`), says: "it holds a long string that no reader can make sense of: leave it out", only: mixed},
	{needs: []string{`\u`, `\x`, `\0`}, re: regexp.MustCompile(`\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\0[0-7]{2}`), says: "it holds an escaped character: leave it out"},
	{needs: []string{"|"}, re: regexp.MustCompile(`(?m)^\s*\|.*\|.*\|\s*$`), says: "it holds a table: write sentences"},
}
