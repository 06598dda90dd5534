package redact

import (
	"slices"
	"strings"
)

// class says how secret a name makes its value.
type class uint8

const (
	// open names make nothing secret.
	open class = iota
	// weak names (token, key) have values that are no secret where they are numbers: how many, how long.
	weak
	// basic names (auth) have values that may be words; only what decodes to user:password is secret.
	basic
	// strong names (password, PIN) make numbers secret as well.
	strong
	// scheme names are HTTP's Authorization: a scheme and a secret.
	scheme
	// jar names are HTTP's Cookie: secrets up to the end of the line.
	jar
	// address names (DSN) have values that hold a secret somewhere.
	address
	// contents is everything in what holds secrets only: the data of a Secret.
	contents
	// opaque names have values that are secret where they are long hexadecimal numbers: PagerDuty's routing keys, not a
	// message broker's.
	opaque
)

// nameHints are parts of all names that classify knows.
var nameHints = []string{
	"pass", "pwd", "secret", "token", "cred", "auth", "cookie", "key", "sessionid", "session_id", "session-id", "sessid", "bearer",
	"salt", "otp", "_pin", "-pin", "jwt", "dsn", "connstr", "connectionstring", "connection_string", "connection-string", "webhook",
	"signature", "sig=", "id_rsa", "?code=", "&code=", "_pw", "-pw", "bindpw", "rootpw", "psk", "honeycomb-team", "masterauth",
}

// Words of names, as split makes them: lower-case.
var (
	strongParts = []string{"password", "passwd", "passphrase", "passcode", "passwort"}
	weakEnds    = []string{
		"token", "tokens", "secret", "secrets", "apikey", "apikeys", "accesskey", "secretkey", "privatekey", "authkey", "credential",
		"credentials", "creds", "sessionid", "sessid", "jwt", "masterauth", "bearer", "sshkey", "signingkey", "encryptionkey",
		"accountkey", "sharedaccesskey", "salt", "otp", "totp", "setcookie",
	}
	// notPass end in pass, and are no passwords.
	notPass = []string{"bypass", "compass", "encompass", "trespass", "overpass", "underpass", "surpass"}
	// keyOf stand before key where it opens something.
	keyOf = []string{
		"api", "access", "secret", "private", "auth", "encryption", "encrypt", "signing", "sign", "master", "shared", "account", "ssh",
		"storage", "license", "service", "deploy", "hmac", "aes", "rsa", "cipher", "crypto", "tls", "ssl", "admin", "root", "ingest",
		"integration", "subscription", "webhook", "jwt", "session", "client", "app", "application", "unseal", "recovery",
	}
	// keyTo stand before key where it only finds something, in capitals too.
	keyTo = []string{
		"partition", "sort", "cache", "primary", "foreign", "public", "row", "hash", "topology", "registry", "object", "lock", "map",
		"message", "selector", "label", "annotation", "index", "dedup", "group", "idempotency", "metric", "lookup", "search", "routing",
		"range", "shard", "bucket", "config", "env", "field", "column", "json", "map", "translation", "event", "unique", "composite",
		"host", "hot", "any", "the", "a", "by", "no", "max", "min", "num", "per", "queue", "topic", "kafka", "redis", "data", "feature",
	}
	// about stand behind a secret's name where the value is about the secret and not the secret.
	about = []string{
		"count", "counts", "len", "length", "size", "sizes", "min", "max", "limit", "limits", "ttl", "timeout", "expiry", "expiration",
		"expires", "expire", "expired", "seconds", "second", "sec", "secs", "ms", "minutes", "hours", "days", "name", "names", "ref", "refs",
		"type", "types", "kind", "path", "paths", "file", "files", "filename", "dir", "directory", "mount", "url", "uri", "urls", "endpoint",
		"endpoints", "host", "port", "version", "enabled", "disabled", "enable", "required", "policy", "policies", "rotation", "interval",
		"algorithm", "alg", "method", "mode", "provider", "providers", "issuer", "audience", "audiences", "format", "prefix", "suffix",
		"pattern", "regex", "field", "header", "headers", "hint", "reset", "lifetime", "age", "retries", "attempts", "strength",
		"parallelism", "bucket", "budget", "usage", "used", "per", "rate", "class", "store", "stores", "manager", "namespace", "hash",
		"checksum", "sha", "digest", "status", "state", "service", "server", "user", "username", "email", "id", "ids", "index", "request",
		"requests", "review", "reviews", "controller", "cleaner", "stats", "metrics", "error", "errors", "cache", "at", "by", "time", "date",
		"counter", "total", "validator", "validation", "source", "sources", "scope", "scopes", "domain", "samesite", "secure", "csi",
		"reload", "reloader", "encoder", "encoding", "handler", "filter", "factory", "util", "utils", "exception", "bytes", "length",
		"through", "entropy", "history", "window", "tokenizer", "expression", "serializer", "deserializer", "converter", "mapping",
		"inject", "engine", "backend", "plugin", "agent", "operator", "driver", "volume", "volumes", "mounted", "mode", "dns",
	}
	// amounts stand before tokens that are counted.
	amounts = []string{
		"max", "min", "num", "n", "total", "count", "prompt", "completion", "input", "output", "cached", "reasoning", "used", "remaining",
		"available", "new", "generated", "context", "per", "budget", "stop", "special", "added", "bad", "consumed", "initial",
	}
)

