package redact

import (
	"encoding/base64"
	"slices"
	"strings"
)

// plainValues are the values that give nothing away under any name, in lower case.
var plainValues = []string{
	"", "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "undefined", "enabled", "disabled", "required", "optional",
	"<nil>", "<none>", "(null)", "(none)", "<unset>", "<set>", "<redacted>", "redacted", "<hidden>", "hidden", "<secret>", "masked",
}

// remarks are the words that logs put behind a secret's name in its stead.
var remarks = []string{
	"not", "no", "invalid", "expired", "missing", "required", "unknown", "empty", "unauthorized", "forbidden", "failed", "error", "file",
	"open", "must", "is", "was", "the", "an", "could", "cannot", "can't", "while", "has", "been", "valid", "unexpected", "already",
	"incorrect", "wrong", "mismatch", "denied", "unsupported", "deprecated", "authentication", "permission", "does", "should",
}

// folders begin the paths of files that hold secrets: the path is none.
var folders = []string{"/run/", "/var/", "/etc/", "/secrets/", "/secret/", "/mnt/", "/home/", "/opt/", "/tmp/", "/usr/", "/app/", "/vault/", "/root/", "/srv/", "/data/", "./", "file:"}

// secret tells whether v is to be masked under a name of class c. Empty values, truth values, references to
// what stands elsewhere ($(NAME), ${NAME}, {{ .Values.x }}) and what somebody masked before give nothing away;
// numbers only under names whose values may be numbers (token, key), since many a password is one.
func secret(c class, v string) bool {
	v = strings.TrimSpace(v)
	switch {
	case c == open || v == Masked:
		return false
	case c == contents:
		return v != ""
	case c == basic:
		return credentials(v)
	case c == opaque:
		v, _ = uncut(v)
		return len(v) >= 16 && strings.Trim(v, "0123456789abcdef") == ""
	case len(v) <= 12 && slices.Contains(plainValues, strings.ToLower(v)):
		return false
	case strings.Trim(v, "*") == "", len(v) >= 3 && strings.Trim(strings.ToLower(v), "x") == "", strings.Trim(v, "•.") == "":
		return false
	case reference(v):
		return false
	}
	if c == strong {
		return true
	}
	return !amount(v) && !slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(v, f) })
}

// reference tells whether v only says where a value stands.
func reference(v string) bool {
	if len(v) < 3 {
		return false
	}
	last := v[len(v)-1]
	switch {
	case strings.HasPrefix(v, "$(") && last == ')', strings.HasPrefix(v, "${") && last == '}' && !strings.Contains(v, ":-"),
		strings.HasPrefix(v, "{{") && strings.HasSuffix(v, "}}"):
		return strings.Count(v, string(last)) <= 2
	case v[0] == '$':
		words, capitals := split(v[1:])
		return capitals && len(words) > 0 && nameEnd(v, 1) == len(v)
	case v[0] == '%':
		return len(v) == 2 || v[len(v)-1] == '%' && nameEnd(v, 1) == len(v)-1
	}
	return false
}

// amount tells whether v is a number, with or without a unit.
func amount(v string) bool {
	i := 0
	for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.' || v[i] == '-' || v[i] == '+' || v[i] == ',') {
		i++
	}
	return i > 0 && len(v)-i <= 2 && len(v) <= 20 && strings.Trim(v[i:], "kKmMgGtTiBbshd%") == ""
}

// credentials tells whether v is user:password, or decodes to it.
func credentials(v string) bool {
	if user, password, ok := strings.Cut(v, ":"); ok {
		return user != "" && len(password) >= 4 && !amount(password) && !strings.ContainsAny(v, " /\t")
	}
	v, cut := uncut(v)
	if v = strings.TrimRight(v, "="); cut {
		v = v[:len(v)/4*4]
	}
	if len(v) < 8 || len(v)%4 == 1 {
		return false
	}
	plain, err := base64.RawStdEncoding.DecodeString(v)
	if err != nil {
		return false
	}
	for _, b := range plain {
		if b < ' ' || b == 0x7f {
			return false
		}
	}
	return slices.Contains(plain, ':')
}

// Value returns the value of a variable, flag, header, cookie, annotation or field: Masked where the name says
// that it is secret, and else without the secrets that are in it.
func Value(name, value string) string { return current().Value(name, value) }

// Value is the function Value with r's names and patterns.
func (r *Redactor) Value(name, value string) string {
	if c := r.classify(name); c != open {
		if masked, ok := r.named(c, value); ok {
			return masked
		}
	}
	return r.document(value, 0)
}

// named returns value as a name of class c leaves it; false where the name does not make it secret.
func (r *Redactor) named(c class, value string) (string, bool) {
	if !secret(c, value) {
		return "", false
	}
	if c == address {
		// What a DSN says beside its password is worth keeping, where its form is known.
		if clean := r.Text(value); strings.Contains(clean, Masked) || strings.Contains(value, "://") {
			return clean, true
		}
	}
	return Masked, true
}