// IsSecretName tells whether a variable, flag, header, cookie, annotation or field of this name holds a secret:
// password, DB_PASSWORD, apiKey, X-Api-Key, tls.key. What is about a secret is none (PASSWORD_MIN_LENGTH,
// secretName, tokenExpirationSeconds, checksum/secret), and neither is a key that only finds something
// (topologyKey, key).
func IsSecretName(name string) bool { return current().IsSecretName(name) }

// classify says what name makes of its value.
func classify(name string) class {
	if len(name) > maxName {
		name = name[len(name)-maxName:]
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		if domain := name[:i]; domain == "checksum" || strings.HasSuffix(domain, "/checksum") {
			return open
		}
		name = name[i+1:]
	}
	words, capitals := split(name)
	n := len(words)
	if n == 0 {
		return open
	}
	if c := wholeNames[strings.Join(words, " ")]; c != open {
		return c
	}
	for i := n - 1; i >= 0; i-- {
		c := classOfWord(words, i, capitals)
		if c == open {
			continue
		}
		for _, w := range words[i+1:] {
			if slices.Contains(about, w) && (c != strong || w != "hash") {
				return open
			}
		}
		return c
	}
	return open
}

// wholeNames are names that are secret, or something else, as a whole.
var wholeNames = map[string]class{
	"authorization": scheme, "proxy authorization": scheme, "x amz security token": weak, "x amz signature": weak, "x amz credential": weak,
	"cookie": jar, "set cookie": jar, "cookie2": jar, "auth": basic, "http authorization": scheme, "x forwarded authorization": scheme,
	"dsn": address, "connection string": address, "connectionstring": address, "connstr": address, "conn str": address,
	"id rsa": strong, "id ed": strong, "id ecdsa": strong, "id dsa": strong, "secret id": weak, "session id": weak, "session key": weak,
	"aws secret access key": weak, "connect sid": weak, "client key data": weak, "tls key": weak, "basic auth": basic,
	"x honeycomb team": weak, "erlang cookie": weak, "rabbitmq erlang cookie": weak, "routing key": opaque, "routingkey": opaque,
}

// classOfWord says what the word at i makes of the name.
func classOfWord(words []string, i int, capitals bool) class {
	w := words[i]
	before := ""
	if i > 0 {
		before = words[i-1]
	}
	for _, p := range strongParts {
		if strings.Contains(w, p) && !strings.HasSuffix(w, "less") {
			return strong
		}
	}
	switch {
	case strings.HasSuffix(w, "pwd") && w != "oldpwd" && (w != "pwd" || i > 0):
		return strong
	case strings.HasSuffix(w, "pass") && !slices.Contains(notPass, w) && (len(words) > 1 || w != "pass"):
		return strong
	case w == "pin" && i > 0 && i == len(words)-1:
		return strong
	case w == "psk" && i == len(words)-1:
		return weak
	case w == "pw" && i > 0 && i == len(words)-1, w == "bindpw", w == "rootpw":
		return strong
	case w == "tokens" && (slices.Contains(amounts, before) || slices.Contains(amounts, words[0])):
		return open
	case w == "key" || w == "keys":
		return classOfKey(words, i, capitals)
	case w == "dsn", w == "connstr", w == "connectionstring", w == "string" && before == "connection":
		return address
	case w == "webhook" && i > 0 && i == len(words)-1:
		return weak
	case (w == "url" || w == "uri") && before == "webhook":
		return weak
	case w == "auth" && i > 0 && i == len(words)-1:
		return basic
	case w == "id" && before == "session":
		return weak
	}
	for _, end := range weakEnds {
		if strings.HasSuffix(w, end) && (w == end || len(end) > 4) {
			return weak
		}
	}
	return open
}

// classOfKey says what the word key, at i, makes of the name.
func classOfKey(words []string, i int, capitals bool) class {
	if i == 0 {
		return open
	}
	switch before := words[i-1]; {
	case before == "routing":
		return opaque
	case slices.Contains(keyOf, before):
		return weak
	case capitals && words[i] == "key" && i == len(words)-1 && !slices.Contains(keyTo, before):
		return weak
	}
	return open
}

// split returns the words of a name in lower case: DB_PASSWORD, db-password and dbPassword are all db and
// password. Digits end words and are left out. capitals says that the name has no lower-case letter.
func split(name string) (words []string, capitals bool) {
	words = make([]string, 0, 8)
	capitals = true
	start := -1
	flush := func(end int) {
		if start >= 0 {
			words = append(words, strings.ToLower(name[start:end]))
			start = -1
		}
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z':
			capitals = false
			// HTTPKey: the last capital begins the next word.
			if start >= 0 && start < i-1 && isUpper(name[i-1]) && isUpper(name[i-2]) {
				from := i - 1
				flush(from)
				start = from
			}
			if start < 0 {
				start = i
			}
		case isUpper(c):
			if start >= 0 && !isUpper(name[i-1]) {
				flush(i)
			}
			if start < 0 {
				start = i
			}
		default:
			flush(i)
		}
	}
	flush(len(name))
	return words, capitals
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
